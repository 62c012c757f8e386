/* SPDX-License-Identifier: GPL-2.0 */
/* What all mechanisms of `request` share: which messages count, who was named lately, and the two records. */
#ifndef ROUTETAP_REQUEST_BPF_H
#define ROUTETAP_REQUEST_BPF_H

#include "ring.h"

#define EINTR 4
#define NETLINK_ROUTE 0
#define NLM_F_REQUEST 1
#define NLMSG_HDRLEN 16

#define RTM_NEWLINK 16
#define RTM_DELLINK 17
#define RTM_SETLINK 19
#define RTM_NEWADDR 20
#define RTM_DELADDR 21
#define RTM_NEWROUTE 24
#define RTM_DELROUTE 25
#define RTM_NEWRULE 32
#define RTM_DELRULE 33
#define RTM_NEWNEXTHOP 104
#define RTM_DELNEXTHOP 105

#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h: a 32-bit system call */

#define RT_SOCKETS 4096

/* Within it, a socket's route requests by the same thread are told once. */
const volatile __u64 request_window_ns = 1000000000ULL;

/* struct nlmsghdr and what struct ifinfomsg, ifaddrmsg, rtmsg, nhmsg and fib_rule_hdr have in common. */
struct rt_asked {
	__u32 len;
	__u16 type;
	__u16 flags;
	__u32 seq;
	__u32 pid;
	__u8 family;
	__u8 pad[3];
	__u32 index; /* of links and addresses */
};

/* Whom the last route request of a socket was told to be of. */
struct rt_told {
	__u64 pid_tgid;
	__u64 since_ns;
};

/* By the socket's inode number: addresses and port ids are soon used again, in other namespaces too. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, RT_SOCKETS);
	__type(key, __u64);
	__type(value, struct rt_told);
} told SEC(".maps");

/* Numbers and registers of 32-bit system calls are others. */
static __always_inline bool rt_is_compat(void)
{
	return bpf_get_current_task_btf()->thread_info.status & TS_COMPAT;
}

#define TYPE_BIT(type) (1ULL << (type))
#define ROUTING_TYPES                                                                                       \
	(TYPE_BIT(RTM_NEWLINK) | TYPE_BIT(RTM_DELLINK) | TYPE_BIT(RTM_SETLINK) | TYPE_BIT(RTM_NEWADDR) |    \
	 TYPE_BIT(RTM_DELADDR) | TYPE_BIT(RTM_NEWROUTE) | TYPE_BIT(RTM_DELROUTE) | TYPE_BIT(RTM_NEWRULE) | \
	 TYPE_BIT(RTM_DELRULE))

/* A bit each: a comparison each would be a branch each for the verifier. */
static __always_inline bool rt_is_routing(__u16 type)
{
	if (type < 64)
		return ROUTING_TYPES >> type & 1;
	return type == RTM_NEWNEXTHOP || type == RTM_DELNEXTHOP;
}

static __always_inline bool rt_is_route(__u16 type)
{
	return type == RTM_NEWROUTE || type == RTM_DELROUTE;
}

static __always_inline struct net *rt_net_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net);
}

static __always_inline bool rt_elsewhere(struct sock *sk)
{
	return only_netns && rt_wrong_netns(BPF_CORE_READ(rt_net_of(sk), ns.inum));
}

static __always_inline __u64 rt_inode_of(struct sock *sk)
{
	void *socket = BPF_CORE_READ(sk, sk_socket);
	struct socket_alloc *alloc = socket - bpf_core_field_offset(struct socket_alloc, socket);

	return BPF_CORE_READ(alloc, vfs_inode.i_ino);
}

/* Another thread on the socket is told at once, so the one told last is always the one that sent last. */
static __always_inline bool rt_told_lately(__u64 inode)
{
	struct rt_told *last = bpf_map_lookup_elem(&told, &inode);

	return last && last->pid_tgid == bpf_get_current_pid_tgid() &&
	       bpf_ktime_get_ns() - last->since_ns < request_window_ns;
}

static __always_inline void rt_remember(__u64 inode)
{
	struct rt_told now = { .pid_tgid = bpf_get_current_pid_tgid(), .since_ns = bpf_ktime_get_ns() };

	bpf_map_update_elem(&told, &inode, &now, BPF_ANY);
}

/* A record of one request on this socket by the current thread, still to be submitted; NULL when there is no room. */
static __always_inline struct rt_event *rt_reserve_asked(struct sock *sk, const struct rt_asked *asked, __u8 mechanism)
{
	struct rt_event *event = rt_reserve();

	if (!event)
		return 0;
	event->mechanism = mechanism;
	rt_fill_net(event, rt_net_of(sk));
	event->addr = (__u64)sk;
	event->portid = BPF_CORE_READ((struct netlink_sock *)sk, portid);
	event->nlmsg_seq = asked->seq;
	event->nlmsg_type = asked->type;
	event->nlmsg_flags = asked->flags;
	if (asked->len >= sizeof(*asked)) {
		event->family = asked->family;
		if (asked->type <= RTM_DELADDR)
			event->oif = asked->index;
	}
	rt_fill_task(&event->task);
	return event;
}

/* Returns whether it went out. Global, as rt_send_ioctl is: hence no pointer to the kernel's memory among its arguments. */
__noinline int rt_send_request(__u64 sk, const struct rt_asked *asked, __u32 mechanism)
{
	struct rt_event *event;

	if (!asked)
		return 0;
	event = rt_reserve_asked((struct sock *)sk, asked, mechanism);
	if (!event)
		return 0;
	event->kind = RT_REQUEST;
	bpf_ringbuf_submit(event, 0);
	return 1;
}

/* `length` bytes of a request into a refusal. */
static __always_inline void rt_copy_message(struct rt_event *event, const void *from, __u32 length, bool user)
{
	long failed;

	if (length > RT_MESSAGE_BYTES)
		length = RT_MESSAGE_BYTES;
	/* Once more in one register, for the verifier. */
	asm volatile("%0 &= 0xff" : "+r"(length));
	if (length > RT_MESSAGE_BYTES)
		return;
	failed = user ? bpf_probe_read_user(event->message, length, from) :
			bpf_probe_read_kernel(event->message, length, from);
	if (!failed)
		event->message_len = length;
}

#endif
