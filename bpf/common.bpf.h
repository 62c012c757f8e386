/* SPDX-License-Identifier: GPL-2.0 */
/* What every program file needs: the kernel's types, what is lost, and the few ways to say who, where and which flow. */
#ifndef ROUTETAP_COMMON_BPF_H
#define ROUTETAP_COMMON_BPF_H

#include "vmlinux-lite.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "event.h"
#include "lost.h"

#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define EAGAIN 11
#define ENETUNREACH 101
#define S_IFMT 00170000
#define S_IFSOCK 0140000

/* arch/x86/entry/syscalls/syscall_64.tbl. */
#define NR_WRITE 1
#define NR_IOCTL 16
#define NR_WRITEV 20
#define NR_CONNECT 42
#define NR_SENDTO 44
#define NR_SENDMSG 46
#define NR_SENDMMSG 307

/* Set by the loader. 0: none. */
const volatile __u32 own_tgid = 0;   /* routetap itself, as the initial pid namespace counts */
const volatile __u32 only_netns = 0; /* inode of the one namespace to watch */

/* What the current task does is routetap's own doing. Means nothing in a softirq, which interrupts anyone. */
static __always_inline bool rt_is_own(void)
{
	return own_tgid && (__u32)(bpf_get_current_pid_tgid() >> 32) == own_tgid;
}

static __always_inline bool rt_wrong_netns(__u32 inum)
{
	return only_netns && inum != only_netns;
}

/*
 * Where the kernel keeps the cpu's preemption count: on its own, but in pcpu_hot from 6.2 to 6.14. A kernel built
 * without CONFIG_KALLSYMS_ALL refuses programs that read it, so tracepoint programs do without.
 */
extern const int __preempt_count __ksym __weak;
extern const struct pcpu_hot pcpu_hot __ksym __weak;
#define SERVING_SOFTIRQ 0x100

/* The current task is nobody: a softirq interrupts it, or it serves one. With PREEMPT_RT never true. */
static __always_inline bool rt_in_softirq(void)
{
	if (&__preempt_count)
		return *(const int *)bpf_this_cpu_ptr(&__preempt_count) & SERVING_SOFTIRQ;
	if (&pcpu_hot)
		return ((const struct pcpu_hot *)bpf_this_cpu_ptr(&pcpu_hot))->preempt_count & SERVING_SOFTIRQ;
	return false;
}

static __always_inline void rt_fill_task(struct rt_task *task)
{
	__u64 both = bpf_get_current_pid_tgid();

	task->pid = both >> 32;
	task->tid = (__u32)both;
	task->uid = (__u32)bpf_get_current_uid_gid();
	task->cgroup_id = bpf_get_current_cgroup_id();
	bpf_get_current_comm(task->comm, sizeof(task->comm));
}

static __always_inline void rt_fill_net(struct rt_event *event, struct net *net)
{
	event->netns = BPF_CORE_READ(net, ns.inum);
	event->net_cookie = BPF_CORE_READ(net, net_cookie);
}

/* An IPv4 address is the first four bytes of the sixteen. */
static __always_inline void rt_fill_v4(__u8 *to, __be32 address)
{
	__builtin_memcpy(to, &address, sizeof(address));
}

static __always_inline struct net *rt_current_net(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, nsproxy, net_ns);
}

/* The socket behind a descriptor of the current thread, or NULL. */
static __always_inline struct sock *rt_sock_of_fd(__u32 fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = 0;
	struct socket *socket;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/* Ports of the transport header at `at`, where the protocol has any. */
static __always_inline void rt_fill_ports(struct rt_event *event, const void *at)
{
	__be16 ports[2] = {};

	if (event->protocol != IPPROTO_TCP && event->protocol != IPPROTO_UDP)
		return;
	if (bpf_probe_read_kernel(ports, sizeof(ports), at))
		return;
	event->sport = bpf_ntohs(ports[0]);
	event->dport = bpf_ntohs(ports[1]);
}

#endif
