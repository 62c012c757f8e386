/* SPDX-License-Identifier: GPL-2.0 */
/* Redirects as they come in, before the kernel looks at them; and the one thing that then tells what it does. */
#ifndef ROUTETAP_REDIRECT_RECEIVE_BPF_H
#define ROUTETAP_REDIRECT_RECEIVE_BPF_H

#include "redirect-arrival.bpf.h"
#include "redirect-checksum.bpf.h"
#include "redirect-reason.bpf.h"

#define PACKET_OTHERHOST 3
#define NUD_INCOMPLETE 0x01
#define UNDISTURBED_NS 1000000ULL
#define WAITING_NS 1000000000ULL

/* A port of a bridge, bond or the like gives it on: it comes by again, on the interface that has it. */
static __always_inline bool rt_is_for_us(struct sk_buff *skb, struct net_device *dev)
{
	return dev && !BPF_CORE_READ(dev, rx_handler) && BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type) != PACKET_OTHERHOST;
}

static __always_inline __u32 rt_linear(struct sk_buff *skb)
{
	return BPF_CORE_READ(skb, len) - BPF_CORE_READ(skb, data_len);
}

static __always_inline int rt_receive4(struct sk_buff *skb, struct arrival *arrival)
{
	const void *at = BPF_CORE_READ(skb, data);
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	struct rt_event *event = &arrival->event;
	__u32 header, bytes, linear = rt_linear(skb);
	__be32 gateway, author;
	__u8 icmp[2] = {};
	__u8 ip[20];

	if (linear < 28 || bpf_probe_read_kernel(ip, sizeof(ip), at) || ip[9] != IPPROTO_ICMP)
		return 0;
	header = (ip[0] & 15) * 4;
	bytes = (ip[2] << 8 | ip[3]) - header;
	/* Not the first of several fragments, and not cut short. */
	if (header < 20 || (ip[6] & 0x3f) || ip[7] || bytes < 8 || bytes > BPF_CORE_READ(skb, len) - header)
		return 0;
	if (bpf_probe_read_kernel(icmp, sizeof(icmp), at + header) || icmp[0] != ICMP_REDIRECT || !rt_is_for_us(skb, dev))
		return 0;
	if (bytes <= linear - header && !rt_checksum_right(skb, at + header, bytes, 0))
		return 0;
	if (!rt_begin(arrival, skb, AF_INET, RT_TRACEPOINT))
		return 0;
	rt_read_v4(event, at, at + header);
	__builtin_memcpy(&gateway, event->gateway, 4);
	__builtin_memcpy(&author, event->author, 4);
	event->reason = rt_unfit4(dev, icmp[1], gateway, author);
	if (bytes >= 8 + 28 && linear >= header + 8 + 28)
		rt_read_quoted_v4(event, at + header + 8);
	else
		event->reason = RT_MALFORMED;
	arrival->since_ns = bpf_ktime_get_ns();
	rt_send(event);
	return 0;
}

static __always_inline int rt_receive6(struct sk_buff *skb, struct arrival *arrival)
{
	const void *at = BPF_CORE_READ(skb, data);
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	struct rt_event *event = &arrival->event;
	__u32 bytes, linear = rt_linear(skb);
	__u8 icmp[2] = {};
	__u16 ip[20];
	__u64 seed;

	/* The first eight bytes of the header: length, next header, hop limit. */
	if (linear < 40 + 40 || bpf_probe_read_kernel(ip, sizeof(ip), at) || ((__u8 *)ip)[6] != IPPROTO_ICMPV6)
		return 0;
	bytes = bpf_ntohs(ip[2]);
	if (bytes < 40 || bytes > BPF_CORE_READ(skb, len) - 40)
		return 0;
	if (bpf_probe_read_kernel(icmp, sizeof(icmp), at + 40) || icmp[0] != NDISC_REDIRECT || !rt_is_for_us(skb, dev))
		return 0;
	seed = (__u64)ip[2] + bpf_htons(IPPROTO_ICMPV6);
	for (int i = 4; i < 20; i++)
		seed += ip[i];
	if (bytes <= linear - 40 && !rt_checksum_right(skb, at + 40, bytes, seed))
		return 0;
	if (!rt_begin(arrival, skb, AF_INET6, RT_TRACEPOINT))
		return 0;
	__builtin_memcpy(event->author, ip + 4, 16);
	__builtin_memcpy(event->src, ip + 12, 16);
	bpf_probe_read_kernel(event->gateway, 16, at + 40 + 8);
	bpf_probe_read_kernel(event->dst, 16, at + 40 + 24);
	event->reason = icmp[1] || ((__u8 *)ip)[7] != 255 ? RT_MALFORMED : rt_unfit6(dev, event);
	rt_send(event);
	return 0;
}

static __always_inline int rt_receive(struct sk_buff *skb)
{
	__be16 protocol = BPF_CORE_READ(skb, protocol);
	struct arrival *arrival = rt_arrival();

	if (!arrival)
		return 0;
	if (arrival->since_ns)
		arrival->packets++;
	if (protocol == bpf_htons(ETH_P_IP))
		return rt_receive4(skb, arrival);
	return protocol == bpf_htons(ETH_P_IPV6) ? rt_receive6(skb, arrival) : 0;
}

/*
 * The kernel asks for a neighbour's address. For the sake of a redirect it does so without a packet that would wait for
 * the answer, unlike anyone who wants to send; and where others' packets wait already, it does so at once.
 */
static __always_inline bool rt_asks_for_redirect(struct arrival *arrival, struct neighbour *neighbour)
{
	__u64 waited_ns = bpf_ktime_get_ns() - arrival->since_ns;

	if (!arrival->since_ns || waited_ns > WAITING_NS)
		return false;
	return !BPF_CORE_READ(neighbour, arp_queue.qlen) || (!arrival->packets && waited_ns < UNDISTURBED_NS);
}

static __always_inline int rt_asked(struct neighbour *neighbour)
{
	struct arrival *arrival = rt_arrival();
	struct net *net = BPF_CORE_READ(neighbour, dev, nd_net.net);
	__be32 address = 0;

	if (!arrival || (!arrival->open && !arrival->since_ns) || arrival->event.family != AF_INET)
		return 0;
	if (BPF_CORE_READ(neighbour, tbl, family) != AF_INET || (__u64)net != arrival->event.addr)
		return 0;
	bpf_probe_read_kernel(&address, 4, (void *)neighbour + bpf_core_field_offset(struct neighbour, primary_key));
	if (__builtin_memcmp(&address, arrival->event.gateway, 4))
		return 0;
	if (arrival->open) {
		arrival->asked = arrival->considered;
	} else if (BPF_CORE_READ(neighbour, nud_state) == NUD_INCOMPLETE && rt_asks_for_redirect(arrival, neighbour)) {
		arrival->since_ns = 0;
		arrival->event.verdict = RT_DEFERRED;
		arrival->event.reason = RT_NO_REASON;
		rt_send(&arrival->event);
	}
	return 0;
}

#endif
