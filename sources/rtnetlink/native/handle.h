/* What stands behind a JavaScript Reader. */
#ifndef ROUTETAP_HANDLE_H
#define ROUTETAP_HANDLE_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader.h"

struct handle {
  napi_env env;
  /* NULL once closed. */
  struct reader *reader;
  napi_threadsafe_function tell;
  int32_t *groups;
  uint32_t group_count;
  uint32_t receive_buffer_bytes;
  uint32_t granted_bytes;
  bool see_processes;
  uint32_t slabs;
  uint32_t slab_bytes;
  struct slab *taken;
  /* The ArrayBuffer over each slab, made when first needed. */
  napi_ref *buffers;
};

/* new Reader(options, onReady) */
napi_value handle_construct(napi_env env, napi_callback_info info);
/* The ArrayBuffer over a slab. */
bool handle_buffer(napi_env env, struct handle *handle, const struct slab *slab,
                   napi_value *buffer);
/* Ends the thread and takes the slabs away from JavaScript; once or more. */
void handle_close(struct handle *handle);
/* What stands behind `this`, and the arguments; NULL after throwing. */
struct handle *handle_of(napi_env env, napi_callback_info info, size_t count,
                         napi_value *arguments);
/* The same, and throws for a closed one. */
struct handle *open_handle_of(napi_env env, napi_callback_info info, size_t count,
                              napi_value *arguments);

#endif
