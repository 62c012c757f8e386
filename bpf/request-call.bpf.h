/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoint tier of `request`: a system call's messages in user memory, and its answers in the sender's queue. */
#ifndef ROUTETAP_REQUEST_CALL_BPF_H
#define ROUTETAP_REQUEST_CALL_BPF_H

#include "request.bpf.h"

#define NLMSG_ERROR 2
#define NLM_F_CAPPED 0x100
#define NLM_F_ACK_TLVS 0x200
#define NLMSGERR_ATTR_MSG 1

#define MAX_STEPS 4096 /* messages, pieces and datagrams of one system call */
#define MAX_ANSWERS 1024 /* datagrams looked at in the sender's receive queue */
#define MMSGHDR_BYTES 64

/* The messages of one system call: a stream over datagrams and their pieces. */
struct rt_stream {
	__u64 datagrams;      /* struct mmsghdr of the next one */
	__u64 datagrams_left;
	const struct iovec *pieces;
	__u64 pieces_left;
	__u64 base; /* of the piece */
	__u64 length;
	__u64 at; /* offset in it */
	__u64 inode; /* of the socket */
	__u32 is_known; /* whether a route request is to be told */
	__u32 is_told;
};

/*
 * A thread's system call. The stream stands here and not on the stack: the verifier follows each value of a stack, and
 * would run the loop over messages until their numbers repeat.
 */
struct rt_call {
	__u32 nr;       /* 0: none is open */
	__u32 messages; /* requests of interest in it */
	__u32 unbound;  /* the socket had no port id yet */
	__u32 last_seq;
	struct rt_asked first;
	__u64 first_at; /* in user memory */
	struct sock *sk;
	void *newest;   /* the last datagram in its receive queue before the call */
	struct rt_stream stream;
	__u32 command;  /* of an ioctl */
	char extack[RT_EXTACK_BYTES]; /* the last text the kernel set while the call ran */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rt_call);
} calls SEC(".maps");

static __always_inline bool rt_next_piece(struct rt_stream *stream)
{
	struct iovec piece = {};

	if (!stream->pieces_left || bpf_probe_read_user(&piece, sizeof(piece), stream->pieces))
		return false;
	stream->pieces_left--;
	stream->pieces++;
	stream->base = (__u64)piece.iov_base;
	stream->length = piece.iov_len;
	return true;
}

/* A datagram begins with its first piece. struct mmsghdr begins with a struct user_msghdr. */
static __always_inline bool rt_next_datagram(struct rt_stream *stream)
{
	struct user_msghdr header = {};

	if (!stream->datagrams_left || bpf_probe_read_user(&header, sizeof(header), (void *)stream->datagrams))
		return false;
	stream->datagrams_left--;
	stream->datagrams += MMSGHDR_BYTES;
	stream->pieces = header.msg_iov;
	stream->pieces_left = header.msg_iovlen;
	stream->at = 0;
	return rt_next_piece(stream);
}

static __always_inline void rt_take_message(struct rt_call *call, const struct rt_asked *asked)
{
	struct rt_stream *stream = &call->stream;
	bool is_route = rt_is_route(asked->type);

	if (is_route && !stream->is_known) {
		stream->is_known = 1;
		stream->is_told = rt_told_lately(stream->inode);
	}
	if (is_route && stream->is_told)
		return;
	if (rt_send_request((__u64)call->sk, asked, RT_TRACEPOINT) && is_route) {
		stream->is_told = 1;
		rt_remember(stream->inode);
	}
}

/* One step of bpf_loop: a message, or on to the next piece. 1 ends the loop. */
static long rt_read_step(__u32 step, struct rt_call **of)
{
	struct rt_call *call = *of;
	struct rt_stream *stream = &call->stream;
	struct rt_asked asked = {};
	const void *from = (const void *)(stream->base + stream->at);
	__u64 left = stream->length - stream->at;

	if (stream->at + NLMSG_HDRLEN > stream->length) {
		/* What is left of a message goes on in the next piece. */
		stream->at = stream->at > stream->length ? stream->at - stream->length : 0;
		return !rt_next_piece(stream) && !rt_next_datagram(stream);
	}
	if (bpf_probe_read_user(&asked, left < sizeof(asked) ? NLMSG_HDRLEN : sizeof(asked), from))
		return 1;
	if (asked.len < NLMSG_HDRLEN)
		return 1;
	stream->at += ((__u64)asked.len + 3) & ~3ull;
	if ((asked.flags & NLM_F_REQUEST) && rt_is_routing(asked.type)) {
		if (left < sizeof(asked))
			asked.len = NLMSG_HDRLEN;
		if (!call->messages++) {
			call->first = asked;
			call->first_at = (__u64)from;
		}
		call->last_seq = asked.seq;
		rt_take_message(call, &asked);
	}
	/* The usual call has one piece and one message. */
	return stream->at >= stream->length && !stream->pieces_left && !stream->datagrams_left;
}

