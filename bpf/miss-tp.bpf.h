/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoint tier: which table a thread's lookup last missed in, believed when its system call fails. While no
 * thread of the machine has a lookup open, which is nearly always, a program ends after one load.
 */
__u64 open_lookups;

static __always_inline void rt_close(struct rt_lookup *open)
{
	open->family = 0;
	__sync_fetch_and_add(&open_lookups, -1);
}

static __always_inline bool rt_sends(__u32 nr)
{
	return nr == NR_CONNECT || nr == NR_SENDTO || nr == NR_SENDMSG || nr == NR_SENDMMSG || nr == NR_WRITE ||
	       nr == NR_WRITEV;
}

/*
 * The thread's lookup went on and found a route. A softirq looks up flows too while it interrupts the thread, and not
 * every kernel that has but this tier tells so: another destination says nothing about the open lookup.
 */
static __always_inline int rt_found(int family, const void *destination, __u32 bytes)
{
	struct rt_trail *trail;
	__u8 found[16] = {};

	if (!open_lookups)
		return 0;
	trail = bpf_task_storage_get(&trails, bpf_get_current_task_btf(), 0, 0);
	if (!trail || trail->open.family != family)
		return 0;
	bpf_probe_read_kernel(found, bytes, destination);
	if (rt_same(trail->open.dst, found))
		rt_close(&trail->open);
	return 0;
}

static __always_inline struct rt_lookup *rt_not_found(int family, const struct flowi_common *flow,
						      const union flowi_uli *uli)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct rt_trail *trail;
	struct rt_lookup *open;

	if (!rt_sends((__u32)regs->orig_ax))
		return 0;
	trail = bpf_task_storage_get(&trails, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!trail)
		return 0;
	open = &trail->open;
	if (!open->family)
		__sync_fetch_and_add(&open_lookups, 1);
	open->family = family;
	open->nr = (__u32)regs->orig_ax;
	open->oif = flow->flowic_oif;
	open->mark = flow->flowic_mark;
	open->uid = flow->flowic_uid.val;
	open->protocol = flow->flowic_proto;
	open->sport = 0;
	open->dport = 0;
	if (rt_has_ports(open->protocol)) {
		open->sport = bpf_ntohs(uli->ports.sport);
		open->dport = bpf_ntohs(uli->ports.dport);
	}
	return open;
}

SEC("tp_btf/fib_table_lookup")
int BPF_PROG(miss_fib_tp, u32 tb_id, const struct flowi4 *flow, const struct fib_nh_common *nhc, int err)
{
	struct rt_lookup *open;

	/* A reject route is an answer. */
	if (err != -EAGAIN)
		return rt_found(AF_INET, &flow->daddr, sizeof(flow->daddr));
	/* Asked by input, source validation and the like. */
	if (flow->__fl_common.flowic_iif != LOOPBACK_IFINDEX)
		return 0;
	/* Another table is asked next; every lookup begins here, where there are policy rules. */
	if (tb_id == RT_TABLE_LOCAL)
		return 0;
	open = rt_not_found(AF_INET, &flow->__fl_common, &flow->uli);
	if (!open)
		return 0;
	__builtin_memset(open->src, 0, sizeof(open->src));
	__builtin_memset(open->dst, 0, sizeof(open->dst));
	*(__be32 *)open->src = flow->saddr;
	*(__be32 *)open->dst = flow->daddr;
	open->table = tb_id;
	return 0;
}

SEC("tp_btf/fib6_table_lookup")
int BPF_PROG(miss_fib6_tp, const struct net *net, const struct fib6_result *res, struct fib6_table *table,
	     const struct flowi6 *flow)
{
	struct rt_lookup *open;

	if (res->f6i != net->ipv6.fib6_null_entry)
		return rt_found(AF_INET6, &flow->daddr, sizeof(flow->daddr));
	if (flow->__fl_common.flowic_iif != LOOPBACK_IFINDEX)
		return 0;
	if (table->tb6_id == RT_TABLE_LOCAL)
		return 0;
	open = rt_not_found(AF_INET6, &flow->__fl_common, &flow->uli);
	if (!open)
		return 0;
	bpf_probe_read_kernel(open->src, 16, &flow->saddr);
	bpf_probe_read_kernel(open->dst, 16, &flow->daddr);
	open->table = table->tb6_id;
	return 0;
}

