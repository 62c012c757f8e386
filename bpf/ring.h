/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one way to user space. The loader lets all objects share the maps `events` and `lost`, so that every event
 * goes through one ring, in order.
 */
#ifndef ROUTETAP_RING_H
#define ROUTETAP_RING_H

#include "event.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* bytes; the loader may ask for more */
} events SEC(".maps");

/* Events the ring had no room for, a counter per cpu. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/* `events` standing for events that are not in the ring: one, or the repeats a record would have reported. */
static __always_inline void rt_count_lost(__u64 events)
{
	__u32 zero = 0;
	__u64 *counter = bpf_map_lookup_elem(&lost, &zero);

	/* A program may be interrupted by another one on the same cpu (softirq, nmi). */
	if (counter)
		__sync_fetch_and_add(counter, events);
}

/* Room for one zeroed event, or NULL, and then it is counted as lost. To be given to bpf_ringbuf_submit. */
static __always_inline struct rt_event *rt_reserve(void)
{
	struct rt_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		rt_count_lost(1);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_boot_ns();
	event->count = 1;
	return event;
}

#endif
