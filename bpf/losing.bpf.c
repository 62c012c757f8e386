// SPDX-License-Identifier: GPL-2.0
/* losing: TCP suspects its path and says so to the network layer, or a neighbour's address is no longer answered for. */
#include "losing-neighbour.bpf.h"
#include "losing-tcp.bpf.h"

#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_CLOSE 7
#define TCP_LISTEN 10
#define TCP_CA_LOSS 4
#define TCP_RTO_MIN_MS 200
#define TCP_RTO_MAX_MS 120000
#define BPF_F_CLONE (1U << 9)
#define SOCKETS 16384

/* A connection accepted has what its listener has: the kernel copies it. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct suspicion);
} suspicions SEC(".maps");

/* The same by address, for kprobes, which cannot keep anything with a socket. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOCKETS);
	__type(key, __u64);
	__type(value, struct suspicion);
} sockets SEC(".maps");

/* connect() and listen() run in the thread that asked for it. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(losing_owner_tp_all, struct sock *sk, int from, int to)
{
	struct suspicion *suspicion;

	if (from != TCP_CLOSE || (to != TCP_SYN_SENT && to != TCP_LISTEN))
		return 0;
	suspicion = bpf_sk_storage_get(&suspicions, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!suspicion)
		return 0;
	__builtin_memset(suspicion, 0, sizeof(*suspicion));
	suspicion->accepted = to == TCP_LISTEN;
	rt_fill_task(&suspicion->owner);
	return 0;
}

/*
 * The kernel's own word. setsockopt(SO_CNX_ADVICE) says it too: there the retransmission timer is pending, while
 * tcp_write_timer_handler() has cleared icsk_pending before it asks.
 */
static __always_inline bool rt_is_timeout(struct sock *sk)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;

	return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP && !BPF_CORE_READ(tcp, inet_conn.icsk_pending) &&
	       BPF_CORE_READ(tcp, packets_out) && BPF_CORE_READ(tcp, inet_conn.icsk_retransmits);
}

static __always_inline int rt_advice(struct sock *sk, struct dst_entry *dst)
{
	struct suspicion *suspicion;

	if (!rt_is_timeout(sk))
		return 0;
	suspicion = bpf_sk_storage_get(&suspicions, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!suspicion) {
		rt_count_lost(1);
		return 0;
	}
	rt_read_path(&suspicion->path, dst, rt_route_family(sk));
	rt_tell(sk, suspicion, RT_FENTRY);
	return 0;
}

/* Kernels without the socket as first argument do not take these: the verifier counts the arguments. */
SEC("fentry/ipv4_negative_advice")
int BPF_PROG(losing_advice4_fentry, struct sock *sk, struct dst_entry *dst)
{
	return rt_advice(sk, dst);
}

SEC("fentry/ip6_negative_advice")
int BPF_PROG(losing_advice6_fentry, struct sock *sk, struct dst_entry *dst)
{
	return rt_advice(sk, dst);
}

static __always_inline void rt_own(struct sock *sk, bool accepted)
{
	struct suspicion fresh = { .accepted = accepted };
	__u64 key = (__u64)sk;

	rt_fill_task(&fresh.owner);
	bpf_map_update_elem(&sockets, &key, &fresh, BPF_ANY);
}

SEC("kprobe/tcp_connect")
int BPF_KPROBE(losing_owner_kprobe, struct sock *sk)
{
	rt_own(sk, false);
	return 0;
}

SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(losing_owner_kretprobe, struct sock *sk)
{
	if (sk)
		rt_own(sk, true);
	return 0;
}

/* Of both families. The next socket may get the same address. */
SEC("kprobe/tcp_v4_destroy_sock")
int BPF_KPROBE(losing_forget_kprobe, struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&sockets, &key);
	return 0;
}

