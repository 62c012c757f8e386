/* The second argument of `new BpfObject`. */
#ifndef ROUTETAP_BPF_OPTIONS_H
#define ROUTETAP_BPF_OPTIONS_H

#include <node_api.h>
#include <stdbool.h>

#include "object.h"

/* Finds the open object behind a JavaScript BpfObject; NULL when it is none or closed. */
typedef struct object *(*find_object)(napi_env env, napi_value value);

/* Applies knobs, programs, targets, entries and share to an object not loaded yet. False: thrown. */
bool apply_options(napi_env env, napi_value options, struct object *object, find_object find);

#endif
