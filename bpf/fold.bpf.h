/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The first happening of a kind is told at once; its repeats within a window become the count of one record, sent
 * when the window is over by a timer, not by the next happening. What is told is bounded per second.
 * happened = delivered (sum of `count`) + waiting in `folds` + lost (the map of that name).
 */
#ifndef ROUTETAP_FOLD_BPF_H
#define ROUTETAP_FOLD_BPF_H

#include "ring.h"

#define RT_FOLD_ENTRIES 8192
#define NS_PER_SECOND 1000000000ULL
#define CLOCK_MONOTONIC 1
#define MAX_COUNT 0xffffffffULL

const volatile __u64 fold_window_ns = NS_PER_SECOND;
const volatile __u32 rate_per_second = 2000; /* records, all cpus together; 0 is no bound */

struct rt_fold_key {
	__u8 src[16];
	__u8 dst[16];
	__u32 netns;
	__u32 pid; /* 0: no process */
	__u32 iif;
	__u16 dport;
	__u16 family;
	__u8 protocol;
	__u8 direction;
	__u16 pad;
};

struct rt_fold {
	__u64 since_ns; /* when the last record was sent, bpf_ktime_get_ns */
	__u64 folded;   /* repeats since then; RT_DEAD: on its way out, to be counted by nobody */
	/* Of the first happening, for the record of its repeats. */
	__u64 net_cookie;
	__u64 addr;
	struct rt_task task;
	__u32 oif;
	__u32 mark;
	__u32 uid;
	__u32 table;
	__u32 rule;
	__u16 sport;
	__u8 mechanism;
	__u8 pad;
};

#define RT_DEAD (1ULL << 63)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RT_FOLD_ENTRIES);
	__type(key, struct rt_fold_key);
	__type(value, struct rt_fold);
} folds SEC(".maps");

enum rt_tally { RT_HAPPENED = 0, RT_DELIVERED = 1, RT_FOLDED = 2, RT_OVER_RATE = 3, RT_TALLIES = 4 };

/* RT_DELIVERED counts happenings, not records. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RT_TALLIES);
	__type(key, __u32);
	__type(value, __u64);
} tallies SEC(".maps");

static __always_inline void rt_tally(__u32 which, __u64 by)
{
	__u64 *counter = bpf_map_lookup_elem(&tallies, &which);

	if (counter)
		__sync_fetch_and_add(counter, by);
}

__u64 rate_second; /* the second the next is about */
__u64 rate_sent;

static __always_inline bool rt_over_rate(__u64 now_ns)
{
	__u64 second = now_ns / NS_PER_SECOND;
	__u64 seen = *(volatile __u64 *)&rate_second;

	if (!rate_per_second)
		return false;
	if (seen != second && __sync_val_compare_and_swap(&rate_second, seen, second) == seen)
		*(volatile __u64 *)&rate_sent = 0;
	return __sync_fetch_and_add(&rate_sent, 1) >= rate_per_second;
}

static __always_inline bool rt_folded_into(struct rt_fold *known)
{
	if (__sync_fetch_and_add(&known->folded, 1) & RT_DEAD)
		return false;
	rt_tally(RT_FOLDED, 1);
	return true;
}

static __always_inline void rt_fill_fold(struct rt_event *event, const struct rt_fold_key *key,
					 const struct rt_fold *of)
{
	event->kind = RT_MISS;
	event->error = -ENETUNREACH;
	event->netns = key->netns;
	event->family = key->family;
	event->direction = key->direction;
	event->protocol = key->protocol;
	event->dport = key->dport;
	event->iif = key->iif;
	__builtin_memcpy(event->src, key->src, sizeof(event->src));
	__builtin_memcpy(event->dst, key->dst, sizeof(event->dst));
	event->net_cookie = of->net_cookie;
	event->addr = of->addr;
	event->task = of->task;
	event->oif = of->oif;
	event->mark = of->mark;
	event->uid = of->uid;
	event->table = of->table;
	event->rule = of->rule;
	event->sport = of->sport;
	event->mechanism = of->mechanism;
}

