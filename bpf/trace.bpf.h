/* SPDX-License-Identifier: GPL-2.0 */
/*
 * `routetap trace`: what is remembered of a lookup at work, per thread, and per cpu for softirqs, which interrupt
 * threads but not each other; the ring; and the filters. What is kept of a lookup stays in maps and in the ring, where
 * the verifier follows no values: so the ways through a program meet again, and it ends in time.
 */
#ifndef ROUTETAP_TRACE_BPF_H
#define ROUTETAP_TRACE_BPF_H

#include "common.bpf.h"
#include "step.h"

/* Set by the loader. */
const volatile __u32 only_tgid = 0;     /* the one process; 0: all */
const volatile __u32 is_following = 0;  /* only threads in `followed` */
const volatile __u32 filter_family = 0; /* AF_*; 0: both */
const volatile __u8 filter_dst[16] = {};
const volatile __u8 filter_src[16] = {};
const volatile __u32 filter_dst_len = 0;
const volatile __u32 filter_src_len = 0;
const volatile __u32 filter_has_dst = 0;
const volatile __u32 filter_has_src = 0;
const volatile __u32 hz = 250;
/* Where functions return to while a kretprobe waits for them; 0: not known. */
const volatile __u64 return_trampoline = 0;
/* The same of the function graph tracer, which may be at work, too. */
const volatile __u64 graph_trampoline = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24); /* bytes; the loader may ask for more */
} steps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RT_SHAPES);
	__type(key, __u32);
	__type(value, struct rt_shape);
} shapes SEC(".maps");

/* Threads to be followed, as the initial pid namespace counts them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} followed SEC(".maps");

#define FRAME_MASK (RT_STEP_FRAMES - 1) /* for the verifier */
#define MOST_TREES 1024 /* open at once; further lookups go untold and are counted as lost */

struct rt_frame {
	__u64 sp; /* 0: not known */
	__u64 function;
	__u64 args[8]; /* from 1, as `rt_shape` counts; 0 is always 0 */
};

/* A tree that is open. */
struct rt_trace {
	__u64 lookup;
	__u64 net; /* struct net * */
	__u64 net_cookie;
	__u64 since_ns;
	__u32 netns;
	__u32 seq;
	__u32 depth; /* calls open */
	__u32 family; /* of the flow told last */
	__u32 found;
	struct rt_frame frames[RT_STEP_FRAMES];
};

/* By thread, or by cpu for what softirqs do. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MOST_TREES);
	__type(key, __u64);
	__type(value, struct rt_trace);
} traces SEC(".maps");

/*
 * Trees open on the whole machine, nearly always none: then a program that begins no tree ends after this one load,
 * which is what a lookup that nobody asked for pays.
 */
__u64 open_trees;
__u64 last_lookup;

/* What a new one begins as; too large for a program's stack. */
static const struct rt_trace no_trace;

#define OF_SOFTIRQ (1ULL << 63)

/*
 * Not 0 from when every function is watched until the first one is let go: a tree that begins before or after would
 * lack calls, or their ends.
 */
__u32 is_watching SEC(".data.watching");

static __always_inline __u64 rt_place(bool in_softirq)
{
	return in_softirq ? OF_SOFTIRQ | bpf_get_smp_processor_id() : bpf_get_current_pid_tgid();
}

/* The tree this thread or softirq is at work on, or NULL. */
static __always_inline struct rt_trace *rt_trace_at(__u64 place)
{
	return open_trees ? bpf_map_lookup_elem(&traces, &place) : 0;
}

/* Is the thread one of those asked for? A softirq is nobody's. */
static __always_inline bool rt_task_matches(bool in_softirq)
{
	__u64 both;
	__u32 tid;

	if (!only_tgid && !is_following)
		return in_softirq || !rt_is_own();
	if (in_softirq)
		return false;
	both = bpf_get_current_pid_tgid();
	if (only_tgid)
		return (__u32)(both >> 32) == only_tgid;
	tid = (__u32)both;
	return bpf_map_lookup_elem(&followed, &tid) != 0;
}

