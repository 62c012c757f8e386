/* SPDX-License-Identifier: GPL-2.0 */
/* From a flow or a packet without a route to the record. */
#ifndef ROUTETAP_MISS_SEND_BPF_H
#define ROUTETAP_MISS_SEND_BPF_H

#include "miss-trail.bpf.h"

static __always_inline bool rt_has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

static __always_inline bool rt_has_rules(struct net *net, int family)
{
	return family == AF_INET ? BPF_CORE_READ(net, ipv4.fib_has_custom_rules)
				 : BPF_CORE_READ(net, ipv6.fib6_has_custom_rules);
}

/* Without policy rules the tables are known; with them the last walk over the rules says, if it was this flow's. */
static __always_inline void rt_fill_tables(struct net *net, const struct rt_fold_key *key, const struct rt_trail *trail,
					   struct rt_fold *fold)
{
	if (!rt_has_rules(net, key->family)) {
		fold->table = key->family == AF_INET && BPF_CORE_READ(net, ipv4.fib_default) ? RT_TABLE_DEFAULT
											      : RT_TABLE_MAIN;
		return;
	}
	if (trail && rt_same(trail->dst, key->dst)) {
		fold->rule = trail->rule;
		fold->table = trail->table;
	}
}

static __always_inline void rt_fill_place(struct net *net, struct rt_fold_key *key, struct rt_fold *fold)
{
	key->netns = BPF_CORE_READ(net, ns.inum);
	fold->net_cookie = BPF_CORE_READ(net, net_cookie);
	fold->addr = (__u64)net;
}

/* A flow of this host. In a softirq it is nobody's: an answer to a packet, or a timer of a connection. */
static __always_inline int rt_output_miss(struct net *net, int family, const void *flow, struct rt_trail *trail,
					  __u8 mechanism)
{
	const struct flowi_common *common = flow;
	const struct flowi4 *four = flow;
	const struct flowi6 *six = flow;
	struct rt_fold_key key = { .family = family, .direction = RT_OUTPUT };
	struct rt_fold fold = { .mechanism = mechanism };

	if (!rt_in_softirq()) {
		if (rt_is_own())
			return 0;
		rt_fill_task(&fold.task);
		key.pid = fold.task.pid;
	}
	rt_fill_place(net, &key, &fold);
	if (rt_wrong_netns(key.netns))
		return 0;
	key.protocol = BPF_CORE_READ(common, flowic_proto);
	if (family == AF_INET) {
		bpf_core_read(key.src, 4, &four->saddr);
		bpf_core_read(key.dst, 4, &four->daddr);
	} else {
		bpf_core_read(key.src, 16, &six->saddr);
		bpf_core_read(key.dst, 16, &six->daddr);
	}
	if (rt_has_ports(key.protocol)) {
		__be16 to = family == AF_INET ? BPF_CORE_READ(four, uli.ports.dport) : BPF_CORE_READ(six, uli.ports.dport);
		__be16 from = family == AF_INET ? BPF_CORE_READ(four, uli.ports.sport) : BPF_CORE_READ(six, uli.ports.sport);

		key.dport = bpf_ntohs(to);
		fold.sport = bpf_ntohs(from);
	}
	fold.oif = BPF_CORE_READ(common, flowic_oif);
	fold.mark = BPF_CORE_READ(common, flowic_mark);
	fold.uid = BPF_CORE_READ(common, flowic_uid.val);
	rt_fill_tables(net, &key, trail, &fold);
	return rt_happened(&key, &fold);
}

/* IPv6 hop headers are not walked: behind them the protocol is their own number and there are no ports. */
static __always_inline const void *rt_flow_of_packet(const unsigned char *at, int family, struct rt_fold_key *key)
{
	if (family == AF_INET) {
		__be16 fragment = 0;
		__u8 first = 0;

		bpf_probe_read_kernel(&first, 1, at);
		bpf_probe_read_kernel(&key->protocol, 1, at + 9);
		bpf_probe_read_kernel(key->src, 4, at + 12);
		bpf_probe_read_kernel(key->dst, 4, at + 16);
		bpf_probe_read_kernel(&fragment, 2, at + 6);
		/* Only the first fragment has the ports. */
		return fragment & bpf_htons(0x1fff) ? 0 : at + (first & 15) * 4;
	}
	bpf_probe_read_kernel(&key->protocol, 1, at + 6);
	bpf_probe_read_kernel(key->src, 16, at + 8);
	bpf_probe_read_kernel(key->dst, 16, at + 24);
	return at + 40;
}

static __always_inline bool rt_is_forwarding(struct net_device *dev)
{
	struct inet6_dev *six = BPF_CORE_READ(dev, ip6_ptr);

	return six && BPF_CORE_READ(six, cnf.forwarding);
}

/* A packet that came in, about to be dropped. */
static __always_inline int rt_packet_miss(struct sk_buff *skb, int family, const struct rt_trail *trail,
					  __u8 mechanism)
{
	const unsigned char *head = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	struct rt_fold_key key = { .family = family, .direction = RT_FORWARD };
	struct rt_fold fold = { .mechanism = mechanism };
	const void *transport;
	struct net *net;

	if (!dev)
		return 0;
	net = BPF_CORE_READ(dev, nd_net.net);
	rt_fill_place(net, &key, &fold);
	if (rt_wrong_netns(key.netns))
		return 0;
	transport = rt_flow_of_packet(head, family, &key);
	if (family == AF_INET6) {
		/* Multicast before its route is there, on an interface coming up, is no flow. */
		if (key.dst[0] == 0xff)
			return 0;
		/* With forwarding off IPv4 gives another reason. */
		if (!rt_is_forwarding(dev))
			key.direction = RT_INPUT;
	}
	if (transport && rt_has_ports(key.protocol)) {
		__be16 ports[2] = {};

		bpf_probe_read_kernel(ports, sizeof(ports), transport);
		fold.sport = bpf_ntohs(ports[0]);
		key.dport = bpf_ntohs(ports[1]);
	}
	key.iif = BPF_CORE_READ(dev, ifindex);
	fold.mark = BPF_CORE_READ(skb, mark);
	rt_fill_tables(net, &key, trail, &fold);
	return rt_happened(&key, &fold);
}

