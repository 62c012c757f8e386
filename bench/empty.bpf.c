// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that do nothing: what the kernel's own count of a program's time shows for one, and what it takes to call
 * those that a datagram sent over a veth meets while an address is traced.
 */
#include "vmlinux-lite.h"
#include <bpf/bpf_helpers.h>

SEC("tp_btf/net_dev_queue")
int empty_xmit_tp(void *ctx)
{
	return 0;
}

SEC("tp_btf/kfree_skb")
int empty_drop_tp(void *ctx)
{
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int empty_receive_tp(void *ctx)
{
	return 0;
}

SEC("tp_btf/softirq_exit")
int empty_softirq_exit_tp(void *ctx)
{
	return 0;
}

SEC("tp_btf/fib_table_lookup")
int empty_fib_tp(void *ctx)
{
	return 0;
}

SEC("tp_btf/fib6_table_lookup")
int empty_fib6_tp(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
