/* The object behind a JavaScript `BpfObject`, and the thread that reads its ring. */
#ifndef ROUTETAP_BPF_HANDLE_H
#define ROUTETAP_BPF_HANDLE_H

#include <node_api.h>

#include "object.h"
#include "ring-thread.h"

struct handle {
  napi_env env;
  struct object object;
  struct ring_thread *ring;
  /* Tells JavaScript that a batch waits; NULL without a ring. */
  napi_threadsafe_function ready;
};

/* NULL without memory. It is released with its environment, whether that ends well or not. */
struct handle *handle_new(napi_env env);
/* `options.ready` and `options.context` are set here. */
napi_status handle_consume(struct handle *handle, napi_value on_ready,
                           struct ring_options *options, int *error);
/* Detaches, stops the thread and closes the object; the handle itself stays. */
void handle_close(struct handle *handle);
/* A finalizer. */
void handle_free(napi_env env, void *handle, void *hint);

#endif
