/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record of `routetap trace`: a function of the routing code entered or left, or a tracepoint passed. The only
 * hand-written layout: core/bpf/layout.gen.ts is made from its BTF. Numbers are in host byte order, addresses in
 * network byte order; an IPv4 address is the first four bytes of sixteen. What a record does not know stays zero.
 */
#ifndef ROUTETAP_STEP_H
#define ROUTETAP_STEP_H

#define RT_STEP_ARGUMENTS 6
#define RT_STEP_FRAMES 32 /* calls within each other that are told; deeper ones are lost */
#define RT_SHAPES 256

enum rt_step_kind {
	RT_ENTER = 1,
	RT_LEAVE = 2,
	RT_POINT = 3, /* a tracepoint: has no end */
	RT_END = 4,   /* tracepoint tier: the system call the lookups were made in has ended; `ret` is its result */
};

/* Who a lookup is made by; records of one context never interleave. */
enum rt_step_place {
	RT_IN_TASK = 0,
	RT_IN_SOFTIRQ = 1, /* `task` is whoever was interrupted, and means nothing */
};

/* What else a record knows. */
enum rt_step_has {
	RT_HAS_FLOW = 1,
	RT_HAS_ROUTE = 2,
	RT_HAS_RULE = 4,
	RT_HAS_DST = 8,
	RT_HAS_EXCEPTION = 16,
	RT_HAS_PACKET = 32, /* the flow is a packet's, not a flowi */
	RT_HAS_NEIGHBOUR = 64,
};

/* struct flowi4, flowi6, a packet's header, a socket's ends, or the addresses among the arguments. */
struct rt_step_flow {
	__u8 src[16];
	__u8 dst[16];
	__u32 iif;
	__u32 oif;
	__u32 l3mdev;
	__u32 mark;
	__u32 uid;
	__u32 hash; /* flowi6.mp_hash, flowi_common.flowic_multipath_hash */
	__u16 sport;
	__u16 dport;
	__u8 protocol;
	__u8 tos; /* dscp or tos, as the kernel has it in the flow */
	__u8 flags; /* FLOWI_FLAG_* */
	__u8 pad;
	char oif_name[16];
	char l3mdev_name[16];
};

/* struct fib_result, fib6_result, or a nexthop alone (then prefix_len is 255). */
struct rt_step_route {
	__u8 prefix[16];
	__u8 gateway[16];
	__u8 prefsrc[16];
	char dev[16];
	__u32 table;
	__u32 oif;
	__u32 priority;
	__u32 nexthops; /* legs of the route; 1: one */
	__u32 leg;      /* the chosen one, from 1; 0: not known */
	__u32 weight;   /* of the leg; 0: not known */
	__u32 weights;  /* of all legs; 0: not known */
	__s32 upper_bound; /* of hashes the leg takes (31 bits); -1: none */
	__u32 nexthop_id; /* of a nexthop object; 0: none */
	__u8 prefix_len;
	__u8 type;  /* RTN_* */
	__u8 scope; /* RT_SCOPE_* */
	__u8 protocol;
	__u8 gateway_family;
	__u8 nexthop_flags; /* RTNH_F_* */
	__u8 is_null;       /* IPv6: the table's null entry, which means no route */
	__u8 pad;
};

/* struct fib_rule with what fib4_rule or fib6_rule add. */
struct rt_step_rule {
	__u8 src[16];
	__u8 dst[16];
	char iifname[16];
	char oifname[16];
	__u32 pref;
	__u32 table;
	__u32 target; /* goto */
	__u32 mark;
	__u32 mark_mask;
	__u32 flags; /* FIB_RULE_* */
	__u32 uid_start;
	__u32 uid_end;
	__s32 suppress_ifgroup;   /* -1: none */
	__s32 suppress_prefixlen; /* -1: none */
	__u16 sport_start;
	__u16 sport_end;
	__u16 dport_start;
	__u16 dport_end;
	__u8 src_len;
	__u8 dst_len;
	__u8 tos;
	__u8 action; /* FR_ACT_* */
	__u8 l3mdev;
	__u8 ip_proto;
	__u8 protocol;
	__u8 pad;
};

