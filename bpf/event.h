/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one record every program sends. The only hand-written layout: core/bpf/layout.gen.ts is made from its BTF.
 * Numbers are in host byte order, addresses in network byte order; an IPv4 address is the first four bytes of sixteen.
 * What a kind does not know stays zero.
 */
#ifndef ROUTETAP_EVENT_H
#define ROUTETAP_EVENT_H

#define RT_EXTACK_BYTES 80
#define RT_MESSAGE_BYTES 192

enum rt_kind {
	RT_MISS = 1,     /* a lookup of a flow found no route */
	RT_LOSING = 2,   /* TCP (protocol 6) suspects its path, or a neighbour (protocol 0) stopped answering */
	RT_REDIRECT = 3, /* a redirect came in, or its verdict */
	RT_REQUEST = 4,  /* a process asks for a change, before it happens; portid 0: by ioctl */
	RT_REFUSED = 5,  /* the kernel refused a request */
	RT_REMOVED = 6,  /* an IPv4 route left its table without a message (fib_table_flush) */
};

enum rt_direction {
	RT_OUTPUT = 0,
	RT_FORWARD = 1,
	RT_INPUT = 2,
};

enum rt_mechanism {
	RT_TRACEPOINT = 0,
	RT_FENTRY = 1,
	RT_KPROBE = 2,
};

/* What became of a redirect. A program that cannot tell leaves RT_ASK, and a route query decides. */
enum rt_verdict {
	RT_ASK = 0,
	RT_ACCEPTED = 1,
	RT_DEFERRED = 2, /* the new gateway's address is being asked for: this redirect is lost, the next one counts */
	RT_REJECTED = 3,
};

/* Why a redirect was not taken (net/ipv4/route.c, net/ipv6/route.c, net/ipv6/ndisc.c). */
enum rt_reason {
	RT_NO_REASON = 0,
	RT_NOT_THE_GATEWAY = 1,    /* its author is not the gateway in use */
	RT_NOT_ACCEPTED = 2,       /* accept_redirects is off here, or forwarding is on */
	RT_SAME_GATEWAY = 3,       /* it names the gateway in use */
	RT_BAD_GATEWAY = 4,        /* the new gateway is no unicast neighbour */
	RT_NOT_ON_LINK = 5,        /* shared_media is off and the new gateway is not on the author's link */
	RT_NOT_A_DEFAULT = 6,      /* secure_redirects is on and the new gateway is no default gateway */
	RT_NO_FLOW = 7,            /* no socket of this host sent what it quotes */
	RT_MALFORMED = 8,          /* code, addresses, length or options are not a redirect's */
	RT_NOT_LINK_LOCAL = 9,     /* IPv6: its author is no link-local address */
	RT_REJECT_ROUTE = 10,      /* the route in use is no gateway route */
};

struct rt_task {
	__u32 pid; /* tgid, as the initial pid namespace counts; 0: no process */
	__u32 tid;
	__u32 uid;
	__u32 pad;
	__u64 cgroup_id;
	char comm[16];
};

struct rt_event {
	__u64 time_ns;    /* bpf_ktime_get_boot_ns: CLOCK_BOOTTIME */
	__u64 net_cookie;
	__u64 addr;       /* struct sock * of the request, struct net * of the rest */
	__u32 netns;      /* inode of the namespace */
	__u16 kind;
	__u8 family;      /* AF_INET, AF_INET6 */
	__u8 mechanism;
	struct rt_task task;
	__u8 src[16];
	__u8 dst[16];
	__u8 gateway[16];     /* in use; redirect: the new one */
	__u8 old_gateway[16]; /* redirect: the one before */
	__u8 author[16];      /* redirect: who sent it */
	__u16 sport;
	__u16 dport;
	__u8 protocol;
	__u8 direction;
	__u8 verdict;
	__u8 reason;
	__u32 iif;
	__u32 oif;        /* request: the interface it names, where known */
	__u32 mark;
	__u32 uid;        /* of the flow */
	__s32 error;      /* negative errno */
	__u32 table;      /* miss: the last one asked; removed: where it stood */
	__u32 count;      /* happenings this record stands for */
	__u32 retransmits;
	__u32 rto_ms;
	__u32 srtt_us;
	__u32 rttvar_us;
	__u32 ssthresh;   /* segments; 0x7fffffff is "none yet" */
	__u32 mtu;
	__u32 portid;
	__u32 nlmsg_seq;
	__u16 nlmsg_type;
	__u16 nlmsg_flags;
	__u32 rule;       /* miss: preference of the policy rule that ended it; 0: none known */
	__u32 expires_s;  /* redirect: lifetime of what it made; 0: not known */
	__u32 priority;   /* removed */
	__u8 prefix_len;  /* removed, and requests by ioctl */
	__u8 tos;         /* removed */
	__u16 message_len; /* bytes of `message`; refused */
	char extack[RT_EXTACK_BYTES];
	__u8 message[RT_MESSAGE_BYTES]; /* the refused request, nlmsghdr and on, as much as fits */
};

#endif