static __always_inline void *rt_newest_answer(struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_receive_queue.prev);
}

/* An NLMSG_ERROR with its struct nlmsgerr. */
struct rt_answer {
	__u32 len;
	__u16 type;
	__u16 flags;
	__u32 seq;
	__u32 pid;
	__s32 error;
	__u32 asked_len;
	__u16 asked_type;
	__u16 asked_flags;
	__u32 asked_seq;
};

#define ECHO_AT 20 /* the request in an answer */

/* The datagrams waiting for the sender, newest first. */
struct rt_answers {
	struct sk_buff *skb;
	void *end;
	void *newest_before;
};

/* The kernel's text behind the echoed request, where the sender asked for it (NETLINK_EXT_ACK); false: it is not there. */
static __always_inline bool rt_text_of(struct rt_event *event, const void *data, const struct rt_answer *answer)
{
	__u32 echoed = answer->flags & NLM_F_CAPPED ? NLMSG_HDRLEN : (answer->asked_len + 3) & ~3u;
	struct {
		__u16 len;
		__u16 type;
	} attribute = {};

	if (!(answer->flags & NLM_F_ACK_TLVS) || echoed > answer->len ||
	    ECHO_AT + echoed + sizeof(attribute) > answer->len)
		return false;
	if (bpf_probe_read_kernel(&attribute, sizeof(attribute), data + ECHO_AT + echoed) ||
	    attribute.type != NLMSGERR_ATTR_MSG)
		return false;
	return bpf_probe_read_kernel_str(event->extack, sizeof(event->extack),
					 data + ECHO_AT + echoed + sizeof(attribute)) > 0;
}

static __always_inline void rt_fill_refused(struct rt_event *event, const void *data, const struct rt_answer *answer,
					    struct rt_call *call)
{
	event->kind = RT_REFUSED;
	event->error = answer->error;
	if (!rt_text_of(event, data, answer) && call->messages == 1)
		__builtin_memcpy(event->extack, call->extack, sizeof(event->extack));
	if (!(answer->flags & NLM_F_CAPPED))
		rt_copy_message(event, data + ECHO_AT, answer->asked_len, false);
	else if (call->messages == 1)
		rt_copy_message(event, (void *)call->first_at, answer->asked_len, true);
}

static long rt_read_answer(__u32 step, struct rt_answers *answers)
{
	struct sk_buff *skb = answers->skb;
	struct rt_answer answer = {};
	struct rt_call *call;
	struct rt_asked asked = {};
	struct rt_event *event;
	const void *data;

	if (!skb || (void *)skb == answers->end || (void *)skb == answers->newest_before)
		return 1;
	answers->skb = BPF_CORE_READ(skb, prev);
	data = BPF_CORE_READ(skb, data);
	if (bpf_probe_read_kernel(&answer, sizeof(answer), data))
		return 0;
	if (answer.type != NLMSG_ERROR || answer.error >= 0 || !rt_is_routing(answer.asked_type))
		return 0;
	call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, 0);
	if (!call)
		return 1;
	/* Another thread on the socket gets its answers here too. */
	if (answer.asked_seq - call->first.seq > call->last_seq - call->first.seq)
		return 0;
	if (bpf_probe_read_kernel(&asked, answer.flags & NLM_F_CAPPED ? NLMSG_HDRLEN : sizeof(asked), data + ECHO_AT))
		return 0;
	if (answer.flags & NLM_F_CAPPED) {
		asked.len = NLMSG_HDRLEN;
		if (call->messages == 1)
			asked = call->first;
	}
	event = rt_reserve_asked(call->sk, &asked, RT_TRACEPOINT);
	if (!event)
		return 0;
	rt_fill_refused(event, data, &answer, call);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Tells the refusals the kernel has put into the sender's queue since the call began. */
static __always_inline void rt_read_answers(struct rt_call *call)
{
	struct rt_answers answers = { .newest_before = call->newest };

	answers.end = (void *)call->sk + bpf_core_field_offset(struct sock, sk_receive_queue);
	answers.skb = rt_newest_answer(call->sk);
	bpf_loop(MAX_ANSWERS, rt_read_answer, &answers, 0);
}

#endif
