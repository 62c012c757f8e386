/* The reader's thread never touches JavaScript; it only calls `tell`. */
#include "handle.h"

#include <errno.h>
#include <stdlib.h>

#include "arguments.h"

static const napi_type_tag READER_TAG = {0x726f757465746170u, 0x72746e6c72656164u};
enum { MOST_SLABS = 4096, MOST_SLAB_BYTES = 64 << 20, MOST_COALESCE_US = 100000 };

/* On the reader's thread. */
static void slab_ready(void *context) {
  struct handle *handle = context;
  napi_call_threadsafe_function(handle->tell, NULL, napi_tsfn_nonblocking);
}

static void call_on_ready(napi_env env, napi_value on_ready, void *context, void *data) {
  (void)context;
  (void)data;
  napi_value nothing;
  if (env == NULL || napi_get_undefined(env, &nothing) != napi_ok) return;
  napi_call_function(env, nothing, on_ready, 0, NULL, NULL);
}

static void slab_is_not_javascripts(napi_env env, void *data, void *hint) {
  (void)env;
  (void)data;
  (void)hint;
}

bool handle_buffer(napi_env env, struct handle *handle, const struct slab *slab,
                   napi_value *buffer) {
  napi_ref *ref = &handle->buffers[slab->index];
  if (*ref != NULL) return napi_get_reference_value(env, *ref, buffer) == napi_ok;
  return napi_create_external_arraybuffer(env, slab->bytes, handle->slab_bytes,
                                          slab_is_not_javascripts, NULL, buffer) == napi_ok &&
         napi_create_reference(env, *buffer, 1, ref) == napi_ok;
}

/* The environment ends (a worker stopped, the process exits): no JavaScript may run any more. */
static void environment_ends(void *argument) {
  struct handle *handle = argument;
  if (handle->reader == NULL) return;
  reader_stop(handle->reader);
  reader_free(handle->reader);
  handle->reader = NULL;
}

void handle_close(struct handle *handle) {
  if (handle->reader == NULL) return;
  napi_env env = handle->env;
  napi_remove_env_cleanup_hook(env, environment_ends, handle);
  reader_stop(handle->reader);
  napi_release_threadsafe_function(handle->tell, napi_tsfn_abort);
  for (uint32_t i = 0; i < handle->slabs; i++) {
    if (handle->buffers[i] == NULL) continue;
    napi_value buffer = NULL;
    if (napi_get_reference_value(env, handle->buffers[i], &buffer) == napi_ok && buffer != NULL) {
      napi_detach_arraybuffer(env, buffer);
    }
    napi_delete_reference(env, handle->buffers[i]);
    handle->buffers[i] = NULL;
  }
  handle->taken = NULL;
  reader_free(handle->reader);
  handle->reader = NULL;
}

static void handle_free(struct handle *handle) {
  free(handle->groups);
  free(handle->buffers);
  free(handle);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct handle *handle = data;
  handle_close(handle);
  handle_free(handle);
}

struct handle *handle_of(napi_env env, napi_callback_info info, size_t count,
                               napi_value *arguments) {
  napi_value self;
  size_t given = count;
  bool ours = false;
  void *data = NULL;
  if (napi_get_cb_info(env, info, &given, arguments, &self, NULL) != napi_ok) return NULL;
  if (napi_check_object_type_tag(env, self, &READER_TAG, &ours) != napi_ok || !ours ||
      napi_unwrap(env, self, &data) != napi_ok) {
    throw_type(env, "this", "a Reader");
    return NULL;
  }
  return data;
}

struct handle *open_handle_of(napi_env env, napi_callback_info info, size_t count,
                                    napi_value *arguments) {
  struct handle *handle = handle_of(env, info, count, arguments);
  if (handle == NULL) return NULL;
  if (handle->reader != NULL) return handle;
  napi_throw_error(env, "ERR_READER_CLOSED", "the reader is closed");
  return NULL;
}