/* One happening: told now, or counted. */
static __noinline int rt_happened(const struct rt_fold_key *key, struct rt_fold *of)
{
	struct rt_fold *known = bpf_map_lookup_elem(&folds, key);
	__u64 now = bpf_ktime_get_ns();
	struct rt_event *event;

	rt_tally(RT_HAPPENED, 1);
	of->since_ns = now;
	of->folded = 0;
	/* Another cpu may be first; and with the map full it goes untold of, like a flow of its own. */
	if (!known && bpf_map_update_elem(&folds, key, of, BPF_NOEXIST))
		known = bpf_map_lookup_elem(&folds, key);
	if (known && rt_folded_into(known))
		return 0;
	if (rt_over_rate(now)) {
		rt_tally(RT_OVER_RATE, 1);
		rt_count_lost(1);
		return 0;
	}
	event = rt_reserve();
	if (!event)
		return 0;
	rt_fill_fold(event, key, of);
	rt_tally(RT_DELIVERED, 1);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

struct rt_sweep {
	__u64 now_ns;
	bool is_last; /* whatever the window */
};

/* Nothing is lost here: what finds no room waits for the next sweep. */
static long rt_sweep_step(struct bpf_map *map, const struct rt_fold_key *key, struct rt_fold *fold,
			  struct rt_sweep *sweep)
{
	struct rt_event *event;
	__u64 repeats;

	if (!sweep->is_last && sweep->now_ns - fold->since_ns < fold_window_ns)
		return 0;
	if (*(volatile __u64 *)&fold->folded == 0) {
		if (__sync_val_compare_and_swap(&fold->folded, 0, RT_DEAD) == 0)
			bpf_map_delete_elem(&folds, key);
		return 0;
	}
	if (*(volatile __u64 *)&fold->folded & RT_DEAD)
		return 0;
	if (!sweep->is_last && rt_over_rate(sweep->now_ns))
		return 1;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 1;
	__builtin_memset(event, 0, sizeof(*event));
	repeats = __sync_lock_test_and_set(&fold->folded, 0) & ~RT_DEAD;
	if (repeats > MAX_COUNT) {
		__sync_fetch_and_add(&fold->folded, repeats - MAX_COUNT);
		repeats = MAX_COUNT;
	}
	if (!repeats) {
		bpf_ringbuf_discard(event, 0);
		return 0;
	}
	event->time_ns = bpf_ktime_get_boot_ns();
	event->count = repeats;
	rt_fill_fold(event, key, fold);
	fold->since_ns = sweep->now_ns;
	rt_tally(RT_DELIVERED, repeats);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

struct rt_sweeper {
	struct bpf_timer timer;
	__u32 is_set;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rt_sweeper);
} sweepers SEC(".maps");

/* Half a window: repeats are told at most one and a half windows after the first. */
static __always_inline void rt_sweep_later(struct rt_sweeper *sweeper)
{
	__u64 half = fold_window_ns / 2;

	bpf_timer_start(&sweeper->timer, half < 1000000 ? 1000000 : half, 0);
}

static int rt_sweep_due(void *map, __u32 *key, struct rt_sweeper *sweeper)
{
	struct rt_sweep sweep = { .now_ns = bpf_ktime_get_ns() };

	bpf_for_each_map_elem(&folds, rt_sweep_step, &sweep, 0);
	rt_sweep_later(sweeper);
	return 0;
}

/*
 * The loader runs it when all is attached: it starts the timer, which programs on kprobes must not. Run again it
 * tells at once what still waits. It walks the kernel's maps, which are few, and looks at none.
 */
SEC("iter/bpf_map")
int miss_sweep_all(struct bpf_iter__bpf_map *ctx)
{
	struct rt_sweep sweep = { .is_last = true };
	struct rt_sweeper *sweeper;
	__u32 zero = 0;

	if (ctx->map)
		return 0;
	sweeper = bpf_map_lookup_elem(&sweepers, &zero);
	if (!sweeper)
		return 0;
	if (__sync_lock_test_and_set(&sweeper->is_set, 1)) {
		sweep.now_ns = bpf_ktime_get_ns();
		bpf_for_each_map_elem(&folds, rt_sweep_step, &sweep, 0);
		return 0;
	}
	if (bpf_timer_init(&sweeper->timer, &sweepers, CLOCK_MONOTONIC))
		return 0;
	bpf_timer_set_callback(&sweeper->timer, rt_sweep_due);
	rt_sweep_later(sweeper);
	return 0;
}

#endif