/* The route a packet carries; the lowest bit says whether it holds a reference. */
static __always_inline struct dst_entry *rt_dst_of(struct sk_buff *skb)
{
	return (struct dst_entry *)(BPF_CORE_READ(skb, _skb_refdst) & ~1UL);
}

/* ip_error(): IPv4 stores the lookup's error with its sign turned. */
static __always_inline int rt_error4(struct sk_buff *skb, __u8 mechanism)
{
	struct dst_entry *dst = rt_dst_of(skb);

	if (BPF_CORE_READ(dst, error) != ENETUNREACH || rt_input_denied((__u64)dst))
		return 0;
	return rt_packet_miss(skb, AF_INET, rt_trail(0), mechanism);
}

static __always_inline bool rt_is_null6(struct net *net, const struct dst_entry *dst)
{
	return (const void *)dst == (const void *)BPF_CORE_READ(net, ipv6.ip6_null_entry);
}

/* ip6_pkt_discard() drops what routes reject too. */
static __always_inline int rt_discard6(struct sk_buff *skb, __u8 mechanism)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);

	if (!dev || !rt_is_null6(BPF_CORE_READ(dev, nd_net.net), rt_dst_of(skb)) || rt_input_denied((__u64)skb))
		return 0;
	return rt_packet_miss(skb, AF_INET6, rt_trail(0), mechanism);
}

/* The end of an input lookup; only rules can have denied it. */
static __always_inline int rt_input4(struct sk_buff *skb)
{
	struct dst_entry *dst = rt_dst_of(skb);

	if (!dst || BPF_CORE_READ(dst, error) != ENETUNREACH)
		return 0;
	return rt_input_ended((__u64)dst);
}

static __always_inline int rt_input6(struct sk_buff *skb)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);

	if (!dev || !rt_is_null6(BPF_CORE_READ(dev, nd_net.net), rt_dst_of(skb)))
		return 0;
	return rt_input_ended((__u64)skb);
}

/*
 * ip_route_output_key_hash_rcu() said ENETUNREACH. It is no miss when a packet is given (a query, an ICMP error),
 * when the interface asked for is down (with one, tables that know nothing mean "on link"), when the source address
 * is not ours, or when a policy rule says so.
 */
static __always_inline int rt_output4(struct net *net, struct flowi4 *flow, const void *skb, __u8 mechanism)
{
	struct rt_trail *trail;

	if (skb)
		return 0;
	if (BPF_CORE_READ(flow, __fl_common.flowic_oif) && !BPF_CORE_READ(flow, __fl_common.flowic_l3mdev))
		return 0;
	trail = rt_trail(0);
	if (trail) {
		if (rt_is_fresh(trail->quiet_ns))
			return 0;
		if (rt_is_fresh(trail->stranger_ns) && trail->stranger == BPF_CORE_READ(flow, saddr)) {
			trail->stranger_ns = 0;
			return 0;
		}
		if (trail->denied == (__u64)flow && rt_has_rules(net, AF_INET)) {
			trail->denied = 0;
			return 0;
		}
	}
	return rt_output_miss(net, AF_INET, flow, trail, mechanism);
}

/* Source addresses are asked for by their value, without a reference: others do so too, but ask for no flow then. */
static __always_inline int rt_stranger4(__be32 address)
{
	struct rt_trail *trail = rt_trail(BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (trail) {
		trail->stranger = address;
		trail->stranger_ns = bpf_ktime_get_ns();
	}
	return 0;
}

static __always_inline bool rt_is_unset6(const struct flowi6 *flow)
{
	struct in6_addr from = {};

	bpf_core_read(&from, sizeof(from), &flow->saddr);
	return !(from.in6_u.u6_addr32[0] | from.in6_u.u6_addr32[1] | from.in6_u.u6_addr32[2] | from.in6_u.u6_addr32[3]);
}

/*
 * ip6_route_output_flags() found the null entry. A socket's flow without a source address is looked up again with
 * one (ip6_dst_lookup_tail): the second lookup counts, or the end of it all where there is no address to choose.
 */
static __always_inline int rt_output6(struct net *net, const void *sk, struct flowi6 *flow, __u8 mechanism)
{
	struct rt_trail *trail = rt_trail(sk ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);

	if (trail) {
		if (rt_is_fresh(trail->quiet_ns))
			return 0;
		trail->unsourced = 0;
		if (trail->denied == (__u64)flow && rt_has_rules(net, AF_INET6)) {
			trail->denied = 0;
			return 0;
		}
		if (sk && rt_is_unset6(flow)) {
			trail->unsourced = (__u64)flow;
			return 0;
		}
	}
	return rt_output_miss(net, AF_INET6, flow, trail, mechanism);
}

/* ip6_dst_lookup_flow() failed for another reason than the null entry: no source address to choose. */
static __always_inline int rt_unsourced6(struct net *net, struct flowi6 *flow, __u8 mechanism)
{
	struct rt_trail *trail = rt_trail(0);

	if (!trail || trail->unsourced != (__u64)flow)
		return 0;
	trail->unsourced = 0;
	return rt_output_miss(net, AF_INET6, flow, trail, mechanism);
}

#endif
