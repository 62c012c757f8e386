// SPDX-License-Identifier: GPL-2.0
/* What the kernel's own count of a program's time shows for a program that does nothing. */
#include "vmlinux-lite.h"
#include <bpf/bpf_helpers.h>

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
