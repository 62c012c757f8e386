/* SPDX-License-Identifier: GPL-2.0 */
/* What a function found: routes, nexthops, rules, cache entries. */
#ifndef ROUTETAP_TRACE_ROUTE_BPF_H
#define ROUTETAP_TRACE_ROUTE_BPF_H

#include "trace.bpf.h"

#define RTF_GATEWAY 0x2
#define RTAX_MTU 2
#define ALONE 255 /* prefix_len of a nexthop without a route */
#define MOST_LEGS 16
#define DST_METRICS_FLAGS 3UL
#define MAX_ERRNO 4095

static __always_inline bool rt_is_pointer(__u64 value)
{
	return value && value < -(__u64)MAX_ERRNO;
}

/* Seconds from now; 0 for no end, 1 for the last second and for one already over. */
static __always_inline __u32 rt_seconds_to(unsigned long jiffies)
{
	long left = jiffies - bpf_jiffies64();

	if (!jiffies)
		return 0;
	return left < (long)hz || !hz ? 1 : (__u64)left / hz;
}

static __always_inline void rt_dev(__u32 *ifindex, char *name, struct net_device *dev)
{
	if (!dev)
		return;
	*ifindex = BPF_CORE_READ(dev, ifindex);
	bpf_core_read(name, 16, &dev->name);
}

static __noinline int rt_nexthop(struct rt_step_route *route, const struct fib_nh_common *nhc)
{
	if (!nhc)
		return 0;
	rt_dev(&route->oif, route->dev, BPF_CORE_READ(nhc, nhc_dev));
	route->gateway_family = BPF_CORE_READ(nhc, nhc_gw_family);
	route->nexthop_flags = BPF_CORE_READ(nhc, nhc_flags);
	route->weight = BPF_CORE_READ(nhc, nhc_weight);
	route->upper_bound = BPF_CORE_READ(nhc, nhc_upper_bound.counter);
	if (route->gateway_family == AF_INET)
		bpf_core_read(route->gateway, 4, &nhc->nhc_gw.ipv4);
	else if (route->gateway_family == AF_INET6)
		bpf_core_read(route->gateway, 16, &nhc->nhc_gw.ipv6);
	return 0;
}

/* Which leg of a nexthop group it is, and what all of them weigh. */
static __noinline int rt_group_legs(struct rt_step_route *route, const struct nexthop *nexthop,
					  const struct fib_nh_common *nhc)
{
	const struct nh_group *group = BPF_CORE_READ(nexthop, nh_grp);
	const char *entries = (const char *)group + bpf_core_field_offset(struct nh_group, nh_entries);
	__u32 legs = BPF_CORE_READ(group, num_nh);
	__u32 at;

	route->nexthops = legs;
	for (at = 0; at < MOST_LEGS && at < legs; at++) {
		const struct nh_grp_entry *entry = (const void *)(entries + at * bpf_core_type_size(struct nh_grp_entry));
		const struct nh_info *info = BPF_CORE_READ(entry, nh, nh_info);
		__u32 weight = BPF_CORE_READ(entry, weight);

		route->weights += weight;
		if ((const char *)info + bpf_core_field_offset(struct nh_info, fib_nhc) == (const char *)nhc) {
			route->leg = at + 1;
			route->weight = weight;
		}
	}
	return 0;
}

static __noinline int rt_inet_legs(struct rt_step_route *route, const struct fib_info *info,
					 const struct fib_nh_common *nhc)
{
	const char *legs = (const char *)info + bpf_core_field_offset(struct fib_info, fib_nh);
	__u32 at;

	for (at = 0; at < MOST_LEGS && at < route->nexthops; at++) {
		const struct fib_nh *leg = (const void *)(legs + at * bpf_core_type_size(struct fib_nh));

		route->weights += BPF_CORE_READ(leg, nh_common.nhc_weight);
		if ((const void *)&leg->nh_common == (const void *)nhc)
			route->leg = at + 1;
	}
	return 0;
}

