/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The exact tier by breakpoints. A return knows no arguments: the entry leaves them in the trail, where the next
 * entry replaces them, so that an end unseen leaks nothing.
 */
static __always_inline struct rt_trail *rt_enter(__u32 which, void *net, void *flow, void *other)
{
	struct rt_trail *trail = rt_trail(BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!trail)
		return 0;
	trail->entries[which].net = net;
	trail->entries[which].flow = flow;
	trail->entries[which].other = other;
	return trail;
}

SEC("kprobe/ip_route_output_key_hash_rcu")
int BPF_KPROBE(miss_output4_kprobe, struct net *net, struct flowi4 *flow, struct fib_result *res, struct sk_buff *skb)
{
	struct rt_trail *trail = rt_enter(RT_IN_OUTPUT4, net, flow, skb);

	if (trail)
		trail->stranger_ns = 0;
	return 0;
}

SEC("kretprobe/ip_route_output_key_hash_rcu")
int BPF_KRETPROBE(miss_output4_kretprobe, long ret)
{
	struct rt_trail *trail;
	struct rt_entry *in;

	if (ret != -ENETUNREACH)
		return 0;
	trail = rt_trail(0);
	if (!trail)
		return 0;
	in = &trail->entries[RT_IN_OUTPUT4];
	return rt_output4(in->net, in->flow, in->other, RT_KPROBE);
}

/* The enclosing lookup names the address. */
SEC("kretprobe/__ip_dev_find")
int BPF_KRETPROBE(miss_source4_kretprobe, long ret)
{
	struct rt_trail *trail;
	struct flowi4 *flow;

	if (ret)
		return 0;
	trail = rt_trail(0);
	if (!trail)
		return 0;
	flow = trail->entries[RT_IN_OUTPUT4].flow;
	return rt_stranger4(BPF_CORE_READ(flow, saddr));
}

static __always_inline int rt_rule_of(struct fib_rule *rule, void *flow, struct fib_lookup_arg *arg)
{
	__u32 table = BPF_CORE_READ(rule, l3mdev) ? BPF_CORE_READ(arg, table) : BPF_CORE_READ(rule, table);

	return rt_rule_tried(flow, BPF_CORE_READ(rule, pref), table);
}

SEC("kprobe/fib4_rule_action")
int BPF_KPROBE(miss_rule4_kprobe, struct fib_rule *rule, struct flowi *flow, int flags, struct fib_lookup_arg *arg)
{
	return rt_rule_of(rule, flow, arg);
}

SEC("kprobe/fib6_rule_action")
int BPF_KPROBE(miss_rule6_kprobe, struct fib_rule *rule, struct flowi *flow, int flags, struct fib_lookup_arg *arg)
{
	return rt_rule_of(rule, flow, arg);
}

SEC("kprobe/fib_rules_lookup")
int BPF_KPROBE(miss_rules_kprobe, struct fib_rules_ops *ops, struct flowi *flow)
{
	rt_enter(RT_IN_RULES, 0, flow, ops);
	return 0;
}

SEC("kretprobe/fib_rules_lookup")
int BPF_KRETPROBE(miss_rules_kretprobe, int ret)
{
	struct fib_rules_ops *ops;
	struct rt_trail *trail;
	struct rt_entry *in;

	if (!ret)
		return 0;
	trail = rt_trail(0);
	if (!trail)
		return 0;
	in = &trail->entries[RT_IN_RULES];
	ops = in->other;
	return rt_rules_ended(BPF_CORE_READ(ops, family), in->flow, ret);
}

#define INPUT_LOOKUP(digit, function)                                          \
	SEC("kprobe/" #function)                                               \
	int BPF_KPROBE(miss_input##digit##_kprobe, struct sk_buff *skb)        \
	{                                                                      \
		if (rules_denied)                                              \
			rt_enter(RT_IN_INPUT, 0, 0, skb);                      \
		return 0;                                                      \
	}                                                                      \
	SEC("kretprobe/" #function)                                            \
	int BPF_KRETPROBE(miss_input##digit##_kretprobe)                       \
	{                                                                      \
		struct rt_trail *trail = rules_denied ? rt_trail(0) : 0;       \
		struct sk_buff *skb = trail ? trail->entries[RT_IN_INPUT].other : 0; \
                                                                               \
		return skb ? rt_input##digit(skb) : 0;                         \
	}

INPUT_LOOKUP(4, ip_route_input_slow)
INPUT_LOOKUP(6, ip6_route_input)
#undef INPUT_LOOKUP

SEC("kprobe/ip_error")
int BPF_KPROBE(miss_error4_kprobe, struct sk_buff *skb)
{
	return rt_error4(skb, RT_KPROBE);
}

SEC("kprobe/ip6_pkt_discard")
int BPF_KPROBE(miss_discard6_kprobe, struct sk_buff *skb)
{
	return rt_discard6(skb, RT_KPROBE);
}

SEC("kprobe/ip6_route_output_flags")
int BPF_KPROBE(miss_output6_kprobe, struct net *net, struct sock *sk, struct flowi6 *flow)
{
	rt_enter(RT_IN_OUTPUT6, net, flow, sk);
	return 0;
}

SEC("kretprobe/ip6_route_output_flags")
int BPF_KRETPROBE(miss_output6_kretprobe, void *ret)
{
	struct rt_trail *trail = rt_trail(0);
	struct rt_entry *in;

	if (!trail)
		return 0;
	in = &trail->entries[RT_IN_OUTPUT6];
	return rt_is_null6(in->net, ret) ? rt_output6(in->net, in->other, in->flow, RT_KPROBE) : 0;
}

SEC("kprobe/ip6_dst_lookup_flow")
int BPF_KPROBE(miss_unsourced6_kprobe, struct net *net, struct sock *sk, struct flowi6 *flow)
{
	rt_enter(RT_IN_FLOW6, net, flow, 0);
	return 0;
}

SEC("kretprobe/ip6_dst_lookup_flow")
int BPF_KRETPROBE(miss_unsourced6_kretprobe, long ret)
{
	struct rt_trail *trail;
	struct rt_entry *in;

	if (ret != -EADDRNOTAVAIL)
		return 0;
	trail = rt_trail(0);
	if (!trail)
		return 0;
	in = &trail->entries[RT_IN_FLOW6];
	return rt_unsourced6(in->net, in->flow, RT_KPROBE);
}

#define QUIET_WITHIN(name, function)               \
	SEC("kprobe/" #function)                   \
	int BPF_KPROBE(miss_##name##_kprobe)       \
	{                                          \
		return rt_hush();                  \
	}                                          \
	SEC("kretprobe/" #function)                \
	int BPF_KRETPROBE(miss_##name##_kretprobe) \
	{                                          \
		return rt_unhush();                \
	}

QUIET_WITHIN(icmp4, __icmp_send)
QUIET_WITHIN(unreach4, icmp_unreach)
QUIET_WITHIN(icmp6, icmp6_send)
QUIET_WITHIN(notify6, icmpv6_notify)
QUIET_WITHIN(query6, inet6_rtm_getroute)
#undef QUIET_WITHIN
