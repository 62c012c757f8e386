/* The libbpf addon: class BpfObject. It moves bytes and errnos, and knows nothing of what they mean. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "clock.h"
#include "functions.h"
#include "handle.h"
#include "log.h"
#include "memory.h"
#include "options.h"

enum { MOST_ARGUMENTS = 4, MOST_COALESCE_US = 1000000, MOST_RECORD_BYTES = 65536 };

/* Tells our objects from any other wrapped ones. */
static const napi_type_tag TYPE = {0x6f2d3c0e8a5b4c17, 0x9d41e7b6a3f05c28};

struct call {
  struct handle *handle;
  napi_value arguments[MOST_ARGUMENTS];
};

static struct handle *handle_of(napi_env env, napi_value value) {
  void *handle = NULL;
  bool is_ours = false;
  if (napi_check_object_type_tag(env, value, &TYPE, &is_ours) != napi_ok || !is_ours ||
      napi_unwrap(env, value, &handle) != napi_ok)
    return NULL;
  return handle;
}

static struct object *find_object_of(napi_env env, napi_value value) {
  struct handle *handle = handle_of(env, value);
  return handle == NULL || handle->object.bpf == NULL ? NULL : &handle->object;
}

/* False: thrown, because `this` is no open object. Starts the log. */
static bool begin(napi_env env, napi_callback_info info, struct call *call) {
  size_t count = MOST_ARGUMENTS;
  napi_value self;
  log_begin();
  call->handle = NULL;
  if (napi_get_cb_info(env, info, &count, call->arguments, &self, NULL) == napi_ok)
    call->handle = handle_of(env, self);
  if (call->handle != NULL && call->handle->object.bpf != NULL) return true;
  napi_throw_error(env, "ERR_CLOSED", "expected an open eBPF object, it is closed");
  return false;
}

static napi_value construct(napi_env env, napi_callback_info info) {
  size_t count = 2, length;
  napi_value arguments[2], self;
  const uint8_t *bytes;
  log_begin();
  if (napi_get_cb_info(env, info, &count, arguments, &self, NULL) != napi_ok ||
      !read_bytes(env, arguments[0], "the object", &bytes, &length))
    return NULL;
  struct handle *handle = handle_new(env);
  if (handle == NULL) return throw_failure(env, "open", "the object", ENOMEM);
  if (napi_wrap(env, self, handle, handle_free, NULL, NULL) != napi_ok) {
    handle_free(env, handle, NULL);
    return throw_type(env, "BpfObject", "called with new");
  }
  napi_type_tag_object(env, self, &TYPE);
  int error = object_open(&handle->object, bytes, length);
  if (error != 0) return throw_failure(env, "open", "the object", error);
  if (!apply_options(env, arguments[1], &handle->object, find_object_of))
    handle_close(handle);
  return self;
}

static napi_value load(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) return NULL;
  int error = object_load(&call.handle->object);
  return error == 0 ? NULL : throw_failure(env, "load", "the object", error);
}

static napi_value attach(napi_env env, napi_callback_info info) {
  struct call call;
  char *program, *target;
  if (!begin(env, info, &call) ||
      !read_string(env, call.arguments[0], "program", false, &program))
    return NULL;
  napi_value link = NULL;
  if (read_string(env, call.arguments[1], "target", true, &target)) {
    int number = object_attach(&call.handle->object, program, target);
    if (number < 0) throw_failure(env, "attach", program, number);
    else napi_create_int32(env, number, &link);
    free(target);
  }
  free(program);
  return link;
}

/* A Uint32Array as long as `count`; NULL: thrown. */
static const uint32_t *read_numbers(napi_env env, napi_value value, const char *name,
                                    size_t count) {
  napi_typedarray_type type;
  size_t length;
  void *data;
  bool is_typed = false;
  if (napi_is_typedarray(env, value, &is_typed) == napi_ok && is_typed &&
      napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) == napi_ok &&
      type == napi_uint32_array && length == count)
    return count == 0 ? (const uint32_t *)"" : data;
  throw_type(env, name, "a Uint32Array as long as the functions");
  return NULL;
}

/* False: thrown, or no memory. */
static bool read_names(napi_env env, napi_value array, struct functions *functions) {
  uint32_t count;
  if (napi_get_array_length(env, array, &count) != napi_ok) {
    throw_type(env, "functions", "an array");
    return false;
  }
  functions->names = calloc(count + 1, sizeof(char *));
  if (functions->names == NULL) return false;
  for (uint32_t index = 0; index < count; index++) {
    napi_value value;
    if (napi_get_element(env, array, index, &value) != napi_ok ||
        !read_string(env, value, "a function", false, &functions->names[index]))
      return false;
    functions->count++;
  }
  return true;
}

static napi_value attach_each(napi_env env, struct call *call, const char *program,
                              struct functions *functions) {
  napi_value buffer, links;
  void *data;
  size_t count = functions->count;
  functions->btf_ids = read_numbers(env, call->arguments[2], "btfIds", count);
  if (functions->btf_ids == NULL) return NULL;
  functions->cookies = read_numbers(env, call->arguments[3], "cookies", count);
  if (functions->cookies == NULL ||
      napi_create_arraybuffer(env, count * sizeof(int32_t), &data, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_int32_array, count, buffer, 0, &links) != napi_ok)
    return NULL;
  int error = object_attach_functions(&call->handle->object, program, functions, data);
  return error == 0 ? links : throw_failure(env, "attach", program, error);
}

