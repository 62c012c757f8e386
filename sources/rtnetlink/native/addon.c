/* What JavaScript sees: class Reader. */
#include <errno.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "handle.h"

enum { MOST_FILTER_BYTES = 4096 * 8, MOST_REQUEST_BYTES = 64 << 10 };

/* A zone's inode and cookie; the cookie as text, it has 64 bits. */
static napi_value identity(napi_env env, const struct zone *zone) {
  char cookie[24];
  napi_value result, value;
  snprintf(cookie, sizeof cookie, "%llu", (unsigned long long)zone->cookie);
  napi_create_object(env, &result);
  napi_create_double(env, (double)zone->inode, &value);
  napi_set_named_property(env, result, "inode", value);
  napi_create_string_utf8(env, cookie, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, result, "cookie", value);
  return result;
}

/* Which ICMP sockets are open, and the errno of the first that is not. */
static napi_value icmp_state(napi_env env, const struct zone *zone) {
  static const char *names[ICMP_FAMILIES] = {"inet", "inet6"};
  int error = 0;
  napi_value result, value;
  napi_create_object(env, &result);
  for (int i = 0; i < ICMP_FAMILIES; i++) {
    napi_get_boolean(env, zone->icmp[i].fd >= 0, &value);
    napi_set_named_property(env, result, names[i], value);
    if (error == 0) error = zone->icmp[i].error;
  }
  napi_create_int32(env, error, &value);
  napi_set_named_property(env, result, "errno", value);
  return result;
}

static bool read_filter(napi_env env, napi_value value, const uint8_t **filter, size_t *length) {
  if (!read_bytes(env, value, "filter", true, filter, length)) return false;
  if (*filter == NULL || (*length > 0 && *length % 8 == 0 && *length <= MOST_FILTER_BYTES)) {
    return true;
  }
  throw_type(env, "filter", "1 to 4096 instructions of 8 bytes");
  return false;
}

/* A boolean that may be left out. */
static bool read_wish(napi_env env, napi_value value, const char *name, bool *to) {
  napi_valuetype type;
  *to = false;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) return true;
  return read_boolean(env, value, name, to);
}

/* addZone(zone, path, filter, icmp?) */
static napi_value add_zone(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct handle *handle = open_handle_of(env, info, 4, arguments);
  uint32_t id;
  bool icmp;
  size_t filter_bytes;
  const uint8_t *filter;
  char *path;
  if (handle == NULL || !read_integer(env, arguments[0], "zone", 0, UINT32_MAX, &id) ||
      !read_filter(env, arguments[2], &filter, &filter_bytes) ||
      !read_wish(env, arguments[3], "icmp", &icmp) ||
      !read_path(env, arguments[1], "path", &path)) {
    return NULL;
  }
  struct zone_wish wish = {
      .path = path,
      .filter = filter,
      .filter_bytes = filter_bytes,
      .groups = handle->groups,
      .group_count = handle->group_count,
      .receive_buffer_bytes = handle->receive_buffer_bytes,
      .see_processes = handle->see_processes,
      .see_redirects = icmp,
  };
  struct failure failure;
  napi_value result = NULL;
  struct zone *zone = zone_open(&wish, &failure);
  if (zone == NULL) {
    throw_failure(env, failure, path);
  } else {
    zone->id = id;
    handle->granted_bytes = zone->receive_buffer_bytes;
    result = identity(env, zone);
    napi_set_named_property(env, result, "icmp", icmp_state(env, zone));
    failure = (struct failure){.error = reader_add_zone(handle->reader, zone), .syscall = "addZone"};
    if (failure.error != 0) {
      zone_close(zone);
      result = throw_failure(env, failure, path);
    }
  }
  free(path);
  return result;
}

/* removeZone(zone): true when there was one. */
static napi_value remove_zone(napi_env env, napi_callback_info info) {
  napi_value arguments[1], result;
  struct handle *handle = open_handle_of(env, info, 1, arguments);
  uint32_t id;
  if (handle == NULL || !read_integer(env, arguments[0], "zone", 0, UINT32_MAX, &id)) return NULL;
  napi_get_boolean(env, reader_remove_zone(handle->reader, id) == 0, &result);
  return result;
}

/* setFilter(zone, filter) */
static napi_value set_filter(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct handle *handle = open_handle_of(env, info, 2, arguments);
  uint32_t id;
  size_t length;
  const uint8_t *filter;
  if (handle == NULL || !read_integer(env, arguments[0], "zone", 0, UINT32_MAX, &id) ||
      !read_filter(env, arguments[1], &filter, &length)) {
    return NULL;
  }
  int error = reader_set_filter(handle->reader, id, filter, length);
  if (error == 0) return NULL;
  return throw_failure(env, (struct failure){.error = error, .syscall = "setFilter"}, NULL);
}