static __noinline int rt_call_failed(struct rt_lookup *open, __u32 fd)
{
	struct rt_fold_key key = { .family = open->family, .direction = RT_OUTPUT };
	struct rt_fold fold = { .mechanism = RT_TRACEPOINT };
	struct sock *sk = rt_sock_of_fd(fd);

	if (rt_is_own())
		return 0;
	rt_fill_place(sk ? BPF_CORE_READ(sk, __sk_common.skc_net.net) : rt_current_net(), &key, &fold);
	if (rt_wrong_netns(key.netns))
		return 0;
	__builtin_memcpy(key.src, open->src, sizeof(key.src));
	__builtin_memcpy(key.dst, open->dst, sizeof(key.dst));
	key.dport = open->dport;
	key.protocol = open->protocol;
	rt_fill_task(&fold.task);
	key.pid = fold.task.pid;
	fold.table = open->table;
	fold.oif = open->oif;
	fold.mark = open->mark;
	fold.uid = open->uid;
	fold.sport = open->sport;
	return rt_happened(&key, &fold);
}

/* The whole lookup's result is what the system call says. Runs at the end of every call of the machine. */
SEC("tp_btf/sys_exit")
int BPF_PROG(miss_exit_tp, struct pt_regs *regs, long ret)
{
	struct rt_trail *trail;

	if (!open_lookups || !rt_sends((__u32)regs->orig_ax))
		return 0;
	trail = bpf_task_storage_get(&trails, bpf_get_current_task_btf(), 0, 0);
	if (!trail || !trail->open.family)
		return 0;
	if (ret == -ENETUNREACH && trail->open.nr == (__u32)regs->orig_ax)
		rt_call_failed(&trail->open, (__u32)regs->di);
	rt_close(&trail->open);
	return 0;
}

/* A connection's own packet, looked up again: its network header is not written yet. */
static __noinline int rt_unsent(struct sk_buff *skb)
{
	struct rt_fold_key key = { .family = AF_INET, .direction = RT_OUTPUT };
	struct rt_fold fold = { .mechanism = RT_TRACEPOINT };
	struct sock *sk = BPF_CORE_READ(skb, sk);
	struct net *net;
	__be16 port;

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_INET)
		return 0;
	net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	rt_fill_place(net, &key, &fold);
	if (rt_wrong_netns(key.netns))
		return 0;
	key.protocol = BPF_CORE_READ(sk, sk_protocol);
	bpf_core_read(key.src, 4, &sk->__sk_common.skc_rcv_saddr);
	bpf_core_read(key.dst, 4, &sk->__sk_common.skc_daddr);
	port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	key.dport = bpf_ntohs(port);
	fold.sport = BPF_CORE_READ(sk, __sk_common.skc_num);
	fold.mark = BPF_CORE_READ(sk, sk_mark);
	fold.uid = BPF_CORE_READ(sk, sk_uid.val);
	fold.oif = BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
	rt_fill_tables(net, &key, 0, &fold);
	return rt_happened(&key, &fold);
}

/* Exactly the packets the stack dropped for want of a route. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(miss_drop_tp, struct sk_buff *skb, void *location, int reason)
{
	struct net_device *dev;
	__be16 protocol;

	if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_IP_OUTNOROUTES))
		return rt_unsent(skb);
	if (reason != bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_IP_INNOROUTES))
		return 0;
	dev = skb->dev;
	protocol = skb->protocol;
	if (protocol == bpf_htons(ETH_P_IP))
		return rt_packet_miss(skb, AF_INET, 0, RT_TRACEPOINT);
	/* The reason is also given for routes that reject. */
	if (protocol == bpf_htons(ETH_P_IPV6) && dev && rt_is_null6(BPF_CORE_READ(dev, nd_net.net), rt_dst_of(skb)))
		return rt_packet_miss(skb, AF_INET6, 0, RT_TRACEPOINT);
	return 0;
}