static napi_value attach_functions(napi_env env, napi_callback_info info) {
  struct call call;
  struct functions functions = {0};
  char *program;
  napi_value links = NULL;
  if (!begin(env, info, &call) ||
      !read_string(env, call.arguments[0], "program", false, &program))
    return NULL;
  if (read_names(env, call.arguments[1], &functions))
    links = attach_each(env, &call, program, &functions);
  for (size_t index = 0; index < functions.count; index++) free(functions.names[index]);
  free(functions.names);
  free(program);
  return links;
}

static napi_value detach(napi_env env, napi_callback_info info) {
  struct call call;
  uint32_t link;
  if (!begin(env, info, &call)) return NULL;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, call.arguments[0], &type);
  if (type == napi_undefined) {
    object_detach_all(&call.handle->object);
    return NULL;
  }
  if (!read_integer(env, call.arguments[0], "link", 0, INT32_MAX, &link)) return NULL;
  int error = object_detach(&call.handle->object, link);
  return error == 0 ? NULL : throw_failure(env, "detach", "the link", error);
}

static napi_value iterate(napi_env env, napi_callback_info info) {
  struct call call;
  uint32_t link;
  char *text;
  size_t length;
  if (!begin(env, info, &call) ||
      !read_integer(env, call.arguments[0], "link", 0, INT32_MAX, &link))
    return NULL;
  int error = object_iterate(&call.handle->object, link, &text, &length);
  if (error != 0) return throw_failure(env, "iterate", "the link", error);
  napi_value bytes = make_bytes(env, text, length);
  free(text);
  return bytes;
}

/* A loaded map and a key of its size; NULL: thrown. */
static struct bpf_map *map_and_key(napi_env env, struct call *call, const uint8_t **key) {
  char *name;
  size_t length;
  if (!read_string(env, call->arguments[0], "map", false, &name)) return NULL;
  struct bpf_map *map = object_map(&call->handle->object, name);
  if (map == NULL || bpf_map__fd(map) < 0) {
    throw_failure(env, "map", name, map == NULL ? ENOENT : EBADF);
    map = NULL;
  } else if (!read_bytes(env, call->arguments[1], "key", key, &length)) {
    map = NULL;
  } else if (length != bpf_map__key_size(map)) {
    throw_failure(env, "key of map", name, EINVAL);
    map = NULL;
  }
  free(name);
  return map;
}

static napi_value lookup(napi_env env, napi_callback_info info) {
  struct call call;
  const uint8_t *key;
  if (!begin(env, info, &call)) return NULL;
  struct bpf_map *map = map_and_key(env, &call, &key);
  if (map == NULL) return NULL;
  size_t bytes = map_value_bytes(map);
  void *value = malloc(bytes);
  napi_value result = NULL;
  int error = value == NULL ? ENOMEM : 0;
  if (error == 0 && bpf_map_lookup_elem(bpf_map__fd(map), key, value) != 0) error = errno;
  if (error == 0) result = make_bytes(env, value, bytes);
  else if (error == ENOENT) napi_get_null(env, &result);
  else throw_failure(env, "lookup in map", bpf_map__name(map), error);
  free(value);
  return result;
}

static napi_value update(napi_env env, napi_callback_info info) {
  struct call call;
  const uint8_t *key, *value;
  size_t length;
  if (!begin(env, info, &call)) return NULL;
  struct bpf_map *map = map_and_key(env, &call, &key);
  if (map == NULL || !read_bytes(env, call.arguments[2], "value", &value, &length)) return NULL;
  int error = length == map_value_bytes(map) ? 0 : EINVAL;
  if (error == 0 && bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY) != 0) error = errno;
  return error == 0 ? NULL : throw_failure(env, "update of map", bpf_map__name(map), error);
}

static napi_value remove_key(napi_env env, napi_callback_info info) {
  struct call call;
  const uint8_t *key;
  if (!begin(env, info, &call)) return NULL;
  struct bpf_map *map = map_and_key(env, &call, &key);
  if (map == NULL) return NULL;
  int error = bpf_map_delete_elem(bpf_map__fd(map), key) == 0 ? 0 : errno;
  napi_value was_there;
  if (error != 0 && error != ENOENT)
    return throw_failure(env, "delete in map", bpf_map__name(map), error);
  napi_get_boolean(env, error == 0, &was_there);
  return was_there;
}