/* The socket whose retransmission timer this cpu is handling; its softirqs are off meanwhile. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sock *);
} timers SEC(".maps");

static __always_inline int rt_timer(struct sock *sk)
{
	__u32 zero = 0;

	bpf_map_update_elem(&timers, &zero, &sk, BPF_ANY);
	return 0;
}

SEC("kprobe/tcp_retransmit_timer")
int BPF_KPROBE(losing_timer_kprobe, struct sock *sk)
{
	return rt_timer(sk);
}

SEC("kretprobe/tcp_retransmit_timer")
int losing_timer_kretprobe(void *ctx)
{
	return rt_timer(0);
}

/* The arguments are not looked at: (sk, dst) came with 6.10, 6.6.33 and 6.1.93, before it was (dst). */
static __always_inline int rt_advice_kprobe(void)
{
	struct suspicion unknown = {};
	struct suspicion *suspicion;
	struct dst_entry *dst;
	__u32 zero = 0;
	struct sock **timer = bpf_map_lookup_elem(&timers, &zero);
	__u64 key;

	if (!timer || !*timer || !rt_is_timeout(*timer))
		return 0;
	key = (__u64)*timer;
	bpf_map_update_elem(&sockets, &key, &unknown, BPF_NOEXIST);
	suspicion = bpf_map_lookup_elem(&sockets, &key);
	if (!suspicion) {
		rt_count_lost(1);
		return 0;
	}
	dst = BPF_CORE_READ(*timer, sk_dst_cache);
	if (dst)
		rt_read_path(&suspicion->path, dst, rt_route_family(*timer));
	rt_tell(*timer, suspicion, RT_KPROBE);
	return 0;
}

SEC("kprobe/ipv4_negative_advice")
int losing_advice4_kprobe(void *ctx)
{
	return rt_advice_kprobe();
}

SEC("kprobe/ip6_negative_advice")
int losing_advice6_kprobe(void *ctx)
{
	return rt_advice_kprobe();
}

/* tcp_model_timeout(): how long the kernel retransmits until `boundary` retransmissions are past. */
static __always_inline __u64 rt_model_timeout_ms(__u32 boundary)
{
	__u32 linear = 9; /* ilog2(TCP_RTO_MAX / TCP_RTO_MIN) */

	if (boundary <= linear)
		return ((2ULL << boundary) - 1) * TCP_RTO_MIN_MS;
	return ((2ULL << linear) - 1) * TCP_RTO_MIN_MS + (boundary - linear) * (__u64)TCP_RTO_MAX_MS;
}

/* The condition of tcp_write_timeout() for dst_negative_advice(), asked again in the same timer run. */
static __always_inline bool rt_suspects(struct tcp_sock *tcp, struct sock *sk)
{
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	struct net *net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	__u32 elapsed;

	if (!BPF_CORE_READ(tcp, inet_conn.icsk_retransmits))
		return false;
	if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return true;
	elapsed = (__u32)(BPF_CORE_READ(tcp, tcp_mstamp) / 1000) - BPF_CORE_READ(tcp, retrans_stamp);
	/* Since 6.7 a route may ask for stamps in microseconds. */
	if (bpf_core_field_exists(struct tcp_sock, tcp_usec_ts) && BPF_CORE_READ_BITFIELD_PROBED(tcp, tcp_usec_ts))
		elapsed = ((__u32)BPF_CORE_READ(tcp, tcp_mstamp) - BPF_CORE_READ(tcp, retrans_stamp)) / 1000;
	return (__s32)(elapsed - (__u32)rt_model_timeout_ms(BPF_CORE_READ(net, ipv4.sysctl_tcp_retries1))) >= 0;
}

/*
 * tcp_enter_loss() has one caller, the retransmission timer: ca_state 4 is "the timer fired". When it first does,
 * the kernel has no suspicion yet and the route is still there; when it has, IPv6 has let go of it.
 */
SEC("tp_btf/tcp_cong_state_set")
int BPF_PROG(losing_tcp_tp, struct sock *sk, u8 ca_state)
{
	struct suspicion *suspicion;
	struct dst_entry *dst;

	if (ca_state != TCP_CA_LOSS)
		return 0;
	suspicion = bpf_sk_storage_get(&suspicions, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!suspicion) {
		rt_count_lost(1);
		return 0;
	}
	dst = BPF_CORE_READ(sk, sk_dst_cache);
	if (dst)
		rt_read_path(&suspicion->path, dst, rt_route_family(sk));
	if (rt_suspects((struct tcp_sock *)sk, sk))
		rt_tell(sk, suspicion, RT_TRACEPOINT);
	return 0;
}

SEC("tp_btf/neigh_timer_handler")
int BPF_PROG(losing_neighbour_tp_all, struct neighbour *neighbour)
{
	return rt_neighbour(neighbour);
}

SEC("tp_btf/neigh_update_done")
int BPF_PROG(losing_neighbour_update_tp_all, struct neighbour *neighbour)
{
	return rt_neighbour(neighbour);
}

char LICENSE[] SEC("license") = "GPL";
