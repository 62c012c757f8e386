/* Reading arguments and throwing errors. Every function that returns false has thrown. */
#ifndef ROUTETAP_ARGUMENTS_H
#define ROUTETAP_ARGUMENTS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zone-sockets.h"

/* An integer between `least` and `most`. */
bool read_integer(napi_env env, napi_value value, const char *name, double least, double most,
                  uint32_t *to);
bool read_boolean(napi_env env, napi_value value, const char *name, bool *to);
/* A string without NUL; to be freed. NULL for null. */
bool read_path(napi_env env, napi_value value, const char *name, char **to);
/* A Uint8Array, not copied; NULL for null where `nullable`. */
bool read_bytes(napi_env env, napi_value value, const char *name, bool nullable,
                const uint8_t **bytes, size_t *length);
/* An Int32Array, copied; to be freed. */
bool read_numbers(napi_env env, napi_value value, const char *name, int32_t **to, uint32_t *count);

/* An Error with `errno` and `syscall`, and `path` unless NULL. */
napi_value throw_failure(napi_env env, struct failure failure, const char *path);
/* A TypeError. */
napi_value throw_type(napi_env env, const char *name, const char *expected);

#endif
