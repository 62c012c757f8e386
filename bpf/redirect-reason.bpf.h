/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why the kernel does not take a redirect: its own conditions in its own order (__ip_do_redirect in net/ipv4/route.c,
 * rt6_do_redirect in net/ipv6/route.c, ndisc_redirect_rcv in net/ipv6/ndisc.c), as far as they need no lookup.
 */
#ifndef ROUTETAP_REDIRECT_REASON_BPF_H
#define ROUTETAP_REDIRECT_REASON_BPF_H

#include "ring.h"

#define MOST_ADDRESSES 64
#define MOST_OPTIONS 16
#define RTF_GATEWAY 0x2
#define RTF_REJECT 0x200
#define ND_OPT_REDIRECTED_HEADER 4
#define ND_OPTIONS_AT 40

/* include/uapi/linux/ip.h, IPV4_DEVCONF_*, one less: data[] starts at 0. */
enum { FORWARDING = 0, ACCEPT_REDIRECTS = 3, SECURE_REDIRECTS = 4, SHARED_MEDIA = 6 };

struct rt_devconf {
	int all;
	int dev;
};

static __always_inline struct rt_devconf rt_devconf4(struct net_device *dev, int which)
{
	struct net *net = BPF_CORE_READ(dev, nd_net.net);
	struct ipv4_devconf *all = BPF_CORE_READ(net, ipv4.devconf_all);
	struct in_device *in_dev = BPF_CORE_READ(dev, ip_ptr);
	struct rt_devconf conf = {};

	bpf_core_read(&conf.all, sizeof(conf.all), &all->data[which]);
	bpf_core_read(&conf.dev, sizeof(conf.dev), &in_dev->cnf.data[which]);
	return conf;
}

/* IN_DEV_RX_REDIRECTS: a router wants both to say yes, a host is content with either. */
static __always_inline bool rt_accepts4(struct net_device *dev)
{
	struct rt_devconf accept = rt_devconf4(dev, ACCEPT_REDIRECTS);
	struct rt_devconf forwarding = rt_devconf4(dev, FORWARDING);

	return forwarding.dev ? accept.all && accept.dev : accept.all || accept.dev;
}

static __always_inline bool rt_accepts6(struct net_device *dev)
{
	struct inet6_dev *in6_dev = BPF_CORE_READ(dev, ip6_ptr);

	return in6_dev && !BPF_CORE_READ(in6_dev, cnf.forwarding) && BPF_CORE_READ(in6_dev, cnf.accept_redirects);
}

static __always_inline bool rt_no_gateway4(__be32 gateway)
{
	__u32 address = bpf_ntohl(gateway);

	return address >> 28 == 0xe || address == 0xffffffff || address >> 24 == 0;
}

/* inet_addr_onlink(): one of the interface's own networks has both. */
static __always_inline bool rt_on_link4(struct net_device *dev, __be32 one, __be32 other)
{
	struct in_ifaddr *address = BPF_CORE_READ(dev, ip_ptr, ifa_list);

	for (int i = 0; i < MOST_ADDRESSES && address; i++) {
		__be32 mask = BPF_CORE_READ(address, ifa_mask);
		__be32 net = BPF_CORE_READ(address, ifa_address);

		if (!((one ^ net) & mask) && !((other ^ net) & mask))
			return true;
		address = BPF_CORE_READ(address, ifa_next);
	}
	return false;
}

/* What the message alone and the interface say against it; known as soon as it comes in. */
static __always_inline __u8 rt_unfit4(struct net_device *dev, __u8 code, __be32 gateway, __be32 author)
{
	if ((code & 7) > 3)
		return RT_MALFORMED;
	if (gateway == author)
		return RT_SAME_GATEWAY;
	if (!rt_accepts4(dev))
		return RT_NOT_ACCEPTED;
	return rt_no_gateway4(gateway) ? RT_BAD_GATEWAY : RT_NO_REASON;
}

/*
 * Why this route will not change. The last answers are by exclusion: of what is left the kernel refuses a gateway
 * whose address is no unicast one or, without shared_media, one that is off the link or no default gateway.
 */
static __always_inline __u8 rt_reason4(struct rtable *route, struct net_device *dev, __u8 code, __be32 gateway,
				       __be32 author)
{
	__u8 unfit = rt_unfit4(dev, code, gateway, author);
	struct rt_devconf shared_media;

	if (unfit == RT_MALFORMED)
		return unfit;
	if (BPF_CORE_READ(route, rt_gw_family) != AF_INET)
		return RT_REJECT_ROUTE;
	if (BPF_CORE_READ(route, rt_gw4) != author)
		return RT_NOT_THE_GATEWAY;
	if (unfit)
		return unfit;
	shared_media = rt_devconf4(dev, SHARED_MEDIA);
	if (shared_media.all || shared_media.dev)
		return RT_BAD_GATEWAY;
	return rt_on_link4(dev, gateway, author) ? RT_NOT_A_DEFAULT : RT_NOT_ON_LINK;
}

static __always_inline bool rt_is_link_local(const __u8 *address)
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

static __always_inline bool rt_same16(const __u8 *one, const __u8 *other)
{
	return ((const __u64 *)one)[0] == ((const __u64 *)other)[0] && ((const __u64 *)one)[1] == ((const __u64 *)other)[1];
}

/* The options' lengths fit the message: ndisc_parse_options(). The message is linear by then. */
static __always_inline bool rt_options_fit(struct sk_buff *skb, const void *message)
{
	const void *end = BPF_CORE_READ(skb, data) + (BPF_CORE_READ(skb, len) - BPF_CORE_READ(skb, data_len));
	const void *at = message + ND_OPTIONS_AT;

	for (int i = 0; i < MOST_OPTIONS && at < end; i++) {
		__u8 option[2] = {};

		if (at + 2 > end || bpf_probe_read_kernel(option, sizeof(option), at))
			return false;
		if (!option[1] || at + option[1] * 8 > end)
			return false;
		at += option[1] * 8;
	}
	return true;
}

/* As rt_unfit4, for IPv6: `gateway` is the target. */
static __always_inline __u8 rt_unfit6(struct net_device *dev, const struct rt_event *event)
{
	if (!rt_is_link_local(event->author))
		return RT_NOT_LINK_LOCAL;
	if (event->dst[0] == 0xff)
		return RT_MALFORMED;
	if (!rt_same16(event->dst, event->gateway) && !rt_is_link_local(event->gateway))
		return RT_BAD_GATEWAY;
	return rt_accepts6(dev) ? RT_NO_REASON : RT_NOT_ACCEPTED;
}

/* Nobody but the gateway in use may redirect: for anyone else the kernel finds a reject route. */
static __always_inline __u8 rt_reason6(struct rt6_info *route, struct net_device *dev, const struct rt_event *event)
{
	__u8 unfit = rt_unfit6(dev, event);

	if (unfit)
		return unfit;
	return BPF_CORE_READ(route, rt6i_flags) & RTF_REJECT ? RT_NOT_THE_GATEWAY : RT_NO_REASON;
}

#endif