/* struct rtable or rt6_info: what a lookup gives. */
struct rt_step_dst {
	__u64 addr;
	__u8 gateway[16];
	char dev[16];
	__u32 oif;
	__u32 flags; /* RTCF_* or RTF_* */
	__u32 mtu;   /* rt_pmtu, or RTAX_MTU of IPv6; 0: the interface's */
	__s32 error;
	__u32 expires_s; /* 0: never */
	__u16 dst_flags; /* DST_* */
	__s16 obsolete;
	__u8 type; /* RTN_*; IPv4 alone */
	__u8 gateway_family;
	__u8 is_null; /* IPv6: ip6_null_entry */
	__u8 pad[5];
};

/* struct fib_nh_exception. */
struct rt_step_exception {
	__u8 gateway[16];
	__u32 mtu;
	__u32 expires_s;
};

struct rt_step {
	__u64 time_ns; /* bpf_ktime_get_boot_ns: CLOCK_BOOTTIME */
	__u64 lookup;  /* which tree it belongs to; never 0, never given twice */
	__u64 net_cookie;
	__s64 ret;     /* RT_LEAVE, as the register had it; a tracepoint's errno, state or reason */
	__u64 args[RT_STEP_ARGUMENTS];
	__u32 seq;     /* number of the record in its tree, from 0; a record that was lost has its number too */
	__u32 netns;   /* inode of the namespace; 0: not known */
	__u32 cpu;
	__u32 pid; /* tgid, as the initial pid namespace counts */
	__u32 tid;
	__u32 uid;
	__u32 table;   /* fib_table, fib6_table, or the table's number among the arguments; 0: none */
	__u32 ifindex; /* of the interface among the arguments, or the packet's */
	__u32 packet_len;
	__u16 function; /* number in the table of traced functions */
	__u16 has;
	__u8 kind;
	__u8 place;
	__u8 depth;  /* 0: the root */
	__u8 family; /* AF_INET, AF_INET6; 0: not known */
	char comm[16];
	char dev[16]; /* name of `ifindex` */
	struct rt_step_flow flow;
	struct rt_step_route route;
	struct rt_step_rule rule;
	struct rt_step_dst dst;
	struct rt_step_exception exception;
};

/*
 * Where a function has what is to be shown, as its prototype in the kernel's BTF says: each is the number of the
 * argument from 1, 0 for none. Written by the loader, one row of the map `shapes` per traced function.
 */
struct rt_shape {
	__u8 net;       /* struct net * */
	__u8 flow4;     /* struct flowi4 * */
	__u8 flow6;     /* struct flowi6 * */
	__u8 flow;      /* struct flowi *, of `family` */
	__u8 skb;       /* struct sk_buff * */
	__u8 sk;        /* struct sock * */
	__u8 req;       /* struct request_sock * */
	__u8 msg;       /* struct msghdr * */
	__u8 sockaddr;  /* struct sockaddr * */
	__u8 result4;   /* struct fib_result * */
	__u8 result6;   /* struct fib6_result * */
	__u8 rule;      /* struct fib_rule * */
	__u8 lookup_arg; /* struct fib_lookup_arg * */
	__u8 ops;       /* struct fib_rules_ops *: says the family */
	__u8 table4;    /* struct fib_table * */
	__u8 table6;    /* struct fib6_table * */
	__u8 table_id;  /* u32 */
	__u8 nhc;       /* struct fib_nh_common * */
	__u8 nh6;       /* struct fib6_nh * */
	__u8 dev;       /* struct net_device * */
	__u8 dst;       /* struct dst_entry *, rtable *, rt6_info * */
	__u8 daddr4;    /* __be32 */
	__u8 saddr4;    /* __be32 */
	__u8 daddr6;    /* struct in6_addr * */
	__u8 saddr6;    /* struct in6_addr * */
	__u8 returns;   /* enum rt_returns */
	__u8 family;    /* AF_*; 0: told by the arguments */
	__u8 is_root;   /* a tree may begin here */
	__u8 is_input;  /* of received packets */
	__u8 is_flow_out; /* the flow is written by the function: read at its end only */
	__u8 pad[2];
};

enum rt_returns {
	RT_RETURNS_NUMBER = 0, /* or nothing, or a pointer nobody looks behind */
	RT_RETURNS_DST = 1,    /* struct dst_entry *, rtable *, rt6_info *; may be an errno */
	RT_RETURNS_TABLE4 = 2,
	RT_RETURNS_TABLE6 = 3,
	RT_RETURNS_EXCEPTION = 4, /* struct fib_nh_exception * */
	RT_RETURNS_DEVICE = 5,
	RT_RETURNS_ERRNO = 6, /* int, or enum skb_drop_reason: what the function gives is there only with 0 */
};

#endif
