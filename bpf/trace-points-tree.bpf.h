/* SPDX-License-Identifier: GPL-2.0 */
/* A tree of the tracepoint tier: where it is kept, its records, and how it ends. */
#ifndef ROUTETAP_TRACE_POINTS_TREE_H
#define ROUTETAP_TRACE_POINTS_TREE_H

#include "trace-flow.bpf.h"
#include "trace-route.bpf.h"

#define RT_PF_EXITING 0x4
#define RT_PF_IO_WORKER 0x10
#define RT_PF_KTHREAD 0x200000
#define RT_LOOPBACK_IFINDEX 1
#define RT_THREAD_SIZE 16384
#define RT_NO_CALL (~0ULL) /* orig_ax of a thread that an interrupt or exception brought into the kernel */

/*
 * Set by the loader: the end of a system call is told by task work (Linux 6.18), which the one thread does that has a
 * tree. Else by sys_exit, which slows down every system call of the machine.
 */
const volatile __u32 ends_by_work = 0;

/* Number of each tracepoint in records; core/trace/point-table.ts has the same. */
enum rt_point {
	RT_POINT_FIB = 1,
	RT_POINT_FIB6 = 2,
	RT_POINT_NEIGH_CREATE = 3,
	RT_POINT_NEIGH_SEND = 4,
	RT_POINT_NEIGH_DEAD = 5,
	RT_POINT_NEIGH_UPDATE = 6,
	RT_POINT_XMIT = 7,
	RT_POINT_DROP = 8,
	RT_POINT_ICMP = 9,
	RT_POINT_END = 10, /* of the system call, or of the softirq's handling */
};

/* Of every record: number of the system call plus 1, 0 for none. */
#define RT_POINT_CALL_ARGUMENT 5

struct rt_points_flow {
	__u8 dst[16];
	__u8 src[16];
	__u32 iif;
};

/* An open tree. */
struct rt_points_tree {
	__u64 lookup; /* 0: none is open */
	__u32 seq;
	__u32 netns;
	__u64 net_cookie;
	__u32 call;	 /* number of the system call plus 1 */
	bool is_paused;	 /* another flow is looked up meanwhile: what follows is not this one's */
	bool is_filled;	 /* netns is known */
	bool is_endless; /* no end of a call will be seen: another flow is another tree */
	__u8 family;
	struct rt_points_flow first;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rt_points_tree);
} task_trees SEC(".maps");

struct rt_points_cpu {
	struct net_device *dev; /* of the packet received last in this softirq */
	struct rt_points_tree tree;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rt_points_cpu);
} cpu_trees SEC(".maps");

static __always_inline struct rt_points_cpu *rt_points_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_trees, &zero);
}

/* With PREEMPT_RT alone. */
struct task_struct___rt {
	int softirq_disable_cnt;
} __attribute__((preserve_access_index));

static __always_inline bool rt_points_is_ksoftirqd(const struct task_struct *task)
{
	return (task->flags & RT_PF_KTHREAD) && task->comm[0] == 'k' && task->comm[1] == 's' &&
	       task->comm[2] == 'o' && task->comm[3] == 'f' && task->comm[4] == 't' && task->comm[5] == 'i' &&
	       task->comm[6] == 'r' && task->comm[7] == 'q' && task->comm[8] == 'd' && task->comm[9] == '/';
}

/*
 * Softirqs that interrupt a thread inside the kernel have a stack of their own (x86), and a tracepoint's arguments,
 * `ctx`, lie on the stack it was hit on. After an interrupt of a program they are on the thread's, and it has made no
 * call. Kernels without CONFIG_KALLSYMS_ALL let no program read the preemption count, and to watch softirqs begin costs
 * each of them.
 */
