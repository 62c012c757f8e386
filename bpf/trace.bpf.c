// SPDX-License-Identifier: GPL-2.0
/*
 * One program each for entering and leaving, attached to every function of the routing code the kernel has; the cookie
 * is the function's number, the row of `shapes` of that number says what its arguments are.
 */
#include "trace-fill.bpf.h"
#include "trace-points.bpf.h"

#define STACK_BYTES 16384
#define MOST_SOFTIRQ_NS 1000000000ULL

/* The return of the innermost call was missed (kretprobes): the stack has been taken back below it since. */
static __always_inline bool rt_is_stale(const struct rt_trace *trace, __u64 sp, __u64 returns_to)
{
	__u64 top = trace->frames[(trace->depth - 1) & FRAME_MASK].sp;

	if (!trace->depth || !top)
		return false;
	/* A jump at a function's end: the return of both is waited for at the very same place. */
	if (top == sp)
		return return_trampoline && returns_to != return_trampoline && returns_to != graph_trampoline;
	return top < sp || top - sp > STACK_BYTES;
}

static __noinline int rt_drop_stale(struct rt_trace *trace, __u64 sp, __u64 returns_to)
{
	int at;

	for (at = 0; at < RT_STEP_FRAMES; at++) {
		if (!rt_is_stale(trace, sp, returns_to))
			break;
		trace->depth--;
	}
	return 0;
}

static __noinline int rt_enter(struct rt_trace *trace, const struct rt_shape *shape, const struct rt_frame *frame,
			       __u64 place)
{
	__u32 depth = trace->depth;
	struct rt_frame *kept = &trace->frames[depth & FRAME_MASK];
	struct rt_step *step;

	if (depth >= RT_STEP_FRAMES) {
		trace->seq++;
		rt_count_lost(1);
		return 0;
	}
	__builtin_memcpy(kept, frame, sizeof(*kept));
	trace->depth = depth + 1;
	rt_trace_net(trace, rt_net_of(shape, kept));
	step = rt_trace_step(trace, place);
	if (!step)
		return 0;
	step->kind = RT_ENTER;
	step->depth = depth;
	rt_fill_arguments(step, shape, kept);
	rt_fill_flow(step, shape, kept, false, trace);
	rt_fill_enter(step, shape, kept, (const struct net *)trace->net);
	bpf_ringbuf_submit(step, 0);
	return 0;
}

static __always_inline int rt_enters(const struct rt_frame *frame, __u64 returns_to, bool may_begin)
{
	__u32 function = frame->function;
	struct rt_shape *shape = bpf_map_lookup_elem(&shapes, &function);
	struct rt_trace *trace;
	bool in_softirq;
	__u64 place;

	if (!shape || (may_begin && !open_trees && rt_is_elsewhere(shape, frame)))
		return 0;
	in_softirq = rt_in_softirq();
	place = rt_place(in_softirq);
	trace = rt_trace_at(place);
	if (trace) {
		if (frame->sp)
			rt_drop_stale(trace, frame->sp, returns_to);
		/* Softirqs end soon: this one's end was missed. */
		if (!trace->depth || (in_softirq && bpf_ktime_get_ns() - trace->since_ns > MOST_SOFTIRQ_NS)) {
			rt_tree_ends(place);
			trace = 0;
		}
	}
	if (!trace) {
		if (!may_begin || !*(volatile __u32 *)&is_watching || !rt_begins(shape, frame, in_softirq))
			return 0;
		trace = rt_tree_begins(place);
		if (!trace)
			return 0;
	}
	return rt_enter(trace, shape, frame, place);
}

/* Where the call is that ends; 0: its entry was missed, and it is a hole. */
static __noinline int rt_find_call(struct rt_trace *trace, __u32 function)
{
	/* In memory at each turn, where the verifier takes one turn for as good as another. */
	volatile __u32 *found = &trace->found;
	int turn;

	*found = trace->depth;
	for (turn = 0; turn < RT_STEP_FRAMES; turn++) {
		if (!*found || trace->frames[(*found - 1) & FRAME_MASK].function == function)
			break;
		*found -= 1;
	}
	return 0;
}

