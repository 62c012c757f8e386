/* Reading arguments and throwing errors. Every function that returns false has thrown. */
#ifndef ROUTETAP_BPF_ARGUMENTS_H
#define ROUTETAP_BPF_ARGUMENTS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool read_integer(napi_env env, napi_value value, const char *name, double least, double most,
                  uint32_t *to);
/* A string without NUL; to be freed. NULL for undefined where `optional`. */
bool read_string(napi_env env, napi_value value, const char *name, bool optional, char **to);
/* A Uint8Array, not copied. */
bool read_bytes(napi_env env, napi_value value, const char *name, const uint8_t **bytes,
                size_t *length);

/* The member, or NULL when it is undefined or `object` is no object. */
napi_value get_member(napi_env env, napi_value object, const char *name);
/* A new Uint8Array with a copy. NULL when it could not be made, and then something is thrown. */
napi_value make_bytes(napi_env env, const void *bytes, size_t length);
void set_string(napi_env env, napi_value object, const char *name, const char *text);

/* An Error with `errno`, `code`, `call`, `subject` and `log`: what libbpf said since log_begin. */
napi_value throw_failure(napi_env env, const char *call, const char *subject, int error);
/* A TypeError. */
napi_value throw_type(napi_env env, const char *name, const char *expected);

#endif
