/* SPDX-License-Identifier: GPL-2.0 */
/* Whose route is looked up, out of what a function was called with, and whether it is asked for. */
#ifndef ROUTETAP_TRACE_FLOW_BPF_H
#define ROUTETAP_TRACE_FLOW_BPF_H

#include "trace.bpf.h"

/* The argument a row of `shapes` names, from 1. */
static __always_inline __u64 rt_argument(const struct rt_frame *frame, __u8 number)
{
	return frame->args[number & 7];
}
#define RT_ARGUMENT(type, frame, shape, slot) ((type)rt_argument(frame, (shape)->slot))

static __always_inline void rt_flow_common(struct rt_step_flow *flow, const struct flowi_common *common)
{
	const struct flowi_common___dscp *now = (const void *)common;
	const struct flowi_common___tos *before = (const void *)common;

	flow->iif = BPF_CORE_READ(common, flowic_iif);
	flow->oif = BPF_CORE_READ(common, flowic_oif);
	flow->l3mdev = BPF_CORE_READ(common, flowic_l3mdev);
	flow->mark = BPF_CORE_READ(common, flowic_mark);
	flow->uid = BPF_CORE_READ(common, flowic_uid.val);
	flow->protocol = BPF_CORE_READ(common, flowic_proto);
	flow->flags = BPF_CORE_READ(common, flowic_flags);
	flow->hash = BPF_CORE_READ(common, flowic_multipath_hash);
	if (bpf_core_field_exists(now->flowic_dscp))
		flow->tos = BPF_CORE_READ(now, flowic_dscp);
	else if (bpf_core_field_exists(before->flowic_tos))
		flow->tos = BPF_CORE_READ(before, flowic_tos);
}

static __always_inline void rt_flow_uli(struct rt_step_flow *flow, const union flowi_uli *uli)
{
	if (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP)
		return;
	flow->sport = bpf_ntohs(BPF_CORE_READ(uli, ports.sport));
	flow->dport = bpf_ntohs(BPF_CORE_READ(uli, ports.dport));
}

static __always_inline int rt_flow_of_flowi4(struct rt_step_flow *flow, const struct flowi4 *fl4)
{
	rt_flow_common(flow, &fl4->__fl_common);
	bpf_core_read(flow->src, 4, &fl4->saddr);
	bpf_core_read(flow->dst, 4, &fl4->daddr);
	rt_flow_uli(flow, &fl4->uli);
	return AF_INET;
}

static __always_inline int rt_flow_of_flowi6(struct rt_step_flow *flow, const struct flowi6 *fl6)
{
	rt_flow_common(flow, &fl6->__fl_common);
	bpf_core_read(flow->src, 16, &fl6->saddr);
	bpf_core_read(flow->dst, 16, &fl6->daddr);
	rt_flow_uli(flow, &fl6->uli);
	flow->hash = BPF_CORE_READ(fl6, mp_hash);
	return AF_INET6;
}

static __always_inline int rt_flow_of_skb(struct rt_step_flow *flow, struct sk_buff *skb)
{
	const __u8 *head = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	const void *transport = 0;
	__be16 ports[2] = {};
	int family = 0;
	__u8 first = 0;

	bpf_probe_read_kernel(&first, 1, head);
	if (first >> 4 == 4) {
		__be16 fragment = 0;

		family = AF_INET;
		bpf_probe_read_kernel(&flow->tos, 1, head + 1);
		bpf_probe_read_kernel(&fragment, 2, head + 6);
		bpf_probe_read_kernel(&flow->protocol, 1, head + 9);
		bpf_probe_read_kernel(flow->src, 4, head + 12);
		bpf_probe_read_kernel(flow->dst, 4, head + 16);
		if (!(fragment & bpf_htons(0x1fff)))
			transport = head + (first & 15) * 4;
	} else if (first >> 4 == 6) {
		family = AF_INET6;
		bpf_probe_read_kernel(&flow->protocol, 1, head + 6);
		bpf_probe_read_kernel(flow->src, 16, head + 8);
		bpf_probe_read_kernel(flow->dst, 16, head + 24);
		transport = head + 40;
	}
	if (transport && (flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP)) {
		bpf_probe_read_kernel(ports, sizeof(ports), transport);
		flow->sport = bpf_ntohs(ports[0]);
		flow->dport = bpf_ntohs(ports[1]);
	}
	flow->mark = BPF_CORE_READ(skb, mark);
	if (dev)
		flow->iif = BPF_CORE_READ(dev, ifindex);
	return family;
}

