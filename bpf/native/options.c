#include "options.h"

#include <errno.h>
#include <stdlib.h>

#include "arguments.h"

/* What is done with one own member of a record; false: thrown. */
typedef bool (*apply)(napi_env env, struct object *object, const char *name, napi_value value);

static bool done(napi_env env, const char *call, const char *name, int error) {
  if (error != 0) throw_failure(env, call, name, error);
  return error == 0;
}

static bool set_knob(napi_env env, struct object *object, const char *name, napi_value value) {
  const uint8_t *bytes;
  size_t length;
  if (!read_bytes(env, value, "a knob", &bytes, &length)) return false;
  return done(env, "knob", name, object_set_knob(object, name, bytes, length));
}

static bool set_target(napi_env env, struct object *object, const char *name, napi_value value) {
  char *function;
  if (!read_string(env, value, "a target", false, &function)) return false;
  int error = object_set_target(object, name, function);
  free(function);
  return done(env, "target", name, error);
}

static bool set_entries(napi_env env, struct object *object, const char *name, napi_value value) {
  uint32_t entries;
  if (!read_integer(env, value, "entries", 1, UINT32_MAX, &entries)) return false;
  return done(env, "entries", name, object_set_entries(object, name, entries));
}

static bool each_member(napi_env env, struct object *object, napi_value record, apply apply) {
  napi_value names;
  uint32_t count;
  if (record == NULL) return true;
  if (napi_get_property_names(env, record, &names) != napi_ok ||
      napi_get_array_length(env, names, &count) != napi_ok) {
    throw_type(env, "an option", "an object");
    return false;
  }
  for (uint32_t index = 0; index < count; index++) {
    napi_value key, value;
    char *name;
    if (napi_get_element(env, names, index, &key) != napi_ok ||
        napi_get_property(env, record, key, &value) != napi_ok ||
        !read_string(env, key, "a name", false, &name))
      return false;
    bool ok = apply(env, object, name, value);
    free(name);
    if (!ok) return false;
  }
  return true;
}

static bool choose(napi_env env, struct object *object, napi_value programs) {
  uint32_t count;
  if (programs == NULL) return true;
  if (napi_get_array_length(env, programs, &count) != napi_ok) {
    throw_type(env, "programs", "an array");
    return false;
  }
  object_choose_none(object);
  for (uint32_t index = 0; index < count; index++) {
    napi_value value;
    char *name;
    if (napi_get_element(env, programs, index, &value) != napi_ok ||
        !read_string(env, value, "a program", false, &name))
      return false;
    bool ok = done(env, "program", name, object_choose(object, name));
    free(name);
    if (!ok) return false;
  }
  return true;
}

static bool share(napi_env env, struct object *object, napi_value record, find_object find) {
  napi_value names;
  uint32_t count;
  if (record == NULL) return true;
  if (napi_get_property_names(env, record, &names) != napi_ok ||
      napi_get_array_length(env, names, &count) != napi_ok)
    return false;
  for (uint32_t index = 0; index < count; index++) {
    napi_value key, value;
    char *name;
    if (napi_get_element(env, names, index, &key) != napi_ok ||
        napi_get_property(env, record, key, &value) != napi_ok ||
        !read_string(env, key, "a name", false, &name))
      return false;
    const struct object *owner = find(env, value);
    bool ok = owner != NULL && done(env, "share", name, object_share(object, name, owner));
    if (owner == NULL) throw_type(env, "share", "of open BpfObjects");
    free(name);
    if (!ok) return false;
  }
  return true;
}

bool apply_options(napi_env env, napi_value options, struct object *object, find_object find) {
  return each_member(env, object, get_member(env, options, "knobs"), set_knob) &&
         choose(env, object, get_member(env, options, "programs")) &&
         each_member(env, object, get_member(env, options, "targets"), set_target) &&
         each_member(env, object, get_member(env, options, "entries"), set_entries) &&
         share(env, object, get_member(env, options, "share"), find);
}
