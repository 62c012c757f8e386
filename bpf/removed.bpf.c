// SPDX-License-Identifier: GPL-2.0
/*
 * removed: IPv4 routes that leave their table without an RTM_DELROUTE. Link down, an address or a device or a nexthop
 * gone, the end of a namespace: all of these run fib_table_flush, and announced deletions never do.
 */
#include "ring.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

/* All cpus together; 0 is no bound. */
const volatile __u32 removed_per_second = 4096;

/* Removals no record was sent of, a counter per cpu. No loss: whoever re-reads the table finds them gone. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} removed_skipped SEC(".maps");

/* Set while the thread is in fib_table_flush. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} flushing SEC(".maps");

__u64 removed_second; /* the second the next is about */
__u64 removed_sent;

static __always_inline bool rt_may_send(void)
{
	__u64 second = bpf_ktime_get_ns() / 1000000000ULL;
	__u64 seen = *(volatile __u64 *)&removed_second;

	/* The ring's other half is for records that cannot be found out later. */
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > bpf_ringbuf_query(&events, BPF_RB_RING_SIZE) / 2)
		return false;
	if (!removed_per_second)
		return true;
	if (seen != second && __sync_val_compare_and_swap(&removed_second, seen, second) == seen)
		*(volatile __u64 *)&removed_sent = 0;
	if (*(volatile __u64 *)&removed_sent >= removed_per_second)
		return false;
	return __sync_fetch_and_add(&removed_sent, 1) < removed_per_second;
}

static __always_inline struct rt_event *rt_reserve_removed(void)
{
	struct rt_event *event = rt_may_send() ? bpf_ringbuf_reserve(&events, sizeof(*event), 0) : 0;
	__u64 *skipped;
	__u32 zero = 0;

	if (event) {
		__builtin_memset(event, 0, sizeof(*event));
		return event;
	}
	skipped = bpf_map_lookup_elem(&removed_skipped, &zero);
	if (skipped)
		(*skipped)++;
	return 0;
}

static __always_inline int rt_set_flushing(__u32 is_flushing)
{
	__u32 *flag = bpf_task_storage_get(&flushing, bpf_get_current_task_btf(), 0,
					   is_flushing ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);

	if (flag)
		*flag = is_flushing;
	return 0;
}

/* Both run under the routing lock, in the thread that is the cause; a kernel thread is no process. */
static __always_inline int rt_on_removal(struct net *net, __u32 key, struct fib_alias *alias, __u8 mechanism)
{
	__u32 *flag = bpf_task_storage_get(&flushing, bpf_get_current_task_btf(), 0, 0);
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fib_info *info;
	struct rt_event *event;

	if (!flag || !*flag || (only_netns && rt_wrong_netns(BPF_CORE_READ(net, ns.inum))))
		return 0;
	info = BPF_CORE_READ(alias, fa_info);
	/* Their preferred source address is gone: these the kernel announces (6.6, and stable trees before). */
	if (bpf_core_field_exists(info->pfsrc_removed) && BPF_CORE_READ(info, pfsrc_removed))
		return 0;
	event = rt_reserve_removed();
	if (!event)
		return 0;
	event->time_ns = bpf_ktime_get_boot_ns();
	event->count = 1;
	event->kind = RT_REMOVED;
	event->mechanism = mechanism;
	event->family = AF_INET;
	event->addr = (__u64)net;
	rt_fill_net(event, net);
	rt_fill_v4(event->dst, bpf_htonl(key));
	event->prefix_len = 32 - BPF_CORE_READ(alias, fa_slen);
	event->tos = BPF_CORE_READ(alias, fa_dscp);
	event->table = BPF_CORE_READ(alias, tb_id);
	event->priority = BPF_CORE_READ(info, fib_priority);
	if (!(BPF_CORE_READ(task, flags) & PF_KTHREAD))
		rt_fill_task(&event->task);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("fentry/fib_table_flush")
int BPF_PROG(removed_flush4_fentry)
{
	return rt_set_flushing(1);
}

SEC("fexit/fib_table_flush")
int BPF_PROG(removed_flush4_fexit)
{
	return rt_set_flushing(0);
}

SEC("fentry/fib_notify_alias_delete")
int BPF_PROG(removed_alias4_fentry, struct net *net, __u32 key, void *aliases, struct fib_alias *alias)
{
	return rt_on_removal(net, key, alias, RT_FENTRY);
}

SEC("kprobe/fib_table_flush")
int BPF_KPROBE(removed_flush4_kprobe)
{
	return rt_set_flushing(1);
}

SEC("kretprobe/fib_table_flush")
int BPF_KRETPROBE(removed_flush4_kretprobe)
{
	return rt_set_flushing(0);
}

SEC("kprobe/fib_notify_alias_delete")
int BPF_KPROBE(removed_alias4_kprobe, struct net *net, __u32 key, void *aliases, struct fib_alias *alias)
{
	return rt_on_removal(net, key, alias, RT_KPROBE);
}

char LICENSE[] SEC("license") = "GPL";
