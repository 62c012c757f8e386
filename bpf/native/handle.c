#include "handle.h"

#include <errno.h>
#include <stdlib.h>

/* The environment ends its thread-safe functions itself, after this hook: hooks run newest first. */
static void on_environment_end(void *context) {
  struct handle *handle = context;
  if (handle->ring != NULL) ring_thread_destroy(handle->ring);
  handle->ring = NULL;
  handle->ready = NULL;
  handle_close(handle);
}

struct handle *handle_new(napi_env env) {
  struct handle *handle = calloc(1, sizeof(*handle));
  if (handle == NULL) return NULL;
  handle->env = env;
  napi_add_env_cleanup_hook(env, on_environment_end, handle);
  return handle;
}

static void tell_ready(void *context) {
  struct handle *handle = context;
  napi_call_threadsafe_function(handle->ready, NULL, napi_tsfn_nonblocking);
}

static void call_ready(napi_env env, napi_value on_ready, void *context, void *data) {
  (void)context;
  (void)data;
  napi_value self;
  if (env == NULL || napi_get_undefined(env, &self) != napi_ok) return;
  napi_call_function(env, self, on_ready, 0, NULL, NULL);
}

napi_status handle_consume(struct handle *handle, napi_value on_ready,
                           struct ring_options *options, int *error) {
  napi_env env = handle->env;
  napi_value name;
  napi_status status =
      napi_create_string_utf8(env, "routetap:bpf", NAPI_AUTO_LENGTH, &name);
  if (status == napi_ok)
    status = napi_create_threadsafe_function(env, on_ready, NULL, name, 0, 1, NULL, NULL, NULL,
                                             call_ready, &handle->ready);
  if (status != napi_ok) return status;
  napi_remove_env_cleanup_hook(env, on_environment_end, handle);
  napi_add_env_cleanup_hook(env, on_environment_end, handle);
  options->ready = tell_ready;
  options->context = handle;
  handle->ring = ring_thread_start(options);
  *error = handle->ring == NULL ? -errno : 0;
  if (*error == 0) return napi_ok;
  napi_release_threadsafe_function(handle->ready, napi_tsfn_abort);
  handle->ready = NULL;
  return napi_ok;
}

void handle_close(struct handle *handle) {
  object_detach_all(&handle->object);
  if (handle->ring != NULL) ring_thread_destroy(handle->ring);
  handle->ring = NULL;
  if (handle->ready != NULL) napi_release_threadsafe_function(handle->ready, napi_tsfn_abort);
  handle->ready = NULL;
  object_close(&handle->object);
}

void handle_free(napi_env env, void *data, void *hint) {
  (void)hint;
  struct handle *handle = data;
  napi_remove_env_cleanup_hook(env, on_environment_end, handle);
  handle_close(handle);
  free(handle);
}
