/* SPDX-License-Identifier: GPL-2.0 */
/* A neighbour's address is no longer answered for: told once, until it is answered for again. */
#ifndef ROUTETAP_LOSING_NEIGHBOUR_BPF_H
#define ROUTETAP_LOSING_NEIGHBOUR_BPF_H

#include "ring.h"

#define NUD_REACHABLE 0x02
#define NUD_FAILED 0x20
#define NEIGHBOURS 4096
#define NS_PER_SECOND 1000000000ULL

/* Neighbour failures a second, of those that never answered and of the others each; 0 is no bound. */
const volatile __u32 rate_per_second = 200;

struct neighbour_key {
	__u8 address[16];
	__u32 netns;
	__u32 ifindex;
};

/* Neighbours whose failure was told. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NEIGHBOURS);
	__type(key, struct neighbour_key);
	__type(value, __u64);
} failed SEC(".maps");

/* A second's failures: [0] of neighbours that once answered, [1] of those that never did, as in a scan. */
struct rt_rate {
	__u64 second;
	__u64 sent;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct rt_rate);
} failures SEC(".maps");

static __always_inline bool rt_too_many(__u32 which, __u64 now_ns)
{
	struct rt_rate *rate = bpf_map_lookup_elem(&failures, &which);
	__u64 second = now_ns / NS_PER_SECOND;
	__u64 seen;

	if (!rate || !rate_per_second)
		return false;
	seen = *(volatile __u64 *)&rate->second;
	if (seen != second && __sync_val_compare_and_swap(&rate->second, seen, second) == seen)
		*(volatile __u64 *)&rate->sent = 0;
	return __sync_fetch_and_add(&rate->sent, 1) >= rate_per_second;
}

static __always_inline bool rt_read_key(struct neighbour_key *key, struct neighbour *neighbour, int family)
{
	/* primary_key is a flexible array: its length comes from its family. */
	const void *address = (const void *)neighbour + bpf_core_field_offset(struct neighbour, primary_key);

	if (family == AF_INET)
		return bpf_probe_read_kernel(key->address, 4, address) == 0;
	return family == AF_INET6 && bpf_probe_read_kernel(key->address, 16, address) == 0;
}

static __always_inline void rt_tell_neighbour(struct neighbour *neighbour, struct neighbour_key *key, int family)
{
	struct net_device *dev = BPF_CORE_READ(neighbour, dev);
	struct net *net = BPF_CORE_READ(dev, nd_net.net);
	__u64 now = bpf_ktime_get_ns();
	struct rt_event *event;
	__u8 once_answered[8] = {};

	/* Its link-layer address stays when it fails. */
	bpf_core_read(once_answered, sizeof(once_answered), &neighbour->ha);
	if (bpf_map_update_elem(&failed, key, &now, BPF_NOEXIST))
		return;
	if (rt_too_many(*(__u64 *)once_answered == 0, now)) {
		rt_count_lost(1);
		bpf_map_delete_elem(&failed, key);
		return;
	}
	event = rt_reserve();
	if (!event) {
		bpf_map_delete_elem(&failed, key);
		return;
	}
	event->kind = RT_LOSING;
	event->family = family;
	event->addr = (__u64)net;
	rt_fill_net(event, net);
	event->oif = key->ifindex;
	event->mtu = BPF_CORE_READ(dev, mtu);
	__builtin_memcpy(event->dst, key->address, sizeof(event->dst));
	__builtin_memcpy(event->gateway, key->address, sizeof(event->gateway));
	bpf_ringbuf_submit(event, 0);
}

static __always_inline int rt_neighbour(struct neighbour *neighbour)
{
	__u8 state = BPF_CORE_READ(neighbour, nud_state);
	int family = BPF_CORE_READ(neighbour, tbl, family);
	struct net_device *dev = BPF_CORE_READ(neighbour, dev);
	struct neighbour_key key = {};

	/* Stale, delay and probe are "valid" on the way to the next failure: only an answer ends the telling. */
	if (!dev || (state != NUD_FAILED && state != NUD_REACHABLE))
		return 0;
	if (!rt_read_key(&key, neighbour, family))
		return 0;
	key.netns = BPF_CORE_READ(dev, nd_net.net, ns.inum);
	key.ifindex = BPF_CORE_READ(dev, ifindex);
	if (rt_wrong_netns(key.netns))
		return 0;
	if (state == NUD_FAILED)
		rt_tell_neighbour(neighbour, &key, family);
	else
		bpf_map_delete_elem(&failed, &key);
	return 0;
}

#endif