static napi_value ask(napi_env env, struct handle *handle, uint32_t zone, uint32_t token,
                      const uint8_t *request, size_t length) {
  struct zone_op *op = calloc(1, sizeof *op + length);
  struct failure failure = {.error = ENOMEM, .syscall = "malloc"};
  if (op == NULL) return throw_failure(env, failure, NULL);
  op->zone = zone;
  op->token = token;
  op->is_query = request != NULL;
  op->length = length;
  if (length > 0) memcpy(op->request, request, length);
  if (reader_ask(handle->reader, op) == 0) return NULL;
  free(op);
  return throw_failure(env, failure, NULL);
}

/* query(zone, token, request) */
static napi_value query(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct handle *handle = open_handle_of(env, info, 3, arguments);
  uint32_t zone, token;
  const uint8_t *request;
  size_t length;
  if (handle == NULL || !read_integer(env, arguments[0], "zone", 0, UINT32_MAX, &zone) ||
      !read_integer(env, arguments[1], "token", 0, UINT32_MAX, &token) ||
      !read_bytes(env, arguments[2], "request", false, &request, &length)) {
    return NULL;
  }
  if (length > MOST_REQUEST_BYTES) return throw_type(env, "request", "at most 65536 bytes");
  return ask(env, handle, zone, token, request, length);
}

/* barrier(zone, token) */
static napi_value barrier(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct handle *handle = open_handle_of(env, info, 2, arguments);
  uint32_t zone, token;
  if (handle == NULL || !read_integer(env, arguments[0], "zone", 0, UINT32_MAX, &zone) ||
      !read_integer(env, arguments[1], "token", 0, UINT32_MAX, &token)) {
    return NULL;
  }
  return ask(env, handle, zone, token, NULL, 0);
}

/* take(): the frames of the oldest slab as a Uint8Array valid until release(), or null. */
static napi_value take(napi_env env, napi_callback_info info) {
  struct handle *handle = open_handle_of(env, info, 0, NULL);
  napi_value buffer, result = NULL;
  if (handle == NULL) return NULL;
  if (handle->taken != NULL) {
    napi_throw_error(env, "ERR_SLAB_TAKEN", "the slab taken before was not released");
    return NULL;
  }
  struct slab *slab = slab_take(reader_slabs(handle->reader));
  if (slab == NULL) {
    napi_get_null(env, &result);
    return result;
  }
  handle->taken = slab;
  if (!handle_buffer(env, handle, slab, &buffer) ||
      napi_create_typedarray(env, napi_uint8_array, slab->used, buffer, 0, &result) != napi_ok) {
    napi_throw_error(env, NULL, "no Uint8Array could be made over a slab");
    return NULL;
  }
  return result;
}

/* release() */
static napi_value release(napi_env env, napi_callback_info info) {
  struct handle *handle = handle_of(env, info, 0, NULL);
  if (handle == NULL || handle->reader == NULL || handle->taken == NULL) return NULL;
  struct slab *slab = handle->taken;
  handle->taken = NULL;
  reader_give_back(handle->reader, slab);
  return NULL;
}

/* close(): once or more. */
static napi_value close_reader(napi_env env, napi_callback_info info) {
  struct handle *handle = handle_of(env, info, 0, NULL);
  if (handle != NULL) handle_close(handle);
  return NULL;
}

static void put_number(napi_env env, napi_value object, const char *name, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  napi_set_named_property(env, object, name, value);
}

/* stats() */
static napi_value stats(napi_env env, napi_callback_info info) {
  struct handle *handle = open_handle_of(env, info, 0, NULL);
  napi_value result;
  if (handle == NULL) return NULL;
  struct reader_stats now = reader_stats(handle->reader);
  napi_create_object(env, &result);
  put_number(env, result, "receivedBytes", (double)now.received_bytes);
  put_number(env, result, "receivedMessages", (double)now.received_messages);
  put_number(env, result, "lostMessages", (double)now.lost_messages);
  put_number(env, result, "icmpMessages", (double)now.icmp_messages);
  put_number(env, result, "icmpDropped", (double)now.icmp_dropped);
  put_number(env, result, "slabsInUse", now.slabs_in_use);
  put_number(env, result, "receiveBufferBytes", handle->granted_bytes);
  return result;
}

static napi_property_descriptor method(const char *name, napi_callback callback) {
  return (napi_property_descriptor){
      .utf8name = name, .method = callback, .attributes = napi_default_method};
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor methods[] = {
      method("addZone", add_zone), method("removeZone", remove_zone),
      method("setFilter", set_filter), method("query", query),
      method("barrier", barrier), method("take", take),
      method("release", release), method("close", close_reader),
      method("stats", stats),
  };
  napi_value reader;
  if (napi_define_class(env, "Reader", NAPI_AUTO_LENGTH, handle_construct, NULL,
                        sizeof methods / sizeof *methods, methods, &reader) != napi_ok ||
      napi_set_named_property(env, exports, "Reader", reader) != napi_ok) {
    return NULL;
  }
  return exports;
}
