/* SPDX-License-Identifier: GPL-2.0 */
/* The redirect a cpu is working on. It is handled in one go with softirqs off, so a cpu has one at a time. */
#ifndef ROUTETAP_REDIRECT_ARRIVAL_BPF_H
#define ROUTETAP_REDIRECT_ARRIVAL_BPF_H

#include "ring.h"

#define ICMP_REDIRECT 5
#define NDISC_REDIRECT 137

struct arrival {
	struct rt_event event; /* what will be told, the best verdict so far */
	__u64 since_ns;        /* tracepoint: when it came in; 0: nothing waits */
	__u32 packets;         /* tracepoint: received on this cpu since then */
	__u8 open;             /* the kernel is in the handler of a redirect */
	__u8 considered;       /* a route in use is being held against it */
	__u8 reason;           /* why that route will not change, as far as can be told beforehand */
	__u8 installed;
	__u8 asked;            /* for the new gateway's address */
	__u8 old_gateway[16];
	__u32 expires_s;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arrival);
} arrivals SEC(".maps");

static __always_inline struct arrival *rt_arrival(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&arrivals, &zero);
}

static __always_inline struct arrival *rt_open_arrival(void)
{
	struct arrival *arrival = rt_arrival();

	return arrival && arrival->open ? arrival : 0;
}

/* False: not ours to watch. */
static __always_inline bool rt_begin(struct arrival *arrival, struct sk_buff *skb, int family, __u8 mechanism)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	struct net *net = BPF_CORE_READ(dev, nd_net.net);
	struct rt_event *event = &arrival->event;

	__builtin_memset(arrival, 0, sizeof(*arrival));
	if (rt_wrong_netns(BPF_CORE_READ(net, ns.inum)))
		return false;
	event->time_ns = bpf_ktime_get_boot_ns();
	event->count = 1;
	event->kind = RT_REDIRECT;
	event->family = family;
	event->mechanism = mechanism;
	event->direction = RT_INPUT;
	event->iif = BPF_CORE_READ(dev, ifindex);
	event->mark = BPF_CORE_READ(skb, mark);
	event->addr = (__u64)net;
	rt_fill_net(event, net);
	return true;
}

static __always_inline void rt_send(const struct rt_event *event)
{
	struct rt_event *sent = bpf_ringbuf_reserve(&events, sizeof(*sent), 0);

	if (!sent) {
		rt_count_lost(1);
		return;
	}
	__builtin_memcpy(sent, event, sizeof(*sent));
	bpf_ringbuf_submit(sent, 0);
}

/*
 * What became of one route held against the redirect. Every raw socket and the protocol's own handler do that for the
 * same redirect; the best of it counts: accepted, deferred, rejected, and of rejections the first.
 */
static __always_inline void rt_settle(struct arrival *arrival)
{
	struct rt_event *event = &arrival->event;
	__u8 verdict = arrival->installed ? RT_ACCEPTED : arrival->asked ? RT_DEFERRED : RT_REJECTED;
	bool is_first = event->verdict == RT_REJECTED && event->reason == RT_NO_FLOW;

	if (!arrival->considered)
		return;
	/* Their numbers are in the order of merit. */
	if (is_first || verdict < event->verdict) {
		event->verdict = verdict;
		event->reason = verdict == RT_REJECTED ? arrival->reason : RT_NO_REASON;
		event->expires_s = arrival->expires_s;
		__builtin_memcpy(event->old_gateway, arrival->old_gateway, sizeof(event->old_gateway));
	}
	arrival->considered = 0;
	arrival->installed = 0;
	arrival->asked = 0;
	arrival->expires_s = 0;
	__builtin_memset(arrival->old_gateway, 0, sizeof(arrival->old_gateway));
}

/* The handler is done: one record for one redirect. */
static __always_inline int rt_close(void)
{
	struct arrival *arrival = rt_open_arrival();

	if (!arrival)
		return 0;
	rt_settle(arrival);
	rt_send(&arrival->event);
	arrival->open = 0;
	return 0;
}

static __always_inline void rt_read_v4(struct rt_event *event, const struct iphdr *outer, const void *icmp)
{
	bpf_probe_read_kernel(event->author, 4, &outer->saddr);
	bpf_probe_read_kernel(event->gateway, 4, icmp + 4);
}

/* The header of the packet that went the long way, and the eight bytes after it. */
static __always_inline void rt_read_quoted_v4(struct rt_event *event, const void *quoted)
{
	__u8 ip[20] = {};

	bpf_probe_read_kernel(ip, sizeof(ip), quoted);
	__builtin_memcpy(event->src, ip + 12, 4);
	__builtin_memcpy(event->dst, ip + 16, 4);
	event->protocol = ip[9];
	rt_fill_ports(event, quoted + (ip[0] & 15) * 4);
}

#endif