static __always_inline int rt_flow_of_common(struct rt_step_flow *flow, const struct sock_common *common)
{
	int family = BPF_CORE_READ(common, skc_family);
	__be16 port = BPF_CORE_READ(common, skc_dport);

	flow->dport = bpf_ntohs(port);
	flow->sport = BPF_CORE_READ(common, skc_num);
	flow->oif = BPF_CORE_READ(common, skc_bound_dev_if);
	if (family == AF_INET6) {
		bpf_core_read(flow->src, 16, &common->skc_v6_rcv_saddr);
		bpf_core_read(flow->dst, 16, &common->skc_v6_daddr);
	} else {
		bpf_core_read(flow->src, 4, &common->skc_rcv_saddr);
		bpf_core_read(flow->dst, 4, &common->skc_daddr);
	}
	return family;
}

static __always_inline int rt_flow_of_sock(struct rt_step_flow *flow, struct sock *sk)
{
	flow->protocol = BPF_CORE_READ(sk, sk_protocol);
	flow->mark = BPF_CORE_READ(sk, sk_mark);
	flow->uid = BPF_CORE_READ(sk, sk_uid.val);
	return rt_flow_of_common(flow, &sk->__sk_common);
}

/* Where to, as the caller said; 0 where it said nothing. */
static __always_inline int rt_flow_of_sockaddr(struct rt_step_flow *flow, const void *address)
{
	const struct sockaddr_in *four = address;
	const struct sockaddr_in6 *six = address;
	int family = 0;
	__be16 port;

	if (!address)
		return 0;
	family = BPF_CORE_READ(four, sin_family);
	port = BPF_CORE_READ(four, sin_port);
	if (family == AF_INET6) {
		bpf_core_read(flow->dst, 16, &six->sin6_addr);
	} else {
		family = AF_INET;
		__builtin_memset(flow->dst, 0, sizeof(flow->dst));
		bpf_core_read(flow->dst, 4, &four->sin_addr);
	}
	flow->dport = bpf_ntohs(port);
	return family;
}

/* Addresses among the arguments. */
static __always_inline int rt_flow_of_addresses(struct rt_step_flow *flow, const struct rt_shape *shape,
						const struct rt_frame *frame)
{
	if (shape->daddr6 || shape->saddr6) {
		const void *dst = RT_ARGUMENT(const void *, frame, shape, daddr6);
		const void *src = RT_ARGUMENT(const void *, frame, shape, saddr6);

		if (dst)
			bpf_probe_read_kernel(flow->dst, 16, dst);
		if (src)
			bpf_probe_read_kernel(flow->src, 16, src);
		return AF_INET6;
	}
	if (shape->daddr4 || shape->saddr4) {
		*(__u32 *)flow->dst = RT_ARGUMENT(__u32, frame, shape, daddr4);
		*(__u32 *)flow->src = RT_ARGUMENT(__u32, frame, shape, saddr4);
		return AF_INET;
	}
	return 0;
}

/* 0: there is no struct flowi* among the arguments. */
static __always_inline int rt_family_of_flowi(const struct rt_shape *shape, const struct rt_frame *frame, int around)
{
	struct fib_rules_ops *ops = RT_ARGUMENT(struct fib_rules_ops *, frame, shape, ops);

	if (shape->flow4)
		return AF_INET;
	if (shape->flow6)
		return AF_INET6;
	if (!shape->flow)
		return 0;
	if (ops)
		return BPF_CORE_READ(ops, family);
	return shape->family ? shape->family : around;
}