static __noinline int rt_route_of_result(struct rt_step_route *route, const struct fib_result *result)
{
	const struct fib_nh_common *nhc = BPF_CORE_READ(result, nhc);
	const struct fib_table *table = BPF_CORE_READ(result, table);
	const struct fib_info *info = BPF_CORE_READ(result, fi);
	const struct nexthop *nexthop;

	bpf_core_read(route->prefix, 4, &result->prefix);
	route->prefix_len = BPF_CORE_READ(result, prefixlen);
	route->type = BPF_CORE_READ(result, type);
	route->scope = BPF_CORE_READ(result, scope);
	if (table)
		route->table = BPF_CORE_READ(table, tb_id);
	rt_nexthop(route, nhc);
	if (!info)
		return 0;
	route->protocol = BPF_CORE_READ(info, fib_protocol);
	route->priority = BPF_CORE_READ(info, fib_priority);
	bpf_core_read(route->prefsrc, 4, &info->fib_prefsrc);
	route->nexthops = BPF_CORE_READ(info, fib_nhs);
	nexthop = BPF_CORE_READ(info, nh);
	if (nexthop) {
		route->nexthop_id = BPF_CORE_READ(nexthop, id);
		if (BPF_CORE_READ(nexthop, is_group))
			rt_group_legs(route, nexthop, nhc);
	} else if (route->nexthops > 1) {
		rt_inet_legs(route, info, nhc);
	}
	return 0;
}

static __noinline int rt_route_of_result6(struct rt_step_route *route, const struct fib6_result *result,
						const struct net *net)
{
	const struct fib6_info *info = BPF_CORE_READ(result, f6i);
	const struct fib6_nh *nh = BPF_CORE_READ(result, nh);
	const struct nexthop *nexthop;
	struct fib6_table *table;

	route->type = BPF_CORE_READ(result, fib6_type);
	if (nh)
		rt_nexthop(route, &nh->nh_common);
	if (!info)
		return 0;
	route->is_null = net && info == BPF_CORE_READ(net, ipv6.fib6_null_entry);
	bpf_core_read(route->prefix, 16, &info->fib6_dst.addr);
	route->prefix_len = BPF_CORE_READ(info, fib6_dst.plen);
	bpf_core_read(route->prefsrc, 16, &info->fib6_prefsrc.addr);
	route->protocol = BPF_CORE_READ(info, fib6_protocol);
	route->priority = BPF_CORE_READ(info, fib6_metric);
	table = BPF_CORE_READ(info, fib6_table);
	if (table)
		route->table = BPF_CORE_READ(table, tb6_id);
	nexthop = BPF_CORE_READ(info, nh);
	if (nexthop) {
		route->nexthops = 1;
		route->nexthop_id = BPF_CORE_READ(nexthop, id);
		if (BPF_CORE_READ(nexthop, is_group))
			rt_group_legs(route, nexthop, nh ? &nh->nh_common : 0);
	} else {
		route->nexthops = BPF_CORE_READ(info, fib6_nsiblings) + 1;
	}
	return 0;
}

