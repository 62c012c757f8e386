/* SPDX-License-Identifier: GPL-2.0 */
/* Requests by ioctl: what their argument says. They count as the rtnetlink requests they are worth. */
#ifndef ROUTETAP_REQUEST_IOCTL_BPF_H
#define ROUTETAP_REQUEST_IOCTL_BPF_H

#include "request.bpf.h"

/* include/uapi/linux/sockios.h. */
#define SIOCADDRT 0x890b
#define SIOCDELRT 0x890c
#define SIOCSIFFLAGS 0x8914
#define SIOCSIFADDR 0x8916
#define SIOCSIFNETMASK 0x891c
#define SIOCDIFADDR 0x8936

#define AF_PACKET 17
#define RTF_HOST 4
#define IFNAMSIZ 16
#define MAX_DEVICES 4096 /* looked through for a name */

/* What an argument is. */
enum rt_argument {
	RT_NO_ARGUMENT = 0,
	RT_RTENTRY = 1,   /* struct rtentry */
	RT_IN6_RTMSG = 2, /* struct in6_rtmsg */
	RT_IFREQ = 3,     /* struct ifreq */
	RT_IN6_IFREQ = 4, /* struct in6_ifreq */
};

struct rt_ioctl {
	struct net *net;
	const void *at;
	struct sock *sk; /* NULL: not known */
	__u16 type;
	__u8 argument; /* enum rt_argument */
	bool in_user_memory;
};

/* include/uapi/linux/route.h, struct rtentry. */
struct rt_rtentry {
	__u64 pad1;
	struct {
		__u16 family;
		__u16 port;
		__be32 address;
		__u64 zero;
	} dst, gateway, genmask;
	__u16 flags;
	__u16 pad2;
	__u32 pad3;
	__u64 pad4[2];
	__u64 metric;
	const char *dev; /* user memory */
};

/* include/uapi/linux/ipv6_route.h, struct in6_rtmsg. */
struct rt_in6_rtmsg {
	__u8 dst[16];
	__u8 src[16];
	__u8 gateway[16];
	__u32 type;
	__u16 dst_len;
	__u16 src_len;
	__u32 metric;
	__u64 info;
	__u32 flags;
	__u32 ifindex;
};

/* A name and the zeros behind it: two words are compared at once, where sixteen bytes would be as many branches. */
struct rt_name {
	__u64 words[IFNAMSIZ / 8];
};

struct rt_devices {
	void *at;  /* struct list_head */
	void *end;
	__u32 ifindex;
	struct rt_name name;
};

static long rt_device_step(__u32 step, struct rt_devices *devices)
{
	struct list_head *at = devices->at;
	struct net_device *dev = (void *)at - bpf_core_field_offset(struct net_device, dev_list);
	struct rt_name name = {};

	if (!at || (void *)at == devices->end)
		return 1;
	devices->at = BPF_CORE_READ(at, next);
	if (bpf_probe_read_kernel_str(&name, sizeof(name), &dev->name) < 0)
		return 1;
	if (name.words[0] != devices->name.words[0] || name.words[1] != devices->name.words[1])
		return 0;
	devices->ifindex = BPF_CORE_READ(dev, ifindex);
	return 1;
}

#define EVERY_BYTE(value) (0x0101010101010101ULL * (value))

/* The bits of a word before its first ':'. */
static __always_inline __u64 rt_before_colon(__u64 word)
{
	__u64 others = word ^ EVERY_BYTE(':');
	__u64 colons = (others - EVERY_BYTE(1)) & ~others & EVERY_BYTE(0x80);

	return ((colons & -colons) >> 7) - 1;
}

/* The label of an address (eth0:1) means its interface. */
static __always_inline void rt_cut_label(struct rt_name *name)
{
	__u64 first = rt_before_colon(name->words[0]);

	name->words[1] &= first == ~0ULL ? rt_before_colon(name->words[1]) : 0;
	name->words[0] &= first;
}

/* 0 where there is none. */
static __always_inline __u32 rt_ifindex_of(struct net *net, const void *name, bool in_user_memory)
{
	struct rt_devices devices = { .end = &net->dev_base_head };

	if (in_user_memory ? bpf_probe_read_user_str(&devices.name, IFNAMSIZ, name) < 0 :
			     bpf_probe_read_kernel_str(&devices.name, IFNAMSIZ, name) < 0)
		return 0;
	rt_cut_label(&devices.name);
	devices.at = BPF_CORE_READ(net, dev_base_head.next);
	bpf_loop(MAX_DEVICES, rt_device_step, &devices, 0);
	return devices.ifindex;
}

