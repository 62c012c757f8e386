/* SPDX-License-Identifier: GPL-2.0 */
/* The fentry and kprobe tiers of `request`: the kernel's own functions, in the requester's call. */
#ifndef ROUTETAP_REQUEST_DIRECT_BPF_H
#define ROUTETAP_REQUEST_DIRECT_BPF_H

#include "request-ioctl.bpf.h"

/* The sender's socket of a datagram on its way into the kernel (NETLINK_CB). */
static __always_inline struct sock *rt_sender_of(struct sk_buff *skb)
{
	struct netlink_skb_parms *parms = (void *)skb + bpf_core_field_offset(struct sk_buff, cb);

	return BPF_CORE_READ(parms, sk);
}

static __always_inline bool rt_read_asked(struct rt_asked *asked, struct nlmsghdr *header)
{
	return !bpf_probe_read_kernel(asked, sizeof(*asked), header) && rt_is_routing(asked->type) && !rt_is_own();
}

/* rtnetlink_rcv_msg runs in the sender's own call, once per message, also for what io_uring sends. */
static __always_inline int rt_on_message(struct sk_buff *skb, struct nlmsghdr *header, __u8 mechanism)
{
	struct rt_asked asked;
	struct sock *sk;
	__u64 inode;

	if (!rt_read_asked(&asked, header))
		return 0;
	sk = rt_sender_of(skb);
	if (!sk || rt_elsewhere(sk))
		return 0;
	if (!rt_is_route(asked.type)) {
		rt_send_request((__u64)sk, &asked, mechanism);
		return 0;
	}
	inode = rt_inode_of(sk);
	if (!rt_told_lately(inode) && rt_send_request((__u64)sk, &asked, mechanism))
		rt_remember(inode);
	return 0;
}

/* What the kernel answers with an errno; it doesn't answer an EINTR. */
static __always_inline int rt_on_refusal(struct sk_buff *skb, struct nlmsghdr *header, int error,
					 struct netlink_ext_ack *extack, __u8 mechanism)
{
	struct rt_asked asked;
	struct rt_event *event;
	struct sock *sk;
	const char *text;

	if (error >= 0 || error == -EINTR || !rt_read_asked(&asked, header))
		return 0;
	sk = rt_sender_of(skb);
	if (!sk || BPF_CORE_READ(sk, sk_protocol) != NETLINK_ROUTE || rt_elsewhere(sk))
		return 0;
	event = rt_reserve_asked(sk, &asked, mechanism);
	if (!event)
		return 0;
	event->kind = RT_REFUSED;
	event->error = error;
	text = extack ? BPF_CORE_READ(extack, _msg) : 0;
	if (text)
		bpf_probe_read_kernel_str(event->extack, sizeof(event->extack), text);
	rt_copy_message(event, header, asked.len, false);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("fentry/rtnetlink_rcv_msg")
int BPF_PROG(request_netlink_fentry, struct sk_buff *skb, struct nlmsghdr *header)
{
	return rt_on_message(skb, header, RT_FENTRY);
}

SEC("fexit/rtnetlink_rcv_msg")
int BPF_PROG(request_netlink_fexit, struct sk_buff *skb, struct nlmsghdr *header, struct netlink_ext_ack *extack,
	     int ret)
{
	return rt_on_refusal(skb, header, ret, extack, RT_FENTRY);
}

SEC("kprobe/rtnetlink_rcv_msg")
int BPF_KPROBE(request_netlink_kprobe, struct sk_buff *skb, struct nlmsghdr *header)
{
	return rt_on_message(skb, header, RT_KPROBE);
}

/* Not a kretprobe of rtnetlink_rcv_msg: those are few, and as many requests as there are senders wait for the lock. */
SEC("kprobe/netlink_ack")
int BPF_KPROBE(request_refused_kprobe, struct sk_buff *skb, struct nlmsghdr *header, int error,
	       struct netlink_ext_ack *extack)
{
	return rt_on_refusal(skb, header, error, extack, RT_KPROBE);
}

/* The socket the current ioctl is on; NULL in a 32-bit one. */
static __always_inline struct sock *rt_ioctl_socket(void)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	if (rt_is_compat() || BPF_CORE_READ(regs, orig_ax) != NR_IOCTL)
		return 0;
	return rt_sock_of_fd((__u32)BPF_CORE_READ(regs, di));
}

