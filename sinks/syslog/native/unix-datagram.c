// SPDX-License-Identifier: MIT
/*
 * Unix datagram sockets, which Node lacks: connect to a path, send without blocking, close.
 * Moves bytes and errno; knows nothing of syslog. Every function returns a number, negative for -errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NAPI_VERSION 8
#include <node_api.h>

static napi_value number(napi_env env, int32_t value)
{
	napi_value result = NULL;

	napi_create_int32(env, value, &result);
	return result;
}

/* connect(path: string): fd, or -errno (-EPROTOTYPE: a stream socket listens there). */
static napi_value dgram_connect(napi_env env, napi_callback_info info)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[sizeof(address.sun_path) + 1];
	size_t argc = 1, length = 0;
	napi_value argv[1];
	int fd, error;

	if (napi_get_cb_info(env, info, &argc, argv, NULL, NULL) != napi_ok || argc < 1 ||
	    napi_get_value_string_utf8(env, argv[0], path, sizeof(path), &length) != napi_ok)
		return number(env, -EINVAL);
	if (length == 0)
		return number(env, -ENOENT);
	if (length >= sizeof(address.sun_path))
		return number(env, -ENAMETOOLONG);
	memcpy(address.sun_path, path, length + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return number(env, -errno);
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1)) < 0) {
		error = errno;
		close(fd);
		return number(env, -error);
	}
	return number(env, fd);
}

/* send(fd: number, bytes: Uint8Array): bytes sent, or -errno (-EAGAIN: the receiver's queue is full). */
static napi_value dgram_send(napi_env env, napi_callback_info info)
{
	size_t argc = 2, length = 0;
	napi_value argv[2];
	void *data = NULL;
	napi_typedarray_type type;
	ssize_t sent;
	int32_t fd;

	if (napi_get_cb_info(env, info, &argc, argv, NULL, NULL) != napi_ok || argc < 2 ||
	    napi_get_value_int32(env, argv[0], &fd) != napi_ok ||
	    napi_get_typedarray_info(env, argv[1], &type, &length, &data, NULL, NULL) != napi_ok ||
	    type != napi_uint8_array)
		return number(env, -EINVAL);
	do {
		sent = send(fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return number(env, sent < 0 ? -errno : (int32_t)sent);
}

/* close(fd: number): 0, or -errno. */
static napi_value dgram_close(napi_env env, napi_callback_info info)
{
	size_t argc = 1;
	napi_value argv[1];
	int32_t fd;

	if (napi_get_cb_info(env, info, &argc, argv, NULL, NULL) != napi_ok || argc < 1 ||
	    napi_get_value_int32(env, argv[0], &fd) != napi_ok)
		return number(env, -EINVAL);
	return number(env, close(fd) < 0 ? -errno : 0);
}

__attribute__((visibility("default"))) NAPI_MODULE_INIT()
{
	const napi_property_descriptor members[] = {
		{ "connect", NULL, dgram_connect, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "send", NULL, dgram_send, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "close", NULL, dgram_close, NULL, NULL, NULL, napi_enumerable, NULL },
	};

	if (napi_define_properties(env, exports, sizeof(members) / sizeof(members[0]), members) != napi_ok)
		napi_throw_error(env, NULL, "unix-datagram: the module's members can't be defined");
	return exports;
}
