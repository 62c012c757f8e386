/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoint tier of the trace: which tables were asked and what they had, the neighbour, the packet sent or
 * dropped. What a neighbour's record says: args[0] its state before (NUD_*), args[1] the new one, args[2] its hardware
 * address (six bytes, the first one highest), route.gateway its address.
 */
#ifndef ROUTETAP_TRACE_POINTS_H
#define ROUTETAP_TRACE_POINTS_H

#include "trace-points-context.bpf.h"


/* The reasons of routing; their numbers are another kernel's. args[1] of a drop, 0 for any other reason. */
enum rt_point_drop {
	RT_DROP_OTHER = 0,
	RT_DROP_IP_OUTNOROUTES = 1,
	RT_DROP_IP_INNOROUTES = 2,
	RT_DROP_IP_INADDRERRORS = 3,
	RT_DROP_IP_RPFILTER = 4,
	RT_DROP_NEIGH_FAILED = 5,
	RT_DROP_NEIGH_CREATEFAIL = 6,
	RT_DROP_NEIGH_QUEUEFULL = 7,
	RT_DROP_NEIGH_DEAD = 8,
	RT_DROP_PKT_TOO_BIG = 9,
	RT_DROP_UNICAST_IN_L2_MULTICAST = 10,
	RT_DROP_NETFILTER_DROP = 11,
	RT_DROP_NO_SOCKET = 12,
	RT_DROP_IP_LOCAL_SOURCE = 13,
	RT_DROP_IP_INVALID_SOURCE = 14,
	RT_DROP_IP_LOCALNET = 15,
	RT_DROP_IP_INVALID_DEST = 16,
};

enum skb_drop_reason___points {
	SKB_DROP_REASON_IP_OUTNOROUTES___points,
	SKB_DROP_REASON_IP_INNOROUTES___points,
	SKB_DROP_REASON_IP_INADDRERRORS___points,
	SKB_DROP_REASON_IP_RPFILTER___points,
	SKB_DROP_REASON_NEIGH_FAILED___points,
	SKB_DROP_REASON_NEIGH_CREATEFAIL___points,
	SKB_DROP_REASON_NEIGH_QUEUEFULL___points,
	SKB_DROP_REASON_NEIGH_DEAD___points,
	SKB_DROP_REASON_PKT_TOO_BIG___points,
	SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST___points,
	SKB_DROP_REASON_NETFILTER_DROP___points,
	SKB_DROP_REASON_NO_SOCKET___points,
	SKB_DROP_REASON_IP_LOCAL_SOURCE___points,
	SKB_DROP_REASON_IP_INVALID_SOURCE___points,
	SKB_DROP_REASON_IP_LOCALNET___points,
	SKB_DROP_REASON_IP_INVALID_DEST___points,
};

