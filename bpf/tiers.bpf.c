/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Does this kernel take trampolines and breakpoints at all? An empty program each, on a function made for such tests
 * (net/bpf/test_run.c). Loaded once, before the others are tried in vain one by one.
 */
#include "vmlinux-lite.h"

#include <bpf/bpf_helpers.h>

SEC("fentry/bpf_fentry_test1")
int tiers_fentry(void *ctx)
{
	return 0;
}

SEC("kprobe/bpf_fentry_test1")
int tiers_kprobe(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
