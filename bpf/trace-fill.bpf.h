/* SPDX-License-Identifier: GPL-2.0 */
/* The sections of a record: what a function was called with, and what it gave. */
#ifndef ROUTETAP_TRACE_FILL_BPF_H
#define ROUTETAP_TRACE_FILL_BPF_H

#include "trace-flow.bpf.h"
#include "trace-route.bpf.h"

#define INDEX_BUCKETS 256 /* NETDEV_HASHENTRIES, include/linux/netdevice.h */
#define MOST_IN_BUCKET 4

/* Name of the interface with this number, as dev_get_by_index finds it (net/core/dev.c). */
static __noinline int rt_device_name(char *to, const struct net *net, __u32 ifindex)
{
	const struct hlist_head *buckets = BPF_CORE_READ(net, dev_index_head);
	const struct hlist_head *bucket = (const void *)((const char *)buckets + (ifindex & (INDEX_BUCKETS - 1)) *
								 bpf_core_type_size(struct hlist_head));
	const struct hlist_node *node = BPF_CORE_READ(bucket, first);
	int at;

	for (at = 0; at < MOST_IN_BUCKET && node; at++) {
		const struct net_device *dev =
			(const void *)((const char *)node - bpf_core_field_offset(struct net_device, index_hlist));

		if (BPF_CORE_READ(dev, ifindex) == (int)ifindex) {
			bpf_core_read(to, 16, &dev->name);
			return 0;
		}
		node = BPF_CORE_READ(node, next);
	}
	return 0;
}

static __noinline int rt_fill_flow(struct rt_step *step, const struct rt_shape *shape, const struct rt_frame *frame,
				   bool is_leaving, struct rt_trace *trace)
{
	int told = rt_flow_of(&step->flow, shape, frame, is_leaving, trace->family);

	step->family = told & 0xff;
	step->has |= told >> 16;
	if (!step->family)
		step->family = shape->family;
	if (step->family)
		trace->family = step->family;
	if (trace->net && step->flow.oif)
		rt_device_name(step->flow.oif_name, (const struct net *)trace->net, step->flow.oif);
	if (trace->net && step->flow.l3mdev)
		rt_device_name(step->flow.l3mdev_name, (const struct net *)trace->net, step->flow.l3mdev);
	return 0;
}

/* Interface, packet and table among the arguments. */
static __noinline int rt_fill_arguments(struct rt_step *step, const struct rt_shape *shape,
					const struct rt_frame *frame)
{
	struct net_device *dev = RT_ARGUMENT(struct net_device *, frame, shape, dev);
	struct fib_table *table = RT_ARGUMENT(struct fib_table *, frame, shape, table4);
	struct fib6_table *table6 = RT_ARGUMENT(struct fib6_table *, frame, shape, table6);
	struct sk_buff *skb = RT_ARGUMENT(struct sk_buff *, frame, shape, skb);
	int at;

	step->function = frame->function;
#pragma unroll
	for (at = 0; at < RT_STEP_ARGUMENTS; at++)
		step->args[at] = frame->args[at + 1];
	step->table = RT_ARGUMENT(__u32, frame, shape, table_id);
	if (table)
		step->table = BPF_CORE_READ(table, tb_id);
	if (table6)
		step->table = BPF_CORE_READ(table6, tb6_id);
	if (skb) {
		step->packet_len = BPF_CORE_READ(skb, len);
		if (!dev && shape->is_input)
			dev = BPF_CORE_READ(skb, dev);
	}
	rt_dev(&step->ifindex, step->dev, dev);
	return 0;
}

static __noinline int rt_fill_enter(struct rt_step *step, const struct rt_shape *shape, const struct rt_frame *frame,
				    const struct net *net)
{
	const struct fib_nh_common *nhc = RT_ARGUMENT(const struct fib_nh_common *, frame, shape, nhc);
	const struct fib6_nh *nh6 = RT_ARGUMENT(const struct fib6_nh *, frame, shape, nh6);
	const struct fib_rule *rule = RT_ARGUMENT(const struct fib_rule *, frame, shape, rule);

	if (rule) {
		step->has |= RT_HAS_RULE;
		rt_rule(&step->rule, rule, step->family);
	}
	if (nh6)
		nhc = &nh6->nh_common;
	if (nhc) {
		step->has |= RT_HAS_ROUTE;
		step->route.prefix_len = ALONE;
		rt_nexthop(&step->route, nhc);
	}
	if (shape->dst && rt_dst(&step->dst, rt_argument(frame, shape->dst), net))
		step->has |= RT_HAS_DST;
	return 0;
}

/* What a function gives by its result. */
static __noinline int rt_fill_result(struct rt_step *step, const struct rt_shape *shape, const struct net *net,
				     __u64 ret)
{
	if (!rt_is_pointer(ret))
		return 0;
	if (shape->returns == RT_RETURNS_DST) {
		if (rt_dst(&step->dst, ret, net))
			step->has |= RT_HAS_DST;
	} else if (shape->returns == RT_RETURNS_EXCEPTION) {
		if (rt_exception(&step->exception, ret))
			step->has |= RT_HAS_EXCEPTION;
	} else if (shape->returns == RT_RETURNS_TABLE4) {
		step->table = BPF_CORE_READ((struct fib_table *)ret, tb_id);
	} else if (shape->returns == RT_RETURNS_TABLE6) {
		step->table = BPF_CORE_READ((struct fib6_table *)ret, tb6_id);
	} else if (shape->returns == RT_RETURNS_DEVICE) {
		rt_dev(&step->ifindex, step->dev, (struct net_device *)ret);
	}
	return 0;
}

/* What a function left where its arguments point to. */
static __noinline int rt_fill_left(struct rt_step *step, const struct rt_shape *shape, const struct rt_frame *frame,
				   const struct net *net)
{
	const struct fib_result *result = RT_ARGUMENT(const struct fib_result *, frame, shape, result4);
	const struct fib6_result *result6 = RT_ARGUMENT(const struct fib6_result *, frame, shape, result6);
	struct fib_lookup_arg *arg = RT_ARGUMENT(struct fib_lookup_arg *, frame, shape, lookup_arg);
	struct sk_buff *skb = RT_ARGUMENT(struct sk_buff *, frame, shape, skb);
	const struct fib_rule *rule;

	if (result || result6)
		step->has |= RT_HAS_ROUTE;
	if (result)
		rt_route_of_result(&step->route, result);
	if (result6)
		rt_route_of_result6(&step->route, result6, net);
	if (shape->ops && arg) {
		rule = BPF_CORE_READ(arg, rule);
		if (rule) {
			step->has |= RT_HAS_RULE;
			rt_rule(&step->rule, rule, step->family);
		}
	}
	/* The lookup of a packet leaves the route with it. */
	if (skb && shape->is_input && rt_dst(&step->dst, BPF_CORE_READ(skb, _skb_refdst) & ~1UL, net))
		step->has |= RT_HAS_DST;
	return 0;
}

#endif