static __always_inline bool rt_points_serving(const void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct___rt *rt = (struct task_struct___rt *)task;
	struct pt_regs *regs;

	if (bpf_core_field_exists(rt->softirq_disable_cnt))
		return BPF_CORE_READ(rt, softirq_disable_cnt) & SERVING_SOFTIRQ;
	/* The lower halves do: no other stack is just 4 GiB away. */
	if ((__u32)(__u64)ctx - (__u32)(__u64)task->stack >= RT_THREAD_SIZE)
		return true;
	if (task->flags & (RT_PF_KTHREAD | RT_PF_IO_WORKER))
		return !task->pid || rt_points_is_ksoftirqd(task);
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	return regs->orig_ax == RT_NO_CALL;
}

/* The system call plus 1; 0: a task that never leaves the kernel, so that no end will be seen. */
static __always_inline __u32 rt_points_call(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	if (task->flags & (RT_PF_KTHREAD | RT_PF_IO_WORKER))
		return 0;
	return (__u32)regs->orig_ax + 1;
}

static __always_inline bool rt_points_net_matches(struct net *net)
{
	return !only_netns || (net && BPF_CORE_READ(net, ns.inum) == only_netns);
}

static __always_inline void rt_points_net(struct rt_points_tree *tree, struct net *net)
{
	if (tree->is_filled || !net)
		return;
	tree->netns = BPF_CORE_READ(net, ns.inum);
	tree->net_cookie = BPF_CORE_READ(net, net_cookie);
	tree->is_filled = true;
}

/* The next record of the tree, or NULL; its number is used up either way. */
static __always_inline struct rt_step *rt_points_step(struct rt_points_tree *tree, bool in_softirq, __u8 kind,
						      __u16 point)
{
	struct rt_step *step = rt_step_reserve(tree->lookup, tree->seq++, in_softirq);

	if (!step)
		return 0;
	step->kind = kind;
	step->function = point;
	step->depth = kind == RT_END ? 0 : 1;
	step->family = tree->family;
	step->netns = tree->netns;
	step->net_cookie = tree->net_cookie;
	step->args[RT_POINT_CALL_ARGUMENT] = tree->call;
	return step;
}

static __always_inline void rt_points_end(struct rt_points_tree *tree, bool in_softirq, long ret)
{
	struct rt_step *step = rt_points_step(tree, in_softirq, RT_END, RT_POINT_END);

	if (step) {
		step->ret = ret;
		bpf_ringbuf_submit(step, 0);
	}
	tree->lookup = 0;
	__sync_fetch_and_add(&open_trees, -1);
}

struct bpf_task_work {
	__u64 __opaque;
} __attribute__((aligned(8)));

struct bpf_map;
typedef int rt_points_work_fn(struct bpf_map *map, void *key, void *value);
extern int bpf_task_work_schedule_resume_impl(struct task_struct *task, struct bpf_task_work *work, void *map,
					      rt_points_work_fn *callback, void *prog) __ksym __weak;

struct rt_points_work {
	struct bpf_task_work work;
};

/* By thread, while it has a tree. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct rt_points_work);
} works SEC(".maps");

/* The thread is about to go back to its program, or exits. */
static int rt_points_work(struct bpf_map *map, void *key, void *value)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rt_points_tree *tree = bpf_task_storage_get(&task_trees, task, 0, 0);
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	if (tree && tree->lookup)
		rt_points_end(tree, false, task->flags & RT_PF_EXITING ? 0 : (long)regs->ax);
	bpf_map_delete_elem(&works, key);
	return 0;
}

/* Will the end of this thread's system call be seen? */
static __always_inline bool rt_points_await(struct task_struct *task)
{
	struct rt_points_work none = {};
	struct rt_points_work *work;
	__u32 tid = task->pid;

	if (!ends_by_work)
		return true;
	bpf_map_update_elem(&works, &tid, &none, BPF_NOEXIST);
	work = bpf_map_lookup_elem(&works, &tid);
	return work && !bpf_task_work_schedule_resume_impl(task, &work->work, &works, rt_points_work, 0);
}

#endif