#define RT_IS_DROP(reason, name)                                                                              \
	(bpf_core_enum_value_exists(enum skb_drop_reason___points, SKB_DROP_REASON_##name##___points) &&      \
	 reason == (int)bpf_core_enum_value(enum skb_drop_reason___points, SKB_DROP_REASON_##name##___points))

#define RT_TELL_DROP(reason, name)            \
	if (RT_IS_DROP(reason, name))         \
		return RT_DROP_##name

static __always_inline __u64 rt_points_drop(int reason)
{
	RT_TELL_DROP(reason, IP_OUTNOROUTES);
	RT_TELL_DROP(reason, IP_INNOROUTES);
	RT_TELL_DROP(reason, IP_INADDRERRORS);
	RT_TELL_DROP(reason, IP_RPFILTER);
	RT_TELL_DROP(reason, NEIGH_FAILED);
	RT_TELL_DROP(reason, NEIGH_CREATEFAIL);
	RT_TELL_DROP(reason, NEIGH_QUEUEFULL);
	RT_TELL_DROP(reason, NEIGH_DEAD);
	RT_TELL_DROP(reason, PKT_TOO_BIG);
	RT_TELL_DROP(reason, UNICAST_IN_L2_MULTICAST);
	RT_TELL_DROP(reason, NETFILTER_DROP);
	RT_TELL_DROP(reason, NO_SOCKET);
	RT_TELL_DROP(reason, IP_LOCAL_SOURCE);
	RT_TELL_DROP(reason, IP_INVALID_SOURCE);
	RT_TELL_DROP(reason, IP_LOCALNET);
	RT_TELL_DROP(reason, IP_INVALID_DEST);
	return RT_DROP_OTHER;
}

SEC("tp_btf/fib_table_lookup")
int BPF_PROG(trace_fib_tp, u32 tb_id, const struct flowi4 *flowi, const struct fib_nh_common *nhc, int err)
{
	struct rt_points_flow flow = { .iif = flowi->__fl_common.flowic_iif };
	struct rt_points_tree *tree;
	struct rt_step *step;
	struct net *net = 0;
	bool in_softirq = false;

	/* Asked what kind of address it is, for nobody's packet. */
	if (!flow.iif)
		return 0;
	*(__be32 *)flow.dst = flowi->daddr;
	*(__be32 *)flow.src = flowi->saddr;
	if (!open_trees && !rt_flow_matches(AF_INET, flow.src, flow.dst))
		return 0;
	if (nhc)
		net = BPF_CORE_READ(nhc, nhc_dev, nd_net.net);
	tree = rt_points_lookup(ctx, AF_INET, &flow, net, &in_softirq);
	if (!tree)
		return 0;
	step = rt_points_step(tree, in_softirq, RT_POINT, RT_POINT_FIB);
	if (!step)
		return 0;
	step->table = tb_id;
	step->ret = err;
	step->has |= RT_HAS_FLOW;
	rt_flow_of_flowi4(&step->flow, flowi);
	if (nhc) {
		step->has |= RT_HAS_ROUTE;
		step->route.prefix_len = ALONE;
		rt_nexthop(&step->route, nhc);
	}
	bpf_ringbuf_submit(step, 0);
	return 0;
}

/* A helper's call would cost more than all else that an unwanted lookup pays here. */
static __always_inline void rt_points_v6(__u8 *to, const struct in6_addr *from)
{
	__u32 *words = (__u32 *)to;

	words[0] = from->in6_u.u6_addr32[0];
	words[1] = from->in6_u.u6_addr32[1];
	words[2] = from->in6_u.u6_addr32[2];
	words[3] = from->in6_u.u6_addr32[3];
}

SEC("tp_btf/fib6_table_lookup")
int BPF_PROG(trace_fib6_tp, struct net *net, const struct fib6_result *res, struct fib6_table *table,
	     const struct flowi6 *flowi)
{
	struct rt_points_flow flow = { .iif = flowi->__fl_common.flowic_iif };
	struct rt_points_tree *tree;
	struct rt_step *step;
	bool in_softirq = false;

	rt_points_v6(flow.dst, &flowi->daddr);
	rt_points_v6(flow.src, &flowi->saddr);
	if (!open_trees && !rt_flow_matches(AF_INET6, flow.src, flow.dst))
		return 0;
	tree = rt_points_lookup(ctx, AF_INET6, &flow, net, &in_softirq);
	if (!tree)
		return 0;
	step = rt_points_step(tree, in_softirq, RT_POINT, RT_POINT_FIB6);
	if (!step)
		return 0;
	step->table = table->tb6_id;
	step->has |= RT_HAS_FLOW | RT_HAS_ROUTE;
	rt_flow_of_flowi6(&step->flow, flowi);
	rt_route_of_result6(&step->route, res, net);
	bpf_ringbuf_submit(step, 0);
	return 0;
}

/* A record of a neighbour in the tree that is open here. */
static __always_inline struct rt_step *rt_points_neighbour(const void *ctx, __u16 point, struct net_device *dev,
							   const void *address, int family)
{
	bool in_softirq = false;
	struct rt_points_tree *tree = rt_points_open(ctx, &in_softirq);
	struct rt_step *step;

	if (!tree || tree->is_paused || (family != AF_INET && family != AF_INET6))
		return 0;
	step = rt_points_step(tree, in_softirq, RT_POINT, point);
	if (!step)
		return 0;
	step->has |= RT_HAS_NEIGHBOUR;
	step->route.gateway_family = family;
	if (family == AF_INET)
		bpf_probe_read_kernel(step->route.gateway, 4, address);
	else
		bpf_probe_read_kernel(step->route.gateway, 16, address);
	rt_dev(&step->ifindex, step->dev, dev);
	return step;
}

static __noinline __u64 rt_points_lladdr(const __u8 *from)
{
	__u8 bytes[6] = {};
	__u64 all = 0;

	if (from)
		bpf_probe_read_kernel(bytes, sizeof(bytes), from);
	for (int i = 0; i < 6; i++)
		all = all << 8 | bytes[i];
	return all;
}

static __always_inline int rt_points_sent(const void *ctx, __u16 point, struct neighbour *n, int rc)
{
	struct rt_step *step;

	if (!open_trees)
		return 0;
	step = rt_points_neighbour(ctx, point, n->dev, n->primary_key, n->tbl->family);
	if (!step)
		return 0;
	step->ret = rc;
	step->args[0] = n->nud_state;
	step->args[1] = n->nud_state;
	bpf_ringbuf_submit(step, 0);
	return 0;
}

SEC("tp_btf/neigh_event_send_done")
int BPF_PROG(trace_neigh_send_tp, struct neighbour *n, int rc)
{
	return rt_points_sent(ctx, RT_POINT_NEIGH_SEND, n, rc);
}

SEC("tp_btf/neigh_event_send_dead")
int BPF_PROG(trace_neigh_dead_tp, struct neighbour *n, int rc)
{
	return rt_points_sent(ctx, RT_POINT_NEIGH_DEAD, n, rc);
}

SEC("tp_btf/neigh_create")
int BPF_PROG(trace_neigh_create_tp, struct neigh_table *tbl, struct net_device *dev)
{
	const void *key = 0;
	struct rt_step *step;

	if (!open_trees)
		return 0;
	/* The third argument, which Linux 6.12's verifier lets no program load, as it is a `const void *`. */
	bpf_probe_read_kernel(&key, sizeof(key), ctx + 2);
	step = rt_points_neighbour(ctx, RT_POINT_NEIGH_CREATE, dev, key, tbl->family);
	if (step)
		bpf_ringbuf_submit(step, 0);
	return 0;
}

SEC("tp_btf/neigh_update")
int BPF_PROG(trace_neigh_update_tp, struct neighbour *n, const u8 *lladdr, u8 state)
{
	struct rt_step *step;

	if (!open_trees)
		return 0;
	step = rt_points_neighbour(ctx, RT_POINT_NEIGH_UPDATE, n->dev, n->primary_key, n->tbl->family);
	if (!step)
		return 0;
	step->args[0] = n->nud_state;
	step->args[1] = state;
	step->args[2] = rt_points_lladdr(lladdr);
	bpf_ringbuf_submit(step, 0);
	return 0;
}

#include "trace-points-packet.bpf.h"

#endif
