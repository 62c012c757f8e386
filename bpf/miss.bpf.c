// SPDX-License-Identifier: GPL-2.0
/* miss: a lookup of a flow found no route. docs/bpf.md says for each hook what is exact and what can be missed. */
#include "miss-send.bpf.h"

#include "miss-fentry.bpf.h"
#include "miss-kprobe.bpf.h"
#include "miss-tp.bpf.h"

char LICENSE[] SEC("license") = "GPL";