static bool option(napi_env env, napi_value options, const char *name, napi_value *to) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, options, &type);
  if (type != napi_object) {
    throw_type(env, "options", "an object");
    return false;
  }
  return napi_get_named_property(env, options, name, to) == napi_ok;
}

static bool integer_option(napi_env env, napi_value options, const char *name, double least,
                           double most, uint32_t *to) {
  napi_value value;
  return option(env, options, name, &value) && read_integer(env, value, name, least, most, to);
}

static bool read_options(napi_env env, napi_value from, struct handle *handle,
                         struct reader_options *to) {
  napi_value value;
  bool ok =
      integer_option(env, from, "slabs", 2, MOST_SLABS, &to->slabs) &&
      integer_option(env, from, "slabBytes", SMALLEST_SLAB_BYTES, MOST_SLAB_BYTES, &to->slab_bytes) &&
      integer_option(env, from, "coalesceUs", 0, MOST_COALESCE_US, &to->coalesce_us) &&
      integer_option(env, from, "receiveBufferBytes", 1, INT32_MAX, &handle->receive_buffer_bytes) &&
      option(env, from, "seeProcesses", &value) &&
      read_boolean(env, value, "seeProcesses", &to->see_processes) &&
      option(env, from, "groups", &value) &&
      read_numbers(env, value, "groups", &handle->groups, &handle->group_count);
  if (!ok) return false;
  /* Slabs start on pages, so that their memory can be given back one by one. */
  to->slab_bytes = (to->slab_bytes + 4095u) & ~4095u;
  to->ready = slab_ready;
  to->context = handle;
  handle->see_processes = to->see_processes;
  handle->slabs = to->slabs;
  handle->slab_bytes = to->slab_bytes;
  handle->buffers = calloc(to->slabs, sizeof *handle->buffers);
  if (handle->buffers != NULL) return true;
  throw_failure(env, (struct failure){.error = ENOMEM, .syscall = "malloc"}, NULL);
  return false;
}

static bool make_teller(napi_env env, napi_value on_ready, struct handle *handle) {
  napi_value name;
  napi_create_string_utf8(env, "routetap.rtnetlink", NAPI_AUTO_LENGTH, &name);
  return napi_create_threadsafe_function(env, on_ready, NULL, name, 0, 1, NULL, NULL, NULL,
                                         call_on_ready, &handle->tell) == napi_ok;
}

/* new Reader(options, onReady) */
napi_value handle_construct(napi_env env, napi_callback_info info) {
  napi_value arguments[2], self, target;
  size_t count = 2;
  napi_valuetype type = napi_undefined;
  if (napi_get_cb_info(env, info, &count, arguments, &self, NULL) != napi_ok) return NULL;
  if (napi_get_new_target(env, info, &target) != napi_ok || target == NULL) {
    return throw_type(env, "Reader", "new");
  }
  napi_typeof(env, arguments[1], &type);
  if (type != napi_function) return throw_type(env, "onReady", "a function");
  struct handle *handle = calloc(1, sizeof *handle);
  struct failure failure = {.error = ENOMEM, .syscall = "malloc"};
  if (handle == NULL) return throw_failure(env, failure, NULL);
  handle->env = env;
  struct reader_options options = {0};
  if (!read_options(env, arguments[0], handle, &options)) {
    handle_free(handle);
    return NULL;
  }
  if (!make_teller(env, arguments[1], handle)) {
    handle_free(handle);
    return NULL;
  }
  handle->reader = reader_start(&options, &failure);
  if (handle->reader == NULL) {
    napi_release_threadsafe_function(handle->tell, napi_tsfn_abort);
    handle_free(handle);
    return throw_failure(env, failure, NULL);
  }
  /* After the thread-safe function: hooks run in reverse order, and the thread has to end before it does. */
  napi_add_env_cleanup_hook(env, environment_ends, handle);
  if (napi_wrap(env, self, handle, finalize, NULL, NULL) != napi_ok) {
    handle_close(handle);
    handle_free(handle);
    return NULL;
  }
  return napi_type_tag_object(env, self, &READER_TAG) == napi_ok ? self : NULL;
}
