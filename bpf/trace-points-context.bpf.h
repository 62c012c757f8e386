/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoint tier has no calls to hang a step on: which tree it belongs to is told by where it happens. A system
 * call's lookups are one tree until the call ends; a softirq's are one until the next packet, another flow or its end.
 * While no tree of the machine is open, which is nearly always, a program ends after one load.
 */
#ifndef ROUTETAP_TRACE_POINTS_CONTEXT_H
#define ROUTETAP_TRACE_POINTS_CONTEXT_H

#include "trace-points-tree.bpf.h"

static __always_inline bool rt_points_same(const __u8 *a, const __u8 *b)
{
	const __u64 *x = (const __u64 *)a;
	const __u64 *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

static __always_inline bool rt_points_any(const __u8 *a)
{
	const __u64 *x = (const __u64 *)a;

	return !x[0] && !x[1];
}

/* What a received packet makes the kernel look up next: where it came from, or how to answer it. */
static __always_inline bool rt_points_related(const struct rt_points_tree *tree, __u8 family,
					      const struct rt_points_flow *flow)
{
	if (tree->family != family)
		return false;
	if (rt_points_same(tree->first.dst, flow->dst))
		return rt_points_same(tree->first.src, flow->src) || rt_points_any(tree->first.src);
	return tree->first.iif != RT_LOOPBACK_IFINDEX && rt_points_same(tree->first.src, flow->dst);
}

/*
 * The tree a table lookup belongs to, which it may begin, or NULL. `net` is NULL where the tracepoint does not tell.
 */
static __always_inline struct rt_points_tree *rt_points_lookup(const void *ctx, __u8 family,
							       const struct rt_points_flow *flow, struct net *net,
							       bool *in_softirq)
{
	struct rt_points_cpu *cpu = rt_points_cpu();
	struct rt_points_tree *tree;
	bool matches;

	if (!cpu)
		return 0;
	*in_softirq = rt_points_serving(ctx);
	matches = rt_flow_matches(family, flow->src, flow->dst);
	if (!matches && !open_trees)
		return 0;
	if (*in_softirq) {
		struct net_device *dev = cpu->dev;

		tree = &cpu->tree;
		if (tree->lookup && rt_points_related(tree, family, flow)) {
			tree->is_paused = false;
			rt_points_net(tree, net);
			return tree;
		}
		if (!net && dev)
			net = BPF_CORE_READ(dev, nd_net.net);
	} else {
		struct task_struct *task = bpf_get_current_task_btf();

		tree = bpf_task_storage_get(&task_trees, task, 0, matches ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
		if (!tree)
			return 0;
		if (!net && !(task->flags & RT_PF_KTHREAD))
			net = BPF_CORE_READ(task, nsproxy, net_ns);
	}
	if (!matches || !rt_points_net_matches(net) || !rt_task_matches(*in_softirq)) {
		tree->is_paused = true;
		return 0;
	}
	if (tree->lookup && (*in_softirq || (tree->is_endless && !rt_points_related(tree, family, flow))))
		rt_points_end(tree, *in_softirq, 0);
	tree->is_paused = false;
	if (!tree->lookup) {
		tree->lookup = __sync_fetch_and_add(&last_lookup, 1) + 1;
		tree->seq = 0;
		tree->is_filled = false;
		tree->netns = 0;
		tree->net_cookie = 0;
		tree->call = *in_softirq ? 0 : rt_points_call(bpf_get_current_task_btf());
		tree->is_endless = !tree->call || !rt_points_await(bpf_get_current_task_btf());
		tree->first = *flow;
		__sync_fetch_and_add(&open_trees, 1);
	}
	tree->family = family;
	rt_points_net(tree, net);
	return tree;
}

/* The tree that is open here, or NULL. */
static __always_inline struct rt_points_tree *rt_points_open(const void *ctx, bool *in_softirq)
{
	struct rt_points_cpu *cpu;
	struct rt_points_tree *tree;

	if (!open_trees)
		return 0;
	cpu = rt_points_cpu();
	if (!cpu)
		return 0;
	*in_softirq = rt_points_serving(ctx);
	tree = *in_softirq ? &cpu->tree : bpf_task_storage_get(&task_trees, bpf_get_current_task_btf(), 0, 0);
	return tree && tree->lookup ? tree : 0;
}

#endif
