/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of a TCP socket whose path is suspected, and the record about it. */
#ifndef ROUTETAP_LOSING_TCP_BPF_H
#define ROUTETAP_LOSING_TCP_BPF_H

#include "ring.h"

#define RTAX_MTU 2
#define DST_METRICS_FLAGS 3UL
#define RTF_GATEWAY 0x2

/* Jiffies a second, set by the loader: CONFIG_HZ as an extern would need the kernel's configuration as a file. */
const volatile __u32 hz = 250;

struct rt_path {
	__u8 gateway[16];
	__u32 oif; /* 0: nothing known */
	__u32 mtu;
};

struct suspicion {
	struct rt_task owner; /* who connected, or with `accepted` who listens; pid 0 where unknown */
	struct rt_path path;  /* when it was last seen: the kernel lets go of it */
	__u32 snd_una;        /* as it was when the suspicion was told */
	__u8 told;
	__u8 accepted;
};

static __always_inline bool rt_is_mapped(const struct in6_addr *address)
{
	return !address->in6_u.u6_addr32[0] && !address->in6_u.u6_addr32[1] &&
	       address->in6_u.u6_addr32[2] == bpf_htonl(0xffff);
}

/* An IPv4 peer of an IPv6 socket: its route is an IPv4 one. */
static __always_inline int rt_route_family(struct sock *sk)
{
	struct in6_addr peer;

	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_INET6)
		return AF_INET;
	peer = BPF_CORE_READ(sk, __sk_common.skc_v6_daddr);
	return rt_is_mapped(&peer) ? AF_INET : AF_INET6;
}

static __always_inline void rt_read_path(struct rt_path *path, struct dst_entry *dst, int family)
{
	struct net_device *dev = BPF_CORE_READ(dst, dev);
	__u32 *metrics = (__u32 *)(BPF_CORE_READ(dst, _metrics) & ~DST_METRICS_FLAGS);
	__u32 mtu = 0;

	__builtin_memset(path->gateway, 0, sizeof(path->gateway));
	path->oif = BPF_CORE_READ(dev, ifindex);
	bpf_probe_read_kernel(&mtu, sizeof(mtu), metrics + RTAX_MTU - 1);
	path->mtu = mtu ? mtu : BPF_CORE_READ(dev, mtu);
	if (family == AF_INET) {
		struct rtable *route = (struct rtable *)dst;

		if (BPF_CORE_READ(route, rt_gw_family) == AF_INET)
			bpf_core_read(path->gateway, 4, &route->rt_gw4);
	} else {
		struct rt6_info *route = (struct rt6_info *)dst;

		if (BPF_CORE_READ(route, rt6i_flags) & RTF_GATEWAY)
			bpf_core_read(path->gateway, 16, &route->rt6i_gateway);
	}
}

static __always_inline void rt_fill_flow(struct rt_event *event, struct sock *sk)
{
	event->family = rt_route_family(sk);
	if (event->family == AF_INET6) {
		bpf_core_read(event->src, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(event->dst, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		bpf_core_read(event->src, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(event->dst, 4, &sk->__sk_common.skc_daddr);
	}
	event->sport = BPF_CORE_READ(sk, __sk_common.skc_num);
	event->dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	event->mark = BPF_CORE_READ(sk, sk_mark);
	event->uid = BPF_CORE_READ(sk, sk_uid.val);
}

static __always_inline void rt_fill_timer(struct rt_event *event, struct tcp_sock *tcp)
{
	event->retransmits = BPF_CORE_READ(tcp, inet_conn.icsk_retransmits);
	event->rto_ms = (__u64)BPF_CORE_READ(tcp, inet_conn.icsk_rto) * 1000 / (hz ? hz : 250);
	event->srtt_us = BPF_CORE_READ(tcp, srtt_us) >> 3;
	event->rttvar_us = BPF_CORE_READ(tcp, mdev_us) >> 2;
	event->ssthresh = BPF_CORE_READ(tcp, snd_ssthresh);
}

/* Tells it once, until an acknowledgement shows that the path carries again. */
static __always_inline void rt_tell(struct sock *sk, struct suspicion *suspicion, __u8 mechanism)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	struct net *net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	__u32 snd_una = BPF_CORE_READ(tcp, snd_una);
	struct rt_event *event;
	__u32 mtu;

	if (suspicion->told && suspicion->snd_una == snd_una)
		return;
	if (rt_wrong_netns(BPF_CORE_READ(net, ns.inum)))
		return;
	suspicion->told = 1;
	suspicion->snd_una = snd_una;
	event = rt_reserve();
	if (!event)
		return;
	event->kind = RT_LOSING;
	event->mechanism = mechanism;
	event->protocol = IPPROTO_TCP;
	event->direction = suspicion->accepted ? RT_INPUT : RT_OUTPUT;
	event->addr = (__u64)net;
	rt_fill_net(event, net);
	rt_fill_flow(event, sk);
	rt_fill_timer(event, tcp);
	__builtin_memcpy(event->gateway, suspicion->path.gateway, sizeof(event->gateway));
	event->oif = suspicion->path.oif;
	/* What TCP works with knows of smaller MTUs further on. */
	mtu = BPF_CORE_READ(tcp, inet_conn.icsk_pmtu_cookie);
	event->mtu = mtu ? mtu : suspicion->path.mtu;
	event->task = suspicion->owner;
	if (!event->task.pid)
		event->task.cgroup_id = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	bpf_ringbuf_submit(event, 0);
}

#endif