/* `around` is the family of the call around it. Returns the family; 0: none of the arguments tells. The high bits are RT_HAS_FLOW or RT_HAS_PACKET, from bit 16. */
static __noinline int rt_flow_of(struct rt_step_flow *flow, const struct rt_shape *shape,
				 const struct rt_frame *frame, bool is_leaving, int around)
{
	int family = is_leaving || !shape->is_flow_out ? rt_family_of_flowi(shape, frame, around) : 0;
	const void *flowi = (const void *)rt_argument(frame, shape->flow4 | shape->flow6 | shape->flow);
	struct msghdr *msg = RT_ARGUMENT(struct msghdr *, frame, shape, msg);
	const void *address = RT_ARGUMENT(const void *, frame, shape, sockaddr);
	struct request_sock *req = RT_ARGUMENT(struct request_sock *, frame, shape, req);
	struct sk_buff *skb = RT_ARGUMENT(struct sk_buff *, frame, shape, skb);
	struct sock *sk = RT_ARGUMENT(struct sock *, frame, shape, sk);
	int told;

	if (flowi && family == AF_INET6)
		return rt_flow_of_flowi6(flow, flowi) | RT_HAS_FLOW << 16;
	if (flowi && family == AF_INET)
		return rt_flow_of_flowi4(flow, flowi) | RT_HAS_FLOW << 16;
	if (skb && (shape->is_input || !sk))
		return rt_flow_of_skb(flow, skb) | RT_HAS_PACKET << 16;
	if (req)
		return rt_flow_of_common(flow, &req->__req_common) | RT_HAS_FLOW << 16;
	if (sk && (shape->msg || shape->sockaddr || shape->is_root)) {
		family = rt_flow_of_sock(flow, sk);
		if (msg)
			address = BPF_CORE_READ(msg, msg_name);
		told = rt_flow_of_sockaddr(flow, address);
		return (told ? told : family) | RT_HAS_FLOW << 16;
	}
	family = rt_flow_of_addresses(flow, shape, frame);
	return family ? family | RT_HAS_FLOW << 16 : 0;
}

/* The namespace, where the arguments tell it. */
static __always_inline struct net *rt_net_of(const struct rt_shape *shape, const struct rt_frame *frame)
{
	struct net_device *dev = RT_ARGUMENT(struct net_device *, frame, shape, dev);
	struct sk_buff *skb = RT_ARGUMENT(struct sk_buff *, frame, shape, skb);
	struct sock *sk = RT_ARGUMENT(struct sock *, frame, shape, sk);

	if (shape->net)
		return RT_ARGUMENT(struct net *, frame, shape, net);
	if (sk)
		return BPF_CORE_READ(sk, __sk_common.skc_net.net);
	if (!dev && skb && shape->is_input)
		dev = BPF_CORE_READ(skb, dev);
	return dev ? BPF_CORE_READ(dev, nd_net.net) : 0;
}

/* Does a tree begin here? What costs least is asked first. */
static __noinline int rt_begins(const struct rt_shape *shape, const struct rt_frame *frame, bool in_softirq)
{
	struct rt_step_flow flow = {};
	int told;

	if (filter_family && shape->family && shape->family != filter_family)
		return 0;
	if (!rt_task_matches(in_softirq))
		return 0;
	if (only_netns) {
		struct net *net = rt_net_of(shape, frame);

		if (!net || BPF_CORE_READ(net, ns.inum) != only_netns)
			return 0;
	}
	if (!filter_family && !filter_has_dst && !filter_has_src)
		return 1;
	told = rt_flow_of(&flow, shape, frame, false, 0);
	return rt_flow_matches(told & 0xff, flow.src, flow.dst);
}

/* Somewhere that is not asked for, where one read tells: most lookups of most traces pay for no more. */
static __always_inline bool rt_is_elsewhere(const struct rt_shape *shape, const struct rt_frame *frame)
{
	const struct flowi4 *fl4 = RT_ARGUMENT(const struct flowi4 *, frame, shape, flow4);
	const struct flowi6 *fl6 = RT_ARGUMENT(const struct flowi6 *, frame, shape, flow6);
	__u64 dst[2] = {};

	if (!filter_has_dst || shape->is_flow_out)
		return false;
	if (fl4)
		bpf_core_read(dst, 4, &fl4->daddr);
	else if (fl6)
		bpf_core_read(dst, 16, &fl6->daddr);
	else
		return false;
	return !(dst[0] | dst[1]) || !rt_prefix_matches(filter_dst, filter_dst_len, (const __u8 *)dst);
}

#endif
