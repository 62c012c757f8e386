// SPDX-License-Identifier: GPL-2.0
/*
 * redirect: an ICMP or ICMPv6 redirect came in. Where the kernel's handlers can be watched, what became of it too; the
 * tracepoints see it come in, and whether the kernel took it only a route query can say (docs/bpf.md).
 */
#include "redirect-handlers.bpf.h"
#include "redirect-receive.bpf.h"

SEC("fentry/icmp_redirect")
int BPF_PROG(redirect_icmp4_fentry, struct sk_buff *skb)
{
	return rt_icmp_redirect(skb, RT_FENTRY);
}

SEC("fentry/__ip_do_redirect")
int BPF_PROG(redirect_consider4_fentry, struct rtable *route, struct sk_buff *skb)
{
	return rt_consider4(route, skb);
}

SEC("fentry/update_or_create_fnhe")
int BPF_PROG(redirect_installed4_fentry, struct fib_nh_common *hop, __be32 daddr, __be32 gateway, u32 pmtu, bool lock,
	     unsigned long expires)
{
	return rt_installed4(gateway, expires);
}

SEC("fexit/icmp_redirect")
int BPF_PROG(redirect_icmp4_fexit)
{
	return rt_close();
}

SEC("fentry/ndisc_rcv")
int BPF_PROG(redirect_ndisc6_fentry, struct sk_buff *skb)
{
	return rt_ndisc(skb, RT_FENTRY);
}

SEC("fentry/ndisc_redirect_rcv")
int BPF_PROG(redirect_handler6_fentry, struct sk_buff *skb)
{
	return rt_ndisc_redirect(skb);
}

SEC("fentry/rt6_do_redirect")
int BPF_PROG(redirect_consider6_fentry, struct dst_entry *dst, struct sock *sk, struct sk_buff *skb)
{
	return rt_consider6((struct rt6_info *)dst, skb);
}

SEC("fentry/call_netevent_notifiers")
int BPF_PROG(redirect_installed6_fentry, unsigned long what)
{
	return rt_netevent(what);
}

SEC("fexit/ndisc_rcv")
int BPF_PROG(redirect_ndisc6_fexit)
{
	return rt_close();
}

SEC("kprobe/icmp_redirect")
int BPF_KPROBE(redirect_icmp4_kprobe, struct sk_buff *skb)
{
	return rt_icmp_redirect(skb, RT_KPROBE);
}

SEC("kprobe/__ip_do_redirect")
int BPF_KPROBE(redirect_consider4_kprobe, struct rtable *route, struct sk_buff *skb)
{
	return rt_consider4(route, skb);
}

SEC("kprobe/update_or_create_fnhe")
int BPF_KPROBE(redirect_installed4_kprobe)
{
	/* The sixth argument of six. */
	return rt_installed4((__be32)PT_REGS_PARM3(ctx), ctx->r9);
}

SEC("kretprobe/icmp_redirect")
int redirect_icmp4_kretprobe(void *ctx)
{
	return rt_close();
}

SEC("kprobe/ndisc_rcv")
int BPF_KPROBE(redirect_ndisc6_kprobe, struct sk_buff *skb)
{
	return rt_ndisc(skb, RT_KPROBE);
}

SEC("kprobe/ndisc_redirect_rcv")
int BPF_KPROBE(redirect_handler6_kprobe, struct sk_buff *skb)
{
	return rt_ndisc_redirect(skb);
}

SEC("kprobe/rt6_do_redirect")
int BPF_KPROBE(redirect_consider6_kprobe, struct dst_entry *dst, struct sock *sk, struct sk_buff *skb)
{
	return rt_consider6((struct rt6_info *)dst, skb);
}

SEC("kprobe/call_netevent_notifiers")
int BPF_KPROBE(redirect_installed6_kprobe, unsigned long what)
{
	return rt_netevent(what);
}

SEC("kretprobe/ndisc_rcv")
int redirect_ndisc6_kretprobe(void *ctx)
{
	return rt_close();
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(redirect_receive_tp, struct sk_buff *skb)
{
	return rt_receive(skb);
}

SEC("tp_btf/neigh_event_send_done")
int BPF_PROG(redirect_asked_tp_all, struct neighbour *neighbour)
{
	return rt_asked(neighbour);
}

char LICENSE[] SEC("license") = "GPL";
