/* SPDX-License-Identifier: GPL-2.0 */
/* The exact tier by trampolines. Success leaves by the first test. */
SEC("fexit/ip_route_output_key_hash_rcu")
int BPF_PROG(miss_output4_fexit, struct net *net, struct flowi4 *flow, struct fib_result *res, struct sk_buff *skb,
	     long ret)
{
	return ret == -ENETUNREACH ? rt_output4(net, flow, skb, RT_FENTRY) : 0;
}

SEC("fexit/__ip_dev_find")
int BPF_PROG(miss_source4_fexit, struct net *net, __be32 address, bool devref, void *ret)
{
	if (devref)
		return 0;
	/* The verifier wants a pointer tested on its own. */
	barrier();
	return ret ? 0 : rt_stranger4(address);
}

SEC("fentry/fib4_rule_action")
int BPF_PROG(miss_rule4_fentry, struct fib_rule *rule, struct flowi *flow, int flags, struct fib_lookup_arg *arg)
{
	return rt_rule_tried(flow, rule->pref, rule->l3mdev ? arg->table : rule->table);
}

SEC("fentry/fib6_rule_action")
int BPF_PROG(miss_rule6_fentry, struct fib_rule *rule, struct flowi *flow, int flags, struct fib_lookup_arg *arg)
{
	return rt_rule_tried(flow, rule->pref, rule->l3mdev ? arg->table : rule->table);
}

SEC("fexit/fib_rules_lookup")
int BPF_PROG(miss_rules_fexit, struct fib_rules_ops *ops, struct flowi *flow, int flags, struct fib_lookup_arg *arg,
	     int ret)
{
	return ret ? rt_rules_ended(ops->family, flow, ret) : 0;
}

SEC("fexit/ip_route_input_slow")
int BPF_PROG(miss_input4_fexit, struct sk_buff *skb)
{
	return rules_denied ? rt_input4(skb) : 0;
}

SEC("fexit/ip6_route_input")
int BPF_PROG(miss_input6_fexit, struct sk_buff *skb)
{
	return rules_denied ? rt_input6(skb) : 0;
}

SEC("fentry/ip_error")
int BPF_PROG(miss_error4_fentry, struct sk_buff *skb)
{
	return rt_error4(skb, RT_FENTRY);
}

SEC("fentry/ip6_pkt_discard")
int BPF_PROG(miss_discard6_fentry, struct sk_buff *skb)
{
	return rt_discard6(skb, RT_FENTRY);
}

SEC("fexit/ip6_route_output_flags")
int BPF_PROG(miss_output6_fexit, struct net *net, struct sock *sk, struct flowi6 *flow, int flags, void *ret)
{
	return ret == (void *)net->ipv6.ip6_null_entry ? rt_output6(net, sk, flow, RT_FENTRY) : 0;
}

SEC("fexit/ip6_dst_lookup_flow")
int BPF_PROG(miss_unsourced6_fexit, struct net *net, struct sock *sk, struct flowi6 *flow, void *final, long ret)
{
	return ret == -EADDRNOTAVAIL ? rt_unsourced6(net, flow, RT_FENTRY) : 0;
}

#define QUIET_WITHIN(name, function)                  \
	SEC("fentry/" #function)                      \
	int BPF_PROG(miss_##name##_fentry)            \
	{                                             \
		return rt_hush();                     \
	}                                             \
	SEC("fexit/" #function)                       \
	int BPF_PROG(miss_##name##_fexit)             \
	{                                             \
		return rt_unhush();                   \
	}

QUIET_WITHIN(icmp4, __icmp_send)
QUIET_WITHIN(unreach4, icmp_unreach)
QUIET_WITHIN(icmp6, icmp6_send)
QUIET_WITHIN(notify6, icmpv6_notify)
QUIET_WITHIN(query6, inet6_rtm_getroute)
#undef QUIET_WITHIN
