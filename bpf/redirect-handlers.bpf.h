/* SPDX-License-Identifier: GPL-2.0 */
/* The steps of the kernel's handlers of redirects, as fentry programs and kprobes see them. */
#ifndef ROUTETAP_REDIRECT_HANDLERS_BPF_H
#define ROUTETAP_REDIRECT_HANDLERS_BPF_H

#include "redirect-arrival.bpf.h"
#include "redirect-reason.bpf.h"

#define NETEVENT_REDIRECT 2

const volatile __u32 hz = 250; /* jiffies a second, set by the loader */

/* skb->data is at the packet quoted. A packet too short for that is refused, and so is one nobody's socket sent. */
static __always_inline int rt_icmp_redirect(struct sk_buff *skb, __u8 mechanism)
{
	struct arrival *arrival = rt_arrival();
	const void *head = BPF_CORE_READ(skb, head);
	const void *quoted = BPF_CORE_READ(skb, data);
	struct rt_event *event;

	if (!arrival || !rt_begin(arrival, skb, AF_INET, mechanism))
		return 0;
	event = &arrival->event;
	rt_read_v4(event, head + BPF_CORE_READ(skb, network_header), head + BPF_CORE_READ(skb, transport_header));
	event->verdict = RT_REJECTED;
	event->reason = RT_MALFORMED;
	if (BPF_CORE_READ(skb, len) >= 28) {
		event->reason = RT_NO_FLOW;
		rt_read_quoted_v4(event, quoted);
	}
	arrival->open = 1;
	return 0;
}

static __always_inline int rt_consider4(struct rtable *route, struct sk_buff *skb)
{
	struct arrival *arrival = rt_open_arrival();
	const void *icmp = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header);
	__be32 gateway, author;
	__u8 code = 0;

	if (!arrival)
		return 0;
	rt_settle(arrival);
	bpf_probe_read_kernel(&code, 1, icmp + 1);
	__builtin_memcpy(&gateway, arrival->event.gateway, 4);
	__builtin_memcpy(&author, arrival->event.author, 4);
	arrival->considered = 1;
	arrival->reason = rt_reason4(route, BPF_CORE_READ(skb, dev), code, gateway, author);
	if (BPF_CORE_READ(route, rt_gw_family) == AF_INET)
		bpf_core_read(arrival->old_gateway, 4, &route->rt_gw4);
	return 0;
}

/* An exception to the route: what the kernel makes of a redirect it takes. `expires` is in jiffies. */
static __always_inline int rt_installed4(__be32 gateway, unsigned long expires)
{
	struct arrival *arrival = rt_open_arrival();

	if (!arrival || !arrival->considered || __builtin_memcmp(&gateway, arrival->event.gateway, 4))
		return 0;
	arrival->installed = 1;
	arrival->expires_s = (expires - bpf_jiffies64() + hz / 2) / (hz ? hz : 250);
	return 0;
}

static __always_inline bool rt_is_redirect6(struct sk_buff *skb)
{
	const void *message = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header);
	__u8 type = 0;

	return !bpf_probe_read_kernel(&type, 1, message) && type == NDISC_REDIRECT;
}

/* A hop limit below 255 or a code is refused right here, before the message is whole in one piece. */
static __always_inline int rt_ndisc(struct sk_buff *skb, __u8 mechanism)
{
	struct arrival *arrival = rt_arrival();
	const struct ipv6hdr *outer = (void *)BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	const void *message = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header);
	struct rt_event *event;

	if (!arrival || !rt_is_redirect6(skb) || !rt_begin(arrival, skb, AF_INET6, mechanism))
		return 0;
	event = &arrival->event;
	bpf_probe_read_kernel(event->author, 16, &outer->saddr);
	bpf_probe_read_kernel(event->src, 16, &outer->daddr);
	if (BPF_CORE_READ(skb, len) - BPF_CORE_READ(skb, data_len) >= 32) {
		bpf_probe_read_kernel(event->gateway, 16, message + 8);
		bpf_probe_read_kernel(event->dst, 16, message + 24);
	}
	event->verdict = RT_REJECTED;
	event->reason = RT_MALFORMED;
	arrival->open = 1;
	return 0;
}

static __always_inline int rt_ndisc_redirect(struct sk_buff *skb)
{
	struct arrival *arrival = rt_open_arrival();
	const void *message = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header);
	struct rt_event *event;

	if (!arrival)
		return 0;
	event = &arrival->event;
	bpf_probe_read_kernel(event->gateway, 16, message + 8);
	bpf_probe_read_kernel(event->dst, 16, message + 24);
	event->reason = !rt_is_link_local(event->author) ? RT_NOT_LINK_LOCAL :
			rt_options_fit(skb, message)	 ? RT_NO_FLOW :
							   RT_MALFORMED;
	return 0;
}

static __always_inline int rt_consider6(struct rt6_info *route, struct sk_buff *skb)
{
	struct arrival *arrival = rt_open_arrival();

	if (!arrival)
		return 0;
	rt_settle(arrival);
	arrival->considered = 1;
	arrival->reason = rt_reason6(route, BPF_CORE_READ(skb, dev), &arrival->event);
	if (BPF_CORE_READ(route, rt6i_flags) & RTF_GATEWAY)
		bpf_core_read(arrival->old_gateway, 16, &route->rt6i_gateway);
	return 0;
}

static __always_inline int rt_netevent(unsigned long what)
{
	struct arrival *arrival = what == NETEVENT_REDIRECT ? rt_open_arrival() : 0;

	if (arrival && arrival->considered)
		arrival->installed = 1;
	return 0;
}

#endif
