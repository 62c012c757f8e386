/* SPDX-License-Identifier: GPL-2.0 */
/* Packets of the tracepoint tier: received (which ends a tree), sent, dropped, answered; and the ends of trees. */
#ifndef ROUTETAP_TRACE_POINTS_PACKET_H
#define ROUTETAP_TRACE_POINTS_PACKET_H

struct rt_points_packet {
	struct rt_step_flow flow;
	int family; /* 0: no IP packet, or its header is not written yet */
} __attribute__((aligned(8)));

static __always_inline void rt_points_packet(struct rt_points_packet *to, struct sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6))
		to->family = rt_flow_of_skb(&to->flow, skb);
}

/* The packet is one that the tree tells of: its own, or what answers it. */
static __always_inline bool rt_points_of_tree(const struct rt_points_tree *tree, const struct rt_points_packet *packet)
{
	if (tree->family != packet->family)
		return false;
	return rt_points_same(tree->first.dst, packet->flow.dst) || rt_points_same(tree->first.src, packet->flow.dst);
}

static __always_inline struct rt_step *rt_points_of_packet(struct rt_points_tree *tree, bool in_softirq, __u16 point,
							    struct sk_buff *skb, const struct rt_points_packet *packet)
{
	struct rt_step *step = rt_points_step(tree, in_softirq, RT_POINT, point);

	if (!step)
		return 0;
	rt_dev(&step->ifindex, step->dev, skb->dev);
	step->packet_len = skb->len;
	step->args[2] = bpf_ntohs(skb->protocol);
	if (!packet->family)
		return step;
	step->has |= RT_HAS_FLOW | RT_HAS_PACKET;
	step->family = packet->family;
	step->flow = packet->flow;
	return step;
}

/* Before the queue of each interface on the way: a VRF, a tunnel and the one below are three. */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(trace_xmit_tp, struct sk_buff *skb)
{
	struct rt_points_packet packet = {};
	struct rt_points_tree *tree;
	struct rt_step *step;
	bool in_softirq = false;

	if (!open_trees)
		return 0;
	tree = rt_points_open(ctx, &in_softirq);
	if (!tree || tree->is_paused)
		return 0;
	rt_points_packet(&packet, skb);
	/* A softirq sends for many; who asks for a neighbour (ARP) asks for this one. */
	if (in_softirq && packet.family && !rt_points_of_tree(tree, &packet))
		return 0;
	if (tree->first.iif != RT_LOOPBACK_IFINDEX || !tree->is_filled)
		rt_points_net(tree, BPF_CORE_READ(skb, dev, nd_net.net));
	/* The interface it leaves by. */
	packet.flow.iif = 0;
	step = rt_points_of_packet(tree, in_softirq, RT_POINT_XMIT, skb, &packet);
	if (step)
		bpf_ringbuf_submit(step, 0);
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(trace_drop_tp, struct sk_buff *skb, void *location, int reason)
{
	struct rt_points_packet packet = {};
	struct rt_points_tree *tree;
	struct rt_step *step;
	bool in_softirq = false;
	__u64 drop;

	if (!open_trees)
		return 0;
	tree = rt_points_open(ctx, &in_softirq);
	if (!tree)
		return 0;
	drop = rt_points_drop(reason);
	rt_points_packet(&packet, skb);
	/* Other reasons are many, and some are no loss at all: only of a packet that is known for this tree's. */
	if (packet.family ? !rt_points_of_tree(tree, &packet) : drop == RT_DROP_OTHER || tree->is_paused)
		return 0;
	step = rt_points_of_packet(tree, in_softirq, RT_POINT_DROP, skb, &packet);
	if (!step)
		return 0;
	step->ret = reason;
	step->args[0] = reason;
	step->args[1] = drop;
	bpf_ringbuf_submit(step, 0);
	return 0;
}

/* The packet answered; the answer's own lookup came before. */
SEC("tp_btf/icmp_send")
int BPF_PROG(trace_icmp_tp, struct sk_buff *skb, int type, int code)
{
	struct rt_points_packet packet = {};
	struct rt_points_tree *tree;
	struct rt_step *step;
	bool in_softirq = false;

	if (!open_trees)
		return 0;
	tree = rt_points_open(ctx, &in_softirq);
	if (!tree)
		return 0;
	rt_points_packet(&packet, skb);
	if (!rt_points_of_tree(tree, &packet))
		return 0;
	tree->is_paused = false;
	step = rt_points_of_packet(tree, in_softirq, RT_POINT_ICMP, skb, &packet);
	if (!step)
		return 0;
	step->args[0] = type;
	step->args[1] = code;
	bpf_ringbuf_submit(step, 0);
	return 0;
}

/* Runs at the end of every call of the machine: only where task work is not to be had. */
SEC("tp_btf/sys_exit")
int BPF_PROG(trace_exit_tp, struct pt_regs *regs, long ret)
{
	struct rt_points_tree *tree;

	if (!open_trees)
		return 0;
	tree = bpf_task_storage_get(&task_trees, bpf_get_current_task_btf(), 0, 0);
	if (tree && tree->lookup)
		rt_points_end(tree, false, ret);
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(trace_receive_tp, struct sk_buff *skb)
{
	struct rt_points_cpu *cpu;

	if (!rt_points_serving(ctx))
		return 0;
	cpu = rt_points_cpu();
	if (!cpu)
		return 0;
	cpu->dev = skb->dev;
	if (cpu->tree.lookup)
		rt_points_end(&cpu->tree, true, 0);
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(trace_softirq_exit_tp)
{
	struct rt_points_cpu *cpu = rt_points_cpu();

	if (!cpu)
		return 0;
	if (cpu->tree.lookup)
		rt_points_end(&cpu->tree, true, 0);
	cpu->dev = 0;
	return 0;
}

#endif
