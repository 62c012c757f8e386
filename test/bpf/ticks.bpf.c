/* SPDX-License-Identifier: GPL-2.0 */
/* Programs the tests of the loader run: an event per getpriority(), which says which process. */
#include "vmlinux-lite.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "ring.h"

#define NR_GETPRIORITY 140

const volatile __u32 only_tgid = 0;
const volatile __u64 mark = 1;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} notes SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(ticks_tp, struct pt_regs *regs, long id)
{
	struct rt_event *event;

	if (id != NR_GETPRIORITY || bpf_get_current_pid_tgid() >> 32 != only_tgid)
		return 0;
	event = rt_reserve();
	if (!event)
		return 0;
	event->kind = RT_MISS;
	event->addr = mark;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Refused here or there: no kernel has this function. */
SEC("fentry/routetap_no_such_function")
int BPF_PROG(ticks_fentry)
{
	return 0;
}

/* Reads where it may not: the verifier refuses it everywhere. */
SEC("tp_btf/sys_exit")
int BPF_PROG(ticks6_tp, struct pt_regs *regs, long ret)
{
	return *(int *)(ret + 8);
}

char LICENSE[] SEC("license") = "GPL";
