/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's types and members the programs read, and no others. Offsets mean nothing here: every access is
 * relocated against the running kernel's BTF (CO-RE), so a member only needs its name and its type.
 */
#ifndef ROUTETAP_VMLINUX_LITE_H
#define ROUTETAP_VMLINUX_LITE_H

/* Tells bpf_tracing.h that registers have the kernel's names. */
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;

typedef __u8 u8;
typedef __s8 s8;
typedef __u16 u16;
typedef __s16 s16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef _Bool bool;

enum { false = 0, true = 1 };

/* include/uapi/linux/bpf.h: stable numbers. */
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
};

enum {
	BPF_F_NO_PREALLOC = 1,
	BPF_F_CURRENT_CPU = 0xffffffffULL,
};

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_RING_SIZE = 1,
};

enum {
	BPF_SK_STORAGE_GET_F_CREATE = 1,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

/* Layouts of programs' contexts are stable too. */
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

/* The kernel knows it by its name, in values of maps. */
struct bpf_timer {
	__u64 opaque[2];
} __attribute__((aligned(8)));

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* The kernel's own numbers; they differ between kernels and are read by name (bpf_core_enum_value). */
enum skb_drop_reason {
	SKB_DROP_REASON_IP_INNOROUTES = 1,
	SKB_DROP_REASON_IP_OUTNOROUTES = 2,
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	u32 val;
} kuid_t;

typedef u8 dscp_t;

struct in_addr {
	__be32 s_addr;
};

struct in6_addr {
	union {
		u8 u6_addr8[16];
		__be16 u6_addr16[8];
		__be32 u6_addr32[4];
	} in6_u;
};

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct ns_common {
	u32 inum;
};

struct nsproxy {
	struct net *net_ns;
};

struct netns_ipv4 {
	u8 sysctl_tcp_retries1;
	u8 sysctl_tcp_syn_retries;
	u8 sysctl_ip_fwd_use_pmtu;
	bool fib_has_custom_rules;
	struct fib_table *fib_default;
	struct ipv4_devconf *devconf_all;
};

struct netns_ipv6 {
	struct fib6_info *fib6_null_entry;
	struct rt6_info *ip6_null_entry;
	bool fib6_has_custom_rules;
	struct ipv6_devconf *devconf_all;
};

struct net {
	struct ns_common ns;
	u64 net_cookie;
	struct netns_ipv4 ipv4;
	struct netns_ipv6 ipv6;
	struct net_device *loopback_dev;
	struct list_head dev_base_head;
	struct hlist_head *dev_index_head;
};

struct ipv4_devconf {
	int data[33];
};

struct net_device {
	int ifindex;
	possible_net_t nd_net;
	char name[16];
	u32 mtu;
	u32 flags;
	struct in_device *ip_ptr;
	struct inet6_dev *ip6_ptr;
	void *rx_handler;
	struct list_head dev_list;
	struct hlist_node index_hlist;
};

struct pcpu_hot {
	int preempt_count;
};

struct bpf_map {
	u32 id;
};

struct bpf_iter__bpf_map {
	struct bpf_map *map;
};

struct fib_rules_ops {
	int family;
};

struct sk_buff {
	struct sk_buff *next;
	struct sk_buff *prev;
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst;
	u32 len;
	u32 data_len;
	u8 *data;
	u8 *head;
	u16 network_header;
	u16 transport_header;
	u16 mac_header;
	__be16 protocol;
	u32 mark;
	int skb_iif;
	u8 pkt_type : 3;
	u8 ip_summed : 2;
	char cb[48];
	u32 hash;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	u8 skc_state;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct sk_buff_head {
	struct sk_buff *next;
	struct sk_buff *prev;
	u32 qlen;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	struct sk_buff_head sk_receive_queue;
	u32 sk_mark;
	kuid_t sk_uid;
	struct socket *sk_socket;
	struct dst_entry *sk_dst_cache;
	struct sock_cgroup_data sk_cgrp_data;
	int sk_err;
	int sk_err_soft;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct kernfs_node {
	u64 id;
};

struct inet_sock {
	struct sock sk;
	__be32 inet_saddr;
	__be16 inet_sport;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	u32 icsk_rto;
	u8 icsk_retransmits;
	u8 icsk_pending;
	u32 icsk_pmtu_cookie;
	u8 icsk_ca_state : 5;
	u8 icsk_backoff;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 srtt_us;
	u32 mdev_us;
	u32 rttvar_us;
	u32 mdev_max_us;
	u32 snd_ssthresh;
	u32 snd_cwnd;
	u32 mss_cache;
	u32 retrans_stamp;
	u32 snd_una;
	u32 snd_nxt;
	u32 total_retrans;
	u64 tcp_mstamp;
	u32 retrans_out;
	u32 packets_out;
	u8 tcp_usec_ts : 1;
};

struct socket {
	int state;
	short type;
	struct sock *sk;
	struct proto_ops *ops;
	struct file *file;
};

struct inode {
	unsigned long i_ino;
	u16 i_mode;
	struct super_block *i_sb;
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct proto_ops {
	int family;
	struct module *owner;
};

struct file {
	struct inode *f_inode;
	void *private_data;
	struct file_operations *f_op;
};

struct fdtable {
	u32 max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct thread_info {
	u32 status;
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	int pid;
	int tgid;
	char comm[16];
	u32 flags;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct cred *cred;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	int exit_code;
	u64 start_boottime;
	u64 start_time;
};

struct cred {
	kuid_t uid;
	kuid_t euid;
};

struct dst_ops {
	u16 family;
};

struct dst_entry {
	struct net_device *dev;
	struct dst_ops *ops;
	unsigned long _metrics;
	unsigned long expires;
	short error;
	short obsolete;
	void *input;
	void *output;
	u16 flags;
};

struct dst_metrics {
	u32 metrics[17];
};

struct rtable {
	struct dst_entry dst;
	u32 rt_flags;
	u16 rt_type;
	u8 rt_uses_gateway;
	int rt_iif;
	u8 rt_gw_family;
	__be32 rt_gw4;
	struct in6_addr rt_gw6;
	u32 rt_pmtu : 31;
};

struct rt6key {
	struct in6_addr addr;
	int plen;
};

struct rt6_info {
	struct dst_entry dst;
	struct fib6_info *from;
	struct rt6key rt6i_dst;
	struct rt6key rt6i_src;
	struct in6_addr rt6i_gateway;
	u32 rt6i_flags;
};

struct fib_nh_common {
	struct net_device *nhc_dev;
	int nhc_oif;
	u8 nhc_scope;
	u8 nhc_family;
	u8 nhc_gw_family;
	u8 nhc_flags;
	union {
		__be32 ipv4;
		struct in6_addr ipv6;
	} nhc_gw;
	int nhc_weight;
	atomic_t nhc_upper_bound;
};

struct fib_nh {
	struct fib_nh_common nh_common;
};

struct fib_nh_exception {
	__be32 fnhe_gw;
	u32 fnhe_pmtu;
	unsigned long fnhe_expires;
};

struct nexthop {
	u32 id;
	bool is_group;
	struct nh_info *nh_info;
	struct nh_group *nh_grp;
};

struct nh_info {
	struct fib_nh_common fib_nhc;
};

struct nh_grp_entry {
	struct nexthop *nh;
	u16 weight;
};

struct nh_group {
	u16 num_nh;
	struct nh_grp_entry nh_entries[];
};

struct fib_result {
	__be32 prefix;
	u8 prefixlen;
	u8 type;
	u8 scope;
	u32 tclassid;
	struct fib_nh_common *nhc;
	struct fib_info *fi;
	struct fib_table *table;
};

struct fib_table {
	u32 tb_id;
};

struct fib_info {
	struct net *fib_net;
	u8 fib_protocol;
	u8 fib_scope;
	u8 fib_type;
	__be32 fib_prefsrc;
	u32 fib_tb_id;
	u32 fib_priority;
	int fib_nhs;
	bool pfsrc_removed;
	struct nexthop *nh;
	struct fib_nh fib_nh[];
};

struct fib_alias {
	struct fib_info *fa_info;
	u8 fa_type;
	u8 fa_slen;
	u32 tb_id;
	dscp_t fa_dscp;
};

struct fib6_info {
	struct fib6_table *fib6_table;
	struct rt6key fib6_dst;
	struct rt6key fib6_src;
	struct rt6key fib6_prefsrc;
	u32 fib6_metric;
	u8 fib6_protocol;
	u8 fib6_type;
	u32 fib6_flags;
	u32 fib6_nsiblings;
	struct nexthop *nh;
};

struct fib6_table {
	u32 tb6_id;
};

struct fib6_result {
	struct fib6_nh *nh;
	struct fib6_info *f6i;
	u32 fib6_flags;
	u8 fib6_type;
};

struct fib6_nh {
	struct fib_nh_common nh_common;
};

struct fib_kuid_range {
	kuid_t start;
	kuid_t end;
};

struct fib_rule_port_range {
	u16 start;
	u16 end;
};

struct fib_rule {
	u32 pref;
	u32 table;
	u32 mark;
	u32 mark_mask;
	u32 flags;
	u32 target;
	u8 action;
	u8 l3mdev;
	u8 proto;
	u8 ip_proto;
	int suppress_ifgroup;
	int suppress_prefixlen;
	char iifname[16];
	char oifname[16];
	struct fib_kuid_range uid_range;
	struct fib_rule_port_range sport_range;
	struct fib_rule_port_range dport_range;
};

struct fib4_rule {
	struct fib_rule common;
	u8 dst_len;
	u8 src_len;
	dscp_t dscp;
	__be32 src;
	__be32 dst;
};

struct fib6_rule {
	struct fib_rule common;
	struct rt6key src;
	struct rt6key dst;
	dscp_t dscp;
};

struct request_sock {
	struct sock_common __req_common;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
};

struct fib_lookup_arg {
	void *lookup_ptr;
	void *result;
	struct fib_rule *rule;
	u32 table;
	int flags;
};

struct flowi_common {
	int flowic_oif;
	int flowic_iif;
	int flowic_l3mdev;
	u32 flowic_mark;
	u8 flowic_scope;
	u8 flowic_proto;
	u8 flowic_flags;
	kuid_t flowic_uid;
	u32 flowic_multipath_hash;
};

/* Until 6.17, and since. */
struct flowi_common___tos {
	u8 flowic_tos;
};

struct flowi_common___dscp {
	u8 flowic_dscp;
};

union flowi_uli {
	struct {
		__be16 dport;
		__be16 sport;
	} ports;
	struct {
		u8 type;
		u8 code;
	} icmpt;
};

struct flowi4 {
	struct flowi_common __fl_common;
	__be32 saddr;
	__be32 daddr;
	union flowi_uli uli;
};

struct flowi6 {
	struct flowi_common __fl_common;
	struct in6_addr daddr;
	struct in6_addr saddr;
	__be32 flowlabel;
	union flowi_uli uli;
	u32 mp_hash;
};

struct flowi {
	union {
		struct flowi_common __fl_common;
		struct flowi4 ip4;
		struct flowi6 ip6;
	} u;
};

struct neighbour {
	struct neigh_table *tbl;
	struct neigh_parms *parms;
	u8 nud_state;
	struct net_device *dev;
	u8 type;
	u8 ha[32];
	u8 flags;
	struct sk_buff_head arp_queue;
	u8 primary_key[];
};

struct neigh_table {
	int family;
	u32 key_len;
};

struct neigh_parms {
	possible_net_t net;
};

struct netlink_ext_ack {
	char *_msg;
	struct nlattr *bad_attr;
};

struct netlink_sock {
	struct sock sk;
	u32 portid;
	u32 dst_portid;
	bool bound;
};

struct nlmsghdr {
	u32 nlmsg_len;
	u16 nlmsg_type;
	u16 nlmsg_flags;
	u32 nlmsg_seq;
	u32 nlmsg_pid;
};

struct iovec {
	void *iov_base;
	unsigned long iov_len;
};

struct user_msghdr {
	void *msg_name;
	int msg_namelen;
	struct iovec *msg_iov;
	unsigned long msg_iovlen;
};

struct mmsghdr {
	struct user_msghdr msg_hdr;
	u32 msg_len;
};

struct iphdr {
	u8 tos;
	__be16 tot_len;
	__be16 id;
	__be16 frag_off;
	u8 ttl;
	u8 protocol;
	__sum16 check;
	__be32 saddr;
	__be32 daddr;
};

struct ipv6hdr {
	__be16 payload_len;
	u8 nexthdr;
	u8 hop_limit;
	struct in6_addr saddr;
	struct in6_addr daddr;
};

struct icmphdr {
	u8 type;
	u8 code;
	__sum16 checksum;
	union {
		struct {
			__be16 id;
			__be16 sequence;
		} echo;
		__be32 gateway;
		struct {
			__be16 __unused;
			__be16 mtu;
		} frag;
		u8 reserved[4];
	} un;
};

struct udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
	__sum16 check;
};

struct tcphdr {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack_seq;
};

struct icmp6hdr {
	u8 icmp6_type;
	u8 icmp6_code;
	__sum16 icmp6_cksum;
};

struct rd_msg {
	struct icmp6hdr icmph;
	struct in6_addr target;
	struct in6_addr dest;
	u8 opt[];
};

struct nd_opt_hdr {
	u8 nd_opt_type;
	u8 nd_opt_len;
};

struct ethhdr {
	__be16 h_proto;
};

struct netevent_redirect {
	struct dst_entry *old;
	struct dst_entry *new;
	struct neighbour *neigh;
	void *daddr;
};

struct nl_info {
	struct nlmsghdr *nlh;
	struct net *nl_net;
	u32 portid;
	u8 skip_notify : 1;
};

struct fib_config {
	u8 fc_dst_len;
	dscp_t fc_dscp;
	u8 fc_protocol;
	u8 fc_scope;
	u8 fc_type;
	u8 fc_gw_family;
	u32 fc_table;
	__be32 fc_dst;
	int fc_oif;
	u32 fc_flags;
	u32 fc_priority;
	struct nl_info fc_nlinfo;
};

struct netlink_skb_parms {
	u32 portid;
	int nsid;
	struct sock *sk;
};

struct ipv6_devconf {
	__s32 forwarding;
	__s32 accept_redirects;
};

struct inet6_dev {
	struct ipv6_devconf cnf;
};

struct in_device {
	struct net_device *dev;
	struct in_ifaddr *ifa_list;
	struct ipv4_devconf cnf;
};

struct in_ifaddr {
	struct in_ifaddr *ifa_next;
	__be32 ifa_local;
	__be32 ifa_address;
	__be32 ifa_mask;
};

struct sockaddr {
	u16 sa_family;
};

struct sockaddr_in {
	u16 sin_family;
	__be16 sin_port;
	struct in_addr sin_addr;
};

struct sockaddr_in6 {
	u16 sin6_family;
	__be16 sin6_port;
	__be32 sin6_flowinfo;
	struct in6_addr sin6_addr;
	u32 sin6_scope_id;
};

struct sockaddr_nl {
	u16 nl_family;
	u16 nl_pad;
	u32 nl_pid;
	u32 nl_groups;
};

struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	u16 cs;
	unsigned long flags;
	unsigned long sp;
	u16 ss;
};

#pragma clang attribute pop

#endif
