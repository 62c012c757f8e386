// SPDX-License-Identifier: GPL-2.0
/* request and refused: who asks for a routing change, at the call, and what the kernel answers when it refuses. */
#include "request-call.bpf.h"
#include "request-direct.bpf.h"
#include "request-ioctl.bpf.h"

static __always_inline bool rt_is_send(__u32 nr)
{
	return nr == NR_SENDMSG || nr == NR_SENDTO || nr == NR_WRITE || nr == NR_WRITEV || nr == NR_SENDMMSG;
}

/*
 * The socket behind a descriptor of the current thread, or NULL, and its inode number. For every send of the host, so
 * it loads where it can (the verifier knows the task) and makes few calls.
 */
static __always_inline struct sock *rt_socket_of(__u32 fd, __u64 *number)
{
	struct files_struct *files = bpf_get_current_task_btf()->files;
	struct fdtable *table = files ? files->fdt : 0;
	struct file *file = 0;
	struct inode *inode;
	struct socket_alloc *alloc;

	if (!table || fd >= table->max_fds)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	*number = BPF_CORE_READ(inode, i_ino);
	alloc = (void *)inode - bpf_core_field_offset(struct socket_alloc, vfs_inode);
	return BPF_CORE_READ(alloc, socket.sk);
}

static __always_inline bool rt_is_route_socket(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_family) == AF_NETLINK && BPF_CORE_READ(sk, sk_protocol) == NETLINK_ROUTE;
}

static __always_inline void rt_on_ioctl(struct sock *sk, __u32 command, const void *at, int error)
{
	struct rt_ioctl call = {
		.net = rt_net_of(sk),
		.at = at,
		.sk = sk,
		.type = rt_type_of(command),
		.argument = rt_argument_of(command, BPF_CORE_READ(sk, __sk_common.skc_family)),
		.in_user_memory = true,
	};

	if (call.argument != RT_NO_ARGUMENT)
		rt_send_ioctl(&call, error, RT_TRACEPOINT);
}

/* Where the messages of a system call are. */
static __always_inline bool rt_open_stream(struct rt_stream *stream, __u32 nr, __u64 second, __u64 third)
{
	switch (nr) {
	case NR_SENDTO:
	case NR_WRITE:
		stream->base = second;
		stream->length = third;
		return true;
	case NR_WRITEV:
		stream->pieces = (const struct iovec *)second;
		stream->pieces_left = third;
		return rt_next_piece(stream);
	}
	stream->datagrams = second;
	stream->datagrams_left = nr == NR_SENDMMSG ? third : 1;
	return rt_next_datagram(stream);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(request_enter_tp, struct pt_regs *regs, long id)
{
	struct rt_call *call;
	__u32 nr = (__u32)id;
	struct sock *sk;
	__u64 second, inode;

	if (!rt_is_send(nr) && nr != NR_IOCTL)
		return 0;
	second = regs->si;
	if (nr == NR_IOCTL && !rt_type_of((__u32)second))
		return 0;
	sk = rt_socket_of((__u32)regs->di, &inode);
	if (!sk || (nr != NR_IOCTL && !rt_is_route_socket(sk)) || rt_is_compat() || rt_is_own() || rt_elsewhere(sk))
		return 0;
	call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!call)
		return 0;
	call->nr = nr;
	call->sk = sk;
	call->extack[0] = 0;
	if (nr == NR_IOCTL) {
		call->command = (__u32)second;
		rt_on_ioctl(sk, (__u32)second, (const void *)regs->dx, 0);
		return 0;
	}
	call->newest = rt_newest_answer(sk);
	call->unbound = !BPF_CORE_READ((struct netlink_sock *)sk, portid);
	call->messages = 0;
	__builtin_memset(&call->stream, 0, sizeof(call->stream));
	call->stream.inode = inode;
	if (rt_open_stream(&call->stream, nr, second, regs->dx))
		bpf_loop(MAX_STEPS, rt_read_step, &call, 0);
	return 0;
}

/* Texts the kernel sets while the thread's request runs: copied at once, some are formatted on the stack. */
SEC("tp_btf/netlink_extack")
int BPF_PROG(request_extack_tp, const char *text)
{
	struct rt_call *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, 0);

	if (!call || !call->nr)
		return 0;
	__builtin_memset(call->extack, 0, sizeof(call->extack));
	bpf_probe_read_kernel_str(call->extack, sizeof(call->extack), text);
	return 0;
}

/*
 * sendmsg itself succeeds; the kernel has run the request and queued its answer, so the errno is in the sender's own
 * receive queue when the call returns, unless another thread has read it since.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(request_exit_tp, struct pt_regs *regs, long ret)
{
	__u32 nr = (__u32)regs->orig_ax;
	struct rt_call *call;

	if (!rt_is_send(nr) && nr != NR_IOCTL)
		return 0;
	call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, 0);
	if (!call || call->nr != nr)
		return 0;
	call->nr = 0;
	if (nr == NR_IOCTL) {
		if (ret < 0)
			rt_on_ioctl(call->sk, call->command, (const void *)regs->dx, ret);
		return 0;
	}
	if (!call->messages || ret < 0)
		return 0;
	/* The port id was chosen inside the call: said again, with it. */
	if (call->unbound) {
		struct rt_asked first = call->first;

		rt_send_request((__u64)call->sk, &first, RT_TRACEPOINT);
	}
	if (rt_newest_answer(call->sk) != call->newest)
		rt_read_answers(call);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