static __always_inline long rt_read_argument(void *to, __u32 size, const struct rt_ioctl *call)
{
	return call->in_user_memory ? bpf_probe_read_user(to, size, call->at) :
				      bpf_probe_read_kernel(to, size, call->at);
}

static __always_inline void rt_fill_rtentry(struct rt_event *event, const struct rt_ioctl *call)
{
	struct rt_rtentry entry;

	event->family = AF_INET;
	if (rt_read_argument(&entry, sizeof(entry), call))
		return;
	rt_fill_v4(event->dst, entry.dst.address);
	if (entry.gateway.family == AF_INET)
		rt_fill_v4(event->gateway, entry.gateway.address);
	event->prefix_len = entry.flags & RTF_HOST ? 32 : __builtin_popcount(entry.genmask.address);
	if (entry.dev)
		event->oif = rt_ifindex_of(call->net, entry.dev, true);
}

static __always_inline void rt_fill_in6_rtmsg(struct rt_event *event, const struct rt_ioctl *call)
{
	struct rt_in6_rtmsg message;

	event->family = AF_INET6;
	if (rt_read_argument(&message, sizeof(message), call))
		return;
	__builtin_memcpy(event->dst, message.dst, sizeof(event->dst));
	__builtin_memcpy(event->gateway, message.gateway, sizeof(event->gateway));
	event->prefix_len = message.dst_len > 128 ? 128 : message.dst_len;
	event->oif = message.ifindex;
}

static __always_inline void rt_fill_in6_ifreq(struct rt_event *event, const struct rt_ioctl *call)
{
	struct {
		__u8 address[16];
		__u32 prefix_len;
		__u32 ifindex;
	} request;

	event->family = AF_INET6;
	if (!rt_read_argument(&request, sizeof(request), call))
		event->oif = request.ifindex;
}

/*
 * A request (`error` 0) or its refusal. Global, so that it is verified once, for any argument. A static function is
 * verified for what each caller passes, and kernels before 6.8 forget that a branch depends on the caller's stack ("bpf:
 * support non-r10 register spill/fill to/from stack in precision tracking"): 6.1 took the live branch on `type` for dead.
 */
__noinline int rt_send_ioctl(const struct rt_ioctl *call, int error, __u32 mechanism)
{
	struct rt_event *event;

	if (!call)
		return 0;
	event = rt_reserve();
	if (!event)
		return 0;
	event->kind = error ? RT_REFUSED : RT_REQUEST;
	event->mechanism = mechanism;
	event->error = error;
	event->nlmsg_type = call->type;
	event->addr = (__u64)call->sk;
	rt_fill_net(event, call->net);
	rt_fill_task(&event->task);
	switch (call->argument) {
	case RT_RTENTRY:
		rt_fill_rtentry(event, call);
		break;
	case RT_IN6_RTMSG:
		rt_fill_in6_rtmsg(event, call);
		break;
	case RT_IN6_IFREQ:
		rt_fill_in6_ifreq(event, call);
		break;
	case RT_IFREQ:
		if (call->type == RTM_NEWADDR)
			event->family = AF_INET;
		event->oif = rt_ifindex_of(call->net, call->at, call->in_user_memory);
		break;
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __always_inline __u16 rt_type_of(__u32 command)
{
	switch (command) {
	case SIOCADDRT:
		return RTM_NEWROUTE;
	case SIOCDELRT:
		return RTM_DELROUTE;
	case SIOCSIFFLAGS:
		return RTM_SETLINK;
	case SIOCSIFADDR:
	case SIOCSIFNETMASK:
		return RTM_NEWADDR;
	case SIOCDIFADDR:
		return RTM_DELADDR;
	}
	return 0;
}

/* The argument of a command on a socket of this family; packet sockets pass what they don't know to IPv4. */
static __always_inline __u8 rt_argument_of(__u32 command, __u16 family)
{
	if (command == SIOCSIFFLAGS)
		return RT_IFREQ;
	if (family == AF_INET6 && command != SIOCSIFNETMASK)
		return command == SIOCADDRT || command == SIOCDELRT ? RT_IN6_RTMSG : RT_IN6_IFREQ;
	if ((family != AF_INET && family != AF_PACKET) || command == SIOCDIFADDR)
		return RT_NO_ARGUMENT;
	return command == SIOCADDRT || command == SIOCDELRT ? RT_RTENTRY : RT_IFREQ;
}

#endif