static __noinline int rt_rule(struct rt_step_rule *to, const struct fib_rule *rule, int family)
{
	const struct fib4_rule *four = (const void *)rule;
	const struct fib6_rule *six = (const void *)rule;

	to->pref = BPF_CORE_READ(rule, pref);
	to->table = BPF_CORE_READ(rule, table);
	to->target = BPF_CORE_READ(rule, target);
	to->mark = BPF_CORE_READ(rule, mark);
	to->mark_mask = BPF_CORE_READ(rule, mark_mask);
	to->flags = BPF_CORE_READ(rule, flags);
	to->action = BPF_CORE_READ(rule, action);
	to->l3mdev = BPF_CORE_READ(rule, l3mdev);
	to->protocol = BPF_CORE_READ(rule, proto);
	to->ip_proto = BPF_CORE_READ(rule, ip_proto);
	to->suppress_ifgroup = BPF_CORE_READ(rule, suppress_ifgroup);
	to->suppress_prefixlen = BPF_CORE_READ(rule, suppress_prefixlen);
	to->uid_start = BPF_CORE_READ(rule, uid_range.start.val);
	to->uid_end = BPF_CORE_READ(rule, uid_range.end.val);
	to->sport_start = BPF_CORE_READ(rule, sport_range.start);
	to->sport_end = BPF_CORE_READ(rule, sport_range.end);
	to->dport_start = BPF_CORE_READ(rule, dport_range.start);
	to->dport_end = BPF_CORE_READ(rule, dport_range.end);
	bpf_core_read(to->iifname, 16, &rule->iifname);
	bpf_core_read(to->oifname, 16, &rule->oifname);
	if (family == AF_INET) {
		bpf_core_read(to->src, 4, &four->src);
		bpf_core_read(to->dst, 4, &four->dst);
		to->src_len = BPF_CORE_READ(four, src_len);
		to->dst_len = BPF_CORE_READ(four, dst_len);
		to->tos = BPF_CORE_READ(four, dscp);
	} else {
		bpf_core_read(to->src, 16, &six->src.addr);
		bpf_core_read(to->dst, 16, &six->dst.addr);
		to->src_len = BPF_CORE_READ(six, src.plen);
		to->dst_len = BPF_CORE_READ(six, dst.plen);
		to->tos = BPF_CORE_READ(six, dscp);
	}
	return 0;
}

/* A route as packets carry it; `address` may be an errno. */
static __noinline int rt_dst(struct rt_step_dst *to, __u64 address, const struct net *net)
{
	const struct dst_entry *dst = (const void *)address;
	const struct rtable *four = (const void *)address;
	const struct rt6_info *six = (const void *)address;

	if (!rt_is_pointer(address))
		return false;
	to->addr = address;
	rt_dev(&to->oif, to->dev, BPF_CORE_READ(dst, dev));
	to->error = BPF_CORE_READ(dst, error);
	to->obsolete = BPF_CORE_READ(dst, obsolete);
	to->dst_flags = BPF_CORE_READ(dst, flags);
	to->expires_s = rt_seconds_to(BPF_CORE_READ(dst, expires));
	if (BPF_CORE_READ(dst, ops, family) == AF_INET6) {
		unsigned long metrics = BPF_CORE_READ(dst, _metrics) & ~DST_METRICS_FLAGS;

		to->flags = BPF_CORE_READ(six, rt6i_flags);
		to->is_null = net && six == BPF_CORE_READ(net, ipv6.ip6_null_entry);
		if (to->flags & RTF_GATEWAY) {
			to->gateway_family = AF_INET6;
			bpf_core_read(to->gateway, 16, &six->rt6i_gateway);
		}
		if (metrics)
			bpf_probe_read_kernel(&to->mtu, 4, (const __u32 *)metrics + (RTAX_MTU - 1));
		return true;
	}
	to->flags = BPF_CORE_READ(four, rt_flags);
	to->type = BPF_CORE_READ(four, rt_type);
	to->mtu = BPF_CORE_READ_BITFIELD_PROBED(four, rt_pmtu);
	to->gateway_family = BPF_CORE_READ(four, rt_gw_family);
	if (to->gateway_family == AF_INET)
		bpf_core_read(to->gateway, 4, &four->rt_gw4);
	else if (to->gateway_family == AF_INET6)
		bpf_core_read(to->gateway, 16, &four->rt_gw6);
	return true;
}

static __always_inline bool rt_exception(struct rt_step_exception *to, __u64 address)
{
	const struct fib_nh_exception *exception = (const void *)address;

	if (!rt_is_pointer(address))
		return false;
	bpf_core_read(to->gateway, 4, &exception->fnhe_gw);
	to->mtu = BPF_CORE_READ(exception, fnhe_pmtu);
	to->expires_s = rt_seconds_to(BPF_CORE_READ(exception, fnhe_expires));
	return true;
}

#endif
