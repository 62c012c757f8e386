#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* The kernel's own "not supported", which no C library names. */
enum { ENOTSUPP = 524 };

napi_value throw_type(napi_env env, const char *name, const char *expected) {
  char message[256];
  snprintf(message, sizeof(message), "expected %s to be %s", name, expected);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

void set_string(napi_env env, napi_value object, const char *name, const char *text) {
  napi_value value;
  if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) == napi_ok)
    napi_set_named_property(env, object, name, value);
}

napi_value throw_failure(napi_env env, const char *call, const char *subject, int error) {
  int number = error < 0 ? -error : error;
  const char *code = number == ENOTSUPP ? "ENOTSUPP" : strerrorname_np(number);
  const char *text = number == ENOTSUPP ? "Operation is not supported" : strerror(number);
  char message[512];
  snprintf(message, sizeof(message), "%s %s: %s", call, subject, text);
  napi_value words, thrown, value;
  if (napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &words) != napi_ok ||
      napi_create_error(env, NULL, words, &thrown) != napi_ok)
    return NULL;
  napi_create_int32(env, number, &value);
  napi_set_named_property(env, thrown, "errno", value);
  set_string(env, thrown, "code", code == NULL ? "UNKNOWN" : code);
  set_string(env, thrown, "call", call);
  set_string(env, thrown, "subject", subject);
  set_string(env, thrown, "log", log_text());
  napi_throw(env, thrown);
  return NULL;
}

bool read_integer(napi_env env, napi_value value, const char *name, double least, double most,
                  uint32_t *to) {
  double number;
  if (value != NULL && napi_get_value_double(env, value, &number) == napi_ok && number >= least &&
      number <= most && number == (double)(uint32_t)number) {
    *to = (uint32_t)number;
    return true;
  }
  char expected[96];
  snprintf(expected, sizeof(expected), "an integer from %.0f to %.0f", least, most);
  throw_type(env, name, expected);
  return false;
}

bool read_string(napi_env env, napi_value value, const char *name, bool optional, char **to) {
  *to = NULL;
  napi_valuetype type = napi_undefined;
  if (value != NULL) napi_typeof(env, value, &type);
  if (optional && type == napi_undefined) return true;
  size_t length;
  if (type == napi_string &&
      napi_get_value_string_utf8(env, value, NULL, 0, &length) == napi_ok) {
    char *text = malloc(length + 1);
    if (text != NULL) {
      napi_get_value_string_utf8(env, value, text, length + 1, &length);
      if (strlen(text) == length) {
        *to = text;
        return true;
      }
      free(text);
    }
  }
  throw_type(env, name, "a string without NUL");
  return false;
}

bool read_bytes(napi_env env, napi_value value, const char *name, const uint8_t **bytes,
                size_t *length) {
  bool is_array = false;
  napi_typedarray_type type;
  void *data;
  if (value != NULL && napi_is_typedarray(env, value, &is_array) == napi_ok && is_array &&
      napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) == napi_ok &&
      type == napi_uint8_array) {
    *bytes = data;
    return true;
  }
  throw_type(env, name, "a Uint8Array");
  return false;
}

napi_value get_member(napi_env env, napi_value object, const char *name) {
  napi_valuetype type = napi_undefined;
  napi_value value = NULL;
  if (object == NULL || napi_typeof(env, object, &type) != napi_ok || type != napi_object ||
      napi_get_named_property(env, object, name, &value) != napi_ok)
    return NULL;
  return napi_typeof(env, value, &type) == napi_ok && type != napi_undefined ? value : NULL;
}

napi_value make_bytes(napi_env env, const void *bytes, size_t length) {
  napi_value buffer, array;
  void *data;
  if (napi_create_arraybuffer(env, length, &data, &buffer) != napi_ok) return NULL;
  if (length > 0) memcpy(data, bytes, length);
  if (napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array) != napi_ok)
    return NULL;
  return array;
}
