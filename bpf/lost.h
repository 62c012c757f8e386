/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ROUTETAP_LOST_H
#define ROUTETAP_LOST_H

/* Records the ring had no room for, a counter per cpu. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/* `records` standing for what is not in the ring: one, or the repeats a record would have reported. */
static __always_inline void rt_count_lost(__u64 records)
{
	__u32 zero = 0;
	__u64 *counter = bpf_map_lookup_elem(&lost, &zero);

	/* A program may be interrupted by another one on the same cpu (softirq, nmi). */
	if (counter)
		__sync_fetch_and_add(counter, records);
}

#endif