/* The first `bits` of two addresses of sixteen bytes are the same. */
static __always_inline bool rt_prefix_matches(const volatile __u8 *prefix, __u32 bits, const __u8 *address)
{
	int at;

#pragma unroll
	for (at = 0; at < 4; at++) {
		__u32 left = bits > (__u32)at * 32 ? bits - at * 32 : 0;
		__u32 mask = left >= 32 ? 0xffffffff : left == 0 ? 0 : bpf_htonl(~(0xffffffffU >> left));

		if ((*(const volatile __u32 *)(prefix + at * 4) ^ *(const __u32 *)(address + at * 4)) & mask)
			return false;
	}
	return true;
}

static __always_inline bool rt_is_unspecified(const __u8 *address)
{
	const __u32 *words = (const __u32 *)address;

	return (words[0] | words[1] | words[2] | words[3]) == 0;
}

/* A destination not known matches no filter; a source not known may still be chosen. */
static __always_inline bool rt_flow_matches(__u32 family, const __u8 *src, const __u8 *dst)
{
	if (filter_family && family && family != filter_family)
		return false;
	if (filter_has_dst && (rt_is_unspecified(dst) || !rt_prefix_matches(filter_dst, filter_dst_len, dst)))
		return false;
	return !filter_has_src || rt_is_unspecified(src) || rt_prefix_matches(filter_src, filter_src_len, src);
}

/*
 * Room for record `seq` of a tree, with who and when, or NULL, and then it is counted as lost. To be given to
 * bpf_ringbuf_submit.
 */
static __always_inline struct rt_step *rt_step_reserve(__u64 lookup, __u32 seq, bool in_softirq)
{
	struct rt_step *step = bpf_ringbuf_reserve(&steps, sizeof(*step), 0);
	__u64 both;

	if (!step) {
		rt_count_lost(1);
		return 0;
	}
	__builtin_memset(step, 0, sizeof(*step));
	step->time_ns = bpf_ktime_get_boot_ns();
	step->lookup = lookup;
	step->seq = seq;
	step->place = in_softirq ? RT_IN_SOFTIRQ : RT_IN_TASK;
	step->cpu = bpf_get_smp_processor_id();
	both = bpf_get_current_pid_tgid();
	step->pid = both >> 32;
	step->tid = (__u32)both;
	step->uid = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(step->comm, sizeof(step->comm));
	return step;
}

/* The next record of the tree, or NULL; its number is used up either way. */
static __always_inline struct rt_step *rt_trace_step(struct rt_trace *trace, __u64 place)
{
	struct rt_step *step = rt_step_reserve(trace->lookup, trace->seq++, place >> 63);

	if (step) {
		step->netns = trace->netns;
		step->net_cookie = trace->net_cookie;
	}
	return step;
}

static __always_inline void rt_trace_net(struct rt_trace *trace, struct net *net)
{
	if (!net || trace->net == (__u64)net)
		return;
	trace->net = (__u64)net;
	trace->netns = BPF_CORE_READ(net, ns.inum);
	trace->net_cookie = BPF_CORE_READ(net, net_cookie);
}

/* A tree begins; the caller has seen that it is wanted. NULL: too many are open. */
static __always_inline struct rt_trace *rt_tree_begins(__u64 place)
{
	struct rt_trace *trace;

	if (bpf_map_update_elem(&traces, &place, &no_trace, BPF_NOEXIST)) {
		rt_count_lost(1);
		return 0;
	}
	__sync_fetch_and_add(&open_trees, 1);
	trace = bpf_map_lookup_elem(&traces, &place);
	if (!trace)
		return 0;
	trace->lookup = __sync_fetch_and_add(&last_lookup, 1) + 1;
	trace->since_ns = bpf_ktime_get_ns();
	return trace;
}

/* The trace may be nobody's or another's from here on. */
static __always_inline void rt_tree_ends(__u64 place)
{
	if (bpf_map_delete_elem(&traces, &place) == 0)
		__sync_fetch_and_add(&open_trees, -1);
}

#endif