static __always_inline int rt_leaves(__u32 function, __u64 ret)
{
	__u64 place = rt_place(rt_in_softirq());
	struct rt_trace *trace = rt_trace_at(place);
	struct rt_shape *shape = bpf_map_lookup_elem(&shapes, &function);
	struct rt_frame *frame;
	struct rt_step *step;
	bool is_good = true;
	__u32 at;

	if (!trace || !shape || !trace->depth)
		return 0;
	rt_find_call(trace, function);
	if (!trace->found) {
		trace->seq++;
		rt_count_lost(1);
		return 0;
	}
	at = trace->found - 1;
	trace->depth = at;
	frame = &trace->frames[at & FRAME_MASK];
	step = rt_trace_step(trace, place);
	if (step) {
		step->kind = RT_LEAVE;
		step->depth = at;
		step->ret = ret;
		rt_fill_arguments(step, shape, frame);
		rt_fill_flow(step, shape, frame, true, trace);
		rt_fill_result(step, shape, (const struct net *)trace->net, ret);
		if (shape->returns == RT_RETURNS_ERRNO)
			is_good = (__s32)ret == 0;
		else if (shape->returns == RT_RETURNS_DST)
			is_good = rt_is_pointer(ret);
		if (is_good)
			rt_fill_left(step, shape, frame, (const struct net *)trace->net);
		bpf_ringbuf_submit(step, 0);
	}
	if (!at)
		rt_tree_ends(place);
	return 0;
}

static __always_inline int rt_enters_fentry(void *ctx, bool may_begin)
{
	struct rt_frame frame = {};

	if (!may_begin && !open_trees)
		return 0;
	frame.function = bpf_get_attach_cookie(ctx);
	bpf_get_func_arg(ctx, 0, &frame.args[1]);
	bpf_get_func_arg(ctx, 1, &frame.args[2]);
	bpf_get_func_arg(ctx, 2, &frame.args[3]);
	bpf_get_func_arg(ctx, 3, &frame.args[4]);
	bpf_get_func_arg(ctx, 4, &frame.args[5]);
	bpf_get_func_arg(ctx, 5, &frame.args[6]);
	return rt_enters(&frame, 0, may_begin);
}

/* The loader loads these anew for each function, in place of the one named here. */
SEC("fentry/ip_route_output_flow")
int trace_enter_fentry(void *ctx)
{
	return rt_enters_fentry(ctx, false);
}

SEC("fentry/ip_route_output_flow")
int trace_root_fentry(void *ctx)
{
	return rt_enters_fentry(ctx, true);
}

SEC("fexit/ip_route_output_flow")
int trace_leave_fexit(void *ctx)
{
	__u64 ret = 0;

	if (!open_trees)
		return 0;
	bpf_get_func_ret(ctx, &ret);
	return rt_leaves(bpf_get_attach_cookie(ctx), ret);
}

static __always_inline int rt_enters_kprobe(struct pt_regs *ctx, bool may_begin)
{
	struct rt_frame frame = {};
	__u64 returns_to = 0;

	if (!may_begin && !open_trees)
		return 0;
	frame.function = bpf_get_attach_cookie(ctx);
	frame.sp = PT_REGS_SP(ctx);
	frame.args[1] = PT_REGS_PARM1(ctx);
	frame.args[2] = PT_REGS_PARM2(ctx);
	frame.args[3] = PT_REGS_PARM3(ctx);
	frame.args[4] = PT_REGS_PARM4(ctx);
	frame.args[5] = PT_REGS_PARM5(ctx);
	frame.args[6] = ctx->r9;
	bpf_probe_read_kernel(&returns_to, sizeof(returns_to), (const void *)frame.sp);
	return rt_enters(&frame, returns_to, may_begin);
}

static __always_inline int rt_leaves_kprobe(struct pt_regs *ctx)
{
	if (!open_trees)
		return 0;
	return rt_leaves(bpf_get_attach_cookie(ctx), PT_REGS_RC(ctx));
}

SEC("kprobe/ip_route_output_flow")
int trace_enter_kprobe(struct pt_regs *ctx)
{
	return rt_enters_kprobe(ctx, false);
}

SEC("kprobe/ip_route_output_flow")
int trace_root_kprobe(struct pt_regs *ctx)
{
	return rt_enters_kprobe(ctx, true);
}

SEC("kretprobe/ip_route_output_flow")
int trace_leave_kretprobe(struct pt_regs *ctx)
{
	return rt_leaves_kprobe(ctx);
}

/* The same, for many functions by one link (FPROBE). */
SEC("kprobe.multi/ip_route_output_flow")
int trace_enter_multi(struct pt_regs *ctx)
{
	return rt_enters_kprobe(ctx, false);
}

SEC("kprobe.multi/ip_route_output_flow")
int trace_root_multi(struct pt_regs *ctx)
{
	return rt_enters_kprobe(ctx, true);
}

SEC("kretprobe.multi/ip_route_output_flow")
int trace_leave_multi(struct pt_regs *ctx)
{
	return rt_leaves_kprobe(ctx);
}

/* What a followed thread makes, another thread or a process, is followed. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(trace_fork_all, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = parent->pid, to = child->pid;
	__u8 yes = 1;

	if (bpf_map_lookup_elem(&followed, &from))
		bpf_map_update_elem(&followed, &to, &yes, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(trace_exit_all, struct task_struct *task)
{
	__u32 tid = task->pid;

	bpf_map_delete_elem(&followed, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
