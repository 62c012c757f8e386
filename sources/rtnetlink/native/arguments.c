#include "arguments.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

napi_value throw_type(napi_env env, const char *name, const char *expected) {
  char message[160];
  snprintf(message, sizeof message, "%s: expected %s", name, expected);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

napi_value throw_failure(napi_env env, struct failure failure, const char *path) {
  char text[512];
  napi_value message, error, number, syscall, place;
  snprintf(text, sizeof text, "%s: %s", failure.syscall, strerror(failure.error));
  if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message) != napi_ok) return NULL;
  if (napi_create_error(env, NULL, message, &error) != napi_ok) return NULL;
  napi_create_int32(env, failure.error, &number);
  napi_set_named_property(env, error, "errno", number);
  napi_create_string_utf8(env, failure.syscall, NAPI_AUTO_LENGTH, &syscall);
  napi_set_named_property(env, error, "syscall", syscall);
  if (path != NULL) {
    napi_create_string_utf8(env, path, NAPI_AUTO_LENGTH, &place);
    napi_set_named_property(env, error, "path", place);
  }
  napi_throw(env, error);
  return NULL;
}

static bool is_null(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_null;
}

bool read_integer(napi_env env, napi_value value, const char *name, double least, double most,
                  uint32_t *to) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok || !(number >= least) ||
      !(number <= most) || floor(number) != number) {
    char expected[80];
    snprintf(expected, sizeof expected, "an integer between %.0f and %.0f", least, most);
    throw_type(env, name, expected);
    return false;
  }
  *to = (uint32_t)number;
  return true;
}

bool read_boolean(napi_env env, napi_value value, const char *name, bool *to) {
  if (napi_get_value_bool(env, value, to) == napi_ok) return true;
  throw_type(env, name, "a boolean");
  return false;
}

bool read_path(napi_env env, napi_value value, const char *name, char **to) {
  size_t length;
  *to = NULL;
  if (is_null(env, value)) return true;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
    throw_type(env, name, "a string or null");
    return false;
  }
  char *text = malloc(length + 1);
  if (text == NULL) {
    throw_failure(env, (struct failure){.error = ENOMEM, .syscall = "malloc"}, NULL);
    return false;
  }
  napi_get_value_string_utf8(env, value, text, length + 1, &length);
  if (strlen(text) != length) {
    free(text);
    throw_type(env, name, "a string without NUL");
    return false;
  }
  *to = text;
  return true;
}

bool read_bytes(napi_env env, napi_value value, const char *name, bool nullable,
                const uint8_t **bytes, size_t *length) {
  static const uint8_t nothing[1] = {0};
  *bytes = NULL;
  *length = 0;
  if (nullable && is_null(env, value)) return true;
  bool typed = false;
  napi_typedarray_type type;
  void *data = NULL;
  napi_is_typedarray(env, value, &typed);
  if (!typed || napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok ||
      type != napi_uint8_array) {
    throw_type(env, name, nullable ? "a Uint8Array or null" : "a Uint8Array");
    return false;
  }
  *bytes = data == NULL ? nothing : data;
  return true;
}

bool read_numbers(napi_env env, napi_value value, const char *name, int32_t **to, uint32_t *count) {
  bool typed = false;
  napi_typedarray_type type;
  void *data = NULL;
  size_t length;
  *to = NULL;
  napi_is_typedarray(env, value, &typed);
  if (!typed || napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok ||
      type != napi_int32_array || length > 1024) {
    throw_type(env, name, "an Int32Array");
    return false;
  }
  *to = calloc(length + 1, sizeof **to);
  if (*to == NULL) {
    throw_failure(env, (struct failure){.error = ENOMEM, .syscall = "malloc"}, NULL);
    return false;
  }
  if (length > 0) memcpy(*to, data, length * sizeof **to);
  *count = (uint32_t)length;
  return true;
}