static napi_value consume(napi_env env, napi_callback_info info) {
  struct call call;
  uint32_t record_bytes, waiting_bytes, coalesce_us;
  char *name;
  if (!begin(env, info, &call)) return NULL;
  napi_value options = call.arguments[1];
  if (!read_integer(env, get_member(env, options, "recordBytes"), "recordBytes", 1,
                    MOST_RECORD_BYTES, &record_bytes) ||
      !read_integer(env, get_member(env, options, "waitingBytes"), "waitingBytes", 1, UINT32_MAX,
                    &waiting_bytes) ||
      !read_integer(env, get_member(env, options, "coalesceUs"), "coalesceUs", 0,
                    MOST_COALESCE_US, &coalesce_us) ||
      !read_string(env, call.arguments[0], "map", false, &name))
    return NULL;
  struct bpf_map *map = object_map(&call.handle->object, name);
  int error = map == NULL                                    ? ENOENT
              : call.handle->ring != NULL                    ? EBUSY
              : bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF   ? EINVAL
              : bpf_map__fd(map) < 0                         ? EBADF
                                                             : 0;
  if (error == 0) {
    struct ring_options ring = {.map_fd = bpf_map__fd(map),
                                .record_bytes = record_bytes,
                                .waiting_bytes = waiting_bytes,
                                .coalesce_us = coalesce_us};
    if (handle_consume(call.handle, call.arguments[2], &ring, &error) != napi_ok) {
      free(name);
      return throw_type(env, "onReady", "a function");
    }
  }
  if (error != 0) throw_failure(env, "consume", name, error);
  free(name);
  return NULL;
}

static napi_value take(napi_env env, napi_callback_info info) {
  struct call call;
  napi_value result;
  if (!begin(env, info, &call)) return NULL;
  struct ring_batch *batch = call.handle->ring == NULL ? NULL : ring_thread_take(call.handle->ring);
  if (batch == NULL) {
    napi_get_null(env, &result);
    return result;
  }
  result = make_bytes(env, batch->bytes, batch->length);
  free(batch);
  return result;
}

static napi_value drain(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) return NULL;
  if (call.handle->ring != NULL) ring_thread_drain(call.handle->ring);
  return NULL;
}

static napi_value stop(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) return NULL;
  if (call.handle->ring != NULL) ring_thread_stop(call.handle->ring);
  return NULL;
}

static napi_value malformed(napi_env env, napi_callback_info info) {
  struct call call;
  napi_value count = NULL;
  if (!begin(env, info, &call)) return NULL;
  uint64_t samples = call.handle->ring == NULL ? 0 : ring_thread_malformed(call.handle->ring);
  napi_create_double(env, (double)samples, &count);
  return count;
}

static napi_value programs(napi_env env, napi_callback_info info) {
  struct call call;
  napi_value list;
  if (!begin(env, info, &call) || napi_create_array(env, &list) != napi_ok) return NULL;
  uint32_t index = 0;
  struct bpf_program *program;
  bpf_object__for_each_program(program, call.handle->object.bpf) {
    napi_value row;
    if (napi_create_object(env, &row) != napi_ok) return NULL;
    set_string(env, row, "name", bpf_program__name(program));
    set_string(env, row, "section", bpf_program__section_name(program));
    napi_set_element(env, list, index++, row);
  }
  return list;
}

static napi_value close_object(napi_env env, napi_callback_info info) {
  size_t count = 0;
  napi_value self;
  if (napi_get_cb_info(env, info, &count, NULL, &self, NULL) != napi_ok) return NULL;
  struct handle *handle = handle_of(env, self);
  if (handle != NULL) handle_close(handle);
  return NULL;
}

static napi_value keep_memory(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value keep;
  bool is_kept;
  if (napi_get_cb_info(env, info, &count, &keep, NULL, NULL) != napi_ok) return NULL;
  if (napi_get_value_bool(env, keep, &is_kept) != napi_ok)
    return throw_type(env, "keep", "a boolean");
  memory_keep(is_kept);
  return NULL;
}

static napi_value ticks(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value count = NULL;
  napi_create_uint32(env, clock_ticks_per_second(), &count);
  return count;
}

static napi_value boot_to_wall(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value offset = NULL;
  napi_create_bigint_int64(env, clock_boot_to_wall_ns(), &offset);
  return offset;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor methods[] = {
#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_default_method, NULL}
      METHOD("load", load),           METHOD("attach", attach),
      METHOD("detach", detach),       METHOD("iterate", iterate),
      METHOD("lookup", lookup),       METHOD("update", update),
      METHOD("remove", remove_key),   METHOD("consume", consume),
      METHOD("take", take),           METHOD("drain", drain),
      METHOD("stop", stop),           METHOD("malformed", malformed),
      METHOD("programs", programs),   METHOD("close", close_object),
      METHOD("attachFunctions", attach_functions),
#undef METHOD
  };
  log_install();
  const napi_property_descriptor functions[] = {
#define FUNCTION(name, function) {name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL}
      FUNCTION("bootToWallNs", boot_to_wall),
      FUNCTION("ticksPerSecond", ticks),
      FUNCTION("keepMemory", keep_memory),
#undef FUNCTION
  };
  napi_value class;
  napi_define_properties(env, exports, sizeof(functions) / sizeof(functions[0]), functions);
  if (napi_define_class(env, "BpfObject", NAPI_AUTO_LENGTH, construct, NULL,
                        sizeof(methods) / sizeof(methods[0]), methods, &class) == napi_ok)
    napi_set_named_property(env, exports, "BpfObject", class);
  return exports;
}