static __always_inline int rt_on_ioctl_call(struct net *net, __u32 command, const void *at, __u8 argument, int error,
					    __u8 mechanism)
{
	struct rt_ioctl call = {
		.net = net,
		.at = at,
		.type = rt_type_of(command),
		.argument = argument,
		.in_user_memory = argument == RT_IN6_IFREQ,
	};

	if (!call.type || rt_is_own() || (only_netns && rt_wrong_netns(BPF_CORE_READ(net, ns.inum))))
		return 0;
	call.sk = rt_ioctl_socket();
	return rt_send_ioctl(&call, error, mechanism);
}

/* A kretprobe no longer knows the arguments. */
struct rt_open_ioctl {
	struct net *net;
	const void *at;
	__u32 command;
	__u32 argument;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rt_open_ioctl);
} open_ioctls SEC(".maps");

static __always_inline int rt_open_ioctl(struct net *net, __u32 command, const void *at, __u8 argument)
{
	struct rt_open_ioctl *open;

	if (!rt_type_of(command))
		return 0;
	open = bpf_task_storage_get(&open_ioctls, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (open) {
		open->net = net;
		open->at = at;
		open->command = command;
		open->argument = argument;
	}
	return rt_on_ioctl_call(net, command, at, argument, 0, RT_KPROBE);
}

static __always_inline int rt_close_ioctl(int ret)
{
	struct rt_open_ioctl *open = bpf_task_storage_get(&open_ioctls, bpf_get_current_task_btf(), 0, 0);
	__u32 command;

	if (!open || !open->command)
		return 0;
	command = open->command;
	open->command = 0;
	return ret < 0 ? rt_on_ioctl_call(open->net, command, open->at, open->argument, ret, RT_KPROBE) : 0;
}

/*
 * Both ends of a function that runs an ioctl. `name` holds no 4 or 6 at the end of a word: the programs serve both
 * families together, or a family on another tier would be told everything twice.
 */
#define RT_UNPACK(...) __VA_ARGS__
#define RT_IOCTL(name, function, argument, command, at, enter, leave)                                 \
	SEC("fentry/" #function)                                                                      \
	int BPF_PROG(request_##name##_fentry, RT_UNPACK enter)                                        \
	{                                                                                             \
		return rt_on_ioctl_call(net, command, at, argument, 0, RT_FENTRY);                    \
	}                                                                                             \
	SEC("fexit/" #function)                                                                       \
	int BPF_PROG(request_##name##_fexit, RT_UNPACK leave)                                         \
	{                                                                                             \
		return ret < 0 ? rt_on_ioctl_call(net, command, at, argument, ret, RT_FENTRY) : 0;    \
	}                                                                                             \
	SEC("kprobe/" #function)                                                                      \
	int BPF_KPROBE(request_##name##_kprobe, RT_UNPACK enter)                                      \
	{                                                                                             \
		return rt_open_ioctl(net, command, at, argument);                                     \
	}                                                                                             \
	SEC("kretprobe/" #function)                                                                   \
	int BPF_KRETPROBE(request_##name##_kretprobe, int ret)                                        \
	{                                                                                             \
		return rt_close_ioctl(ret);                                                           \
	}

RT_IOCTL(inetroute, ip_rt_ioctl, RT_RTENTRY, cmd, at, (struct net *net, unsigned int cmd, void *at),
	 (struct net *net, unsigned int cmd, void *at, int ret))
RT_IOCTL(ipv6route, ipv6_route_ioctl, RT_IN6_RTMSG, cmd, at, (struct net *net, unsigned int cmd, void *at),
	 (struct net *net, unsigned int cmd, void *at, int ret))
RT_IOCTL(inetdev, devinet_ioctl, RT_IFREQ, cmd, at, (struct net *net, unsigned int cmd, void *at),
	 (struct net *net, unsigned int cmd, void *at, int ret))
/* For sockets whose family has no such command: an AF_INET6 one, say. */
RT_IOCTL(dev, dev_ioctl, RT_IFREQ, cmd == SIOCSIFFLAGS ? cmd : 0, at, (struct net *net, unsigned int cmd, void *at),
	 (struct net *net, unsigned int cmd, void *at, void *data, bool *copyout, int ret))
RT_IOCTL(newaddr, addrconf_add_ifaddr, RT_IN6_IFREQ, SIOCSIFADDR, at, (struct net *net, void *at),
	 (struct net *net, void *at, int ret))
RT_IOCTL(deladdr, addrconf_del_ifaddr, RT_IN6_IFREQ, SIOCDIFADDR, at, (struct net *net, void *at),
	 (struct net *net, void *at, int ret))

#endif
