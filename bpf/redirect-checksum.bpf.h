/* SPDX-License-Identifier: GPL-2.0 */
/* The checksum of an ICMP or ICMPv6 message: the kernel drops a wrong one before anything else looks at it. */
#ifndef ROUTETAP_REDIRECT_CHECKSUM_BPF_H
#define ROUTETAP_REDIRECT_CHECKSUM_BPF_H

#include "ring.h"

#define CHECKSUM_UNNECESSARY 1
#define CHECKSUM_PARTIAL 3
#define MOST_CHECKED 2047 /* bytes; all ones, so that the verifier sees what a mask does */

struct rt_message {
	__u16 words[(MOST_CHECKED + 1) / 2];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rt_message);
} messages SEC(".maps");

struct rt_sum {
	const struct rt_message *message;
	__u64 sum;
};

static long rt_add_word(__u32 index, struct rt_sum *sum)
{
	sum->sum += sum->message->words[index & (MOST_CHECKED / 2)];
	return 0;
}

/*
 * `seed`: the sum of the pseudo header's words. Where the network card has checked it, and of messages too long to
 * look at, it is taken for right.
 */
static __always_inline bool rt_checksum_right(struct sk_buff *skb, const void *at, __u32 bytes, __u64 seed)
{
	__u8 state = BPF_CORE_READ_BITFIELD_PROBED(skb, ip_summed);
	struct rt_message *message;
	struct rt_sum sum = { .sum = seed };
	__u32 zero = 0;

	if (state == CHECKSUM_UNNECESSARY || state == CHECKSUM_PARTIAL || bytes > MOST_CHECKED)
		return true;
	message = bpf_map_lookup_elem(&messages, &zero);
	if (!message)
		return true;
	/* Older verifiers have forgotten the bound by now: keep the masks below. */
	asm volatile("" : "+r"(bytes));
	/* Half of the last word, where there is an odd byte. */
	message->words[(bytes / 2) & (MOST_CHECKED / 2)] = 0;
	if (bpf_probe_read_kernel(message->words, bytes & MOST_CHECKED, at))
		return true;
	sum.message = message;
	bpf_loop((bytes + 1) / 2, rt_add_word, &sum, 0);
	for (int i = 0; i < 4; i++)
		sum.sum = (sum.sum & 0xffff) + (sum.sum >> 16);
	return sum.sum == 0xffff;
}

#endif
