/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one way to user space. The loader lets all objects share the maps `events` and `lost`, so that every event
 * goes through one ring, in order.
 */
#ifndef ROUTETAP_RING_H
#define ROUTETAP_RING_H

#include "common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* bytes; the loader may ask for more */
} events SEC(".maps");

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
