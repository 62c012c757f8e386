/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is remembered of a lookup in progress, per thread, and per cpu for softirqs, which interrupt threads but not
 * each other. Nothing is written on the way of a lookup that succeeds without policy rules (kprobes: its arguments).
 * A function's end can go unseen; what it would have cleared is believed for a second at most.
 */
#ifndef ROUTETAP_MISS_TRAIL_BPF_H
#define ROUTETAP_MISS_TRAIL_BPF_H

#include "fold.bpf.h"

/* include/linux/in_route.h and net/flow.h: output lookups come in from the loopback interface, whose index is 1. */
#define LOOPBACK_IFINDEX 1
#define ESRCH 3
#define EADDRNOTAVAIL 99
#define RT_TABLE_DEFAULT 253
#define RT_TABLE_MAIN 254
#define RT_TABLE_LOCAL 255

/* The last table a thread's lookup did not find the flow in; the tracepoint tier's. */
struct rt_lookup {
	__u8 src[16];
	__u8 dst[16] __attribute__((aligned(4)));
	__u32 nr; /* the system call it happened in */
	__u32 table;
	__u32 oif;
	__u32 mark;
	__u32 uid;
	__u16 sport;
	__u16 dport;
	__u8 family; /* 0: no lookup is open */
	__u8 protocol;
	__u16 pad;
};

/* Arguments of a function entered, for the return by kprobe. */
struct rt_entry {
	void *net;
	void *flow;
	void *other;
};

/* Functions that enclose each other. */
enum rt_entered { RT_IN_OUTPUT4, RT_IN_OUTPUT6, RT_IN_FLOW6, RT_IN_RULES, RT_IN_INPUT, RT_ENTRIES };

struct rt_trail {
	__u64 quiet_ns;    /* since when its lookups are of no flow: a query, an ICMP error; 0: they are */
	__u64 stranger_ns; /* when the kernel asked for a source address that is none of its own */
	__u64 denied;      /* flow that a policy rule answered "unreachable" */
	__u64 unsourced;   /* IPv6 flow that missed before it had a source address */
	/* The last flow no rule had an answer for. */
	__u8 dst[16];
	__u32 rule;
	__u32 table;
	__u32 stranger;
	__u32 pad;
	struct rt_entry entries[RT_ENTRIES];
	struct rt_lookup open;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rt_trail);
} trails SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rt_trail);
} softirq_trails SEC(".maps");

/* `flags`: BPF_LOCAL_STORAGE_GET_F_CREATE, or 0: NULL where nothing was ever remembered. */
static __always_inline struct rt_trail *rt_trail(__u64 flags)
{
	__u32 zero = 0;

	if (rt_in_softirq())
		return bpf_map_lookup_elem(&softirq_trails, &zero);
	return bpf_task_storage_get(&trails, bpf_get_current_task_btf(), 0, flags);
}

static __always_inline bool rt_is_fresh(__u64 since_ns)
{
	return since_ns && bpf_ktime_get_ns() - since_ns < NS_PER_SECOND;
}

static __always_inline int rt_hush(void)
{
	struct rt_trail *trail = rt_trail(BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (trail)
		trail->quiet_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int rt_unhush(void)
{
	struct rt_trail *trail = rt_trail(0);

	if (trail)
		trail->quiet_ns = 0;
	return 0;
}

/*
 * The rule tried last, by the address of the flow: it lies on a stack, so no two lookups at work share it. Two may
 * share a row; then the rule is not known.
 */
#define RULE_ROWS 256
struct {
	__u64 flow;
	__u32 pref;
	__u32 table;
} rules_tried[RULE_ROWS];

/* The verifier lets nobody calculate with a pointer it knows; read from memory it is a number. */
static __always_inline __u32 rt_rule_row(const void *flow)
{
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), &flow);
	return (number >> 5) & (RULE_ROWS - 1);
}

static __always_inline int rt_rule_tried(const void *flow, __u32 pref, __u32 table)
{
	__u32 row = rt_rule_row(flow);

	rules_tried[row].flow = (__u64)flow;
	rules_tried[row].pref = pref;
	rules_tried[row].table = table;
	return 0;
}

__u32 rules_denied; /* a policy rule has answered "unreachable", ever */

/* The end of a walk over the policy rules that found nothing. */
static __always_inline int rt_rules_ended(int family, const void *flow, int error)
{
	struct rt_trail *trail;
	__u32 row;

	if (error != -ESRCH && error != -ENETUNREACH)
		return 0;
	trail = rt_trail(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!trail)
		return 0;
	if (error == -ENETUNREACH) {
		trail->denied = (__u64)flow;
		rules_denied = 1;
		return 0;
	}
	trail->denied = 0;
	row = rt_rule_row(flow);
	trail->rule = 0;
	trail->table = 0;
	if (rules_tried[row].flow == (__u64)flow) {
		trail->rule = rules_tried[row].pref;
		trail->table = rules_tried[row].table;
	}
	__builtin_memset(trail->dst, 0, sizeof(trail->dst));
	if (family == AF_INET)
		bpf_core_read(trail->dst, 4, &((const struct flowi4 *)flow)->daddr);
	else
		bpf_core_read(trail->dst, 16, &((const struct flowi6 *)flow)->daddr);
	return 0;
}

/* The answers of policy rules to packets, from their lookup to where they are dropped, by packet or its route. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} denials SEC(".maps");

/* The input lookup of what `key` stands for ended without a route. */
static __always_inline int rt_input_ended(__u64 key)
{
	struct rt_trail *trail = rt_trail(0);
	__u8 yes = 1;

	if (trail && trail->denied) {
		trail->denied = 0;
		bpf_map_update_elem(&denials, &key, &yes, BPF_ANY);
	} else {
		bpf_map_delete_elem(&denials, &key);
	}
	return 0;
}

static __always_inline bool rt_input_denied(__u64 key)
{
	return rules_denied && bpf_map_delete_elem(&denials, &key) == 0;
}

static __always_inline bool rt_same(const __u8 *one, const __u8 *other)
{
	const __u32 *a = (const __u32 *)one, *b = (const __u32 *)other;

	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

#endif
