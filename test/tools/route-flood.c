/*
 * Adds or deletes many host routes as fast as the kernel takes them: many requests in one
 * sendmsg, only the last one acknowledged.
 *
 *   route-flood add|del COUNT FIRST IFINDEX [-g GATEWAY] [-p PROTOCOL] [-t TABLE] [-b BATCH]
 *               [-r PER_SECOND] [-l LOG]
 *
 * FIRST is the first address (IPv4 /32 or IPv6 /128), the others count up from it. -l writes the
 * CLOCK_REALTIME nanoseconds at which each request was sent, one u64 per route.
 * Prints "COUNT ERRORS SECONDS".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_BATCH 512
#define REQUEST_ROOM 96

struct flood {
	int add, family, ifindex, protocol, batch;
	uint32_t table;
	long count, rate;
	unsigned char first[16], gateway[16];
	int has_gateway;
	FILE *log;
};

static void die(const char *what)
{
	fprintf(stderr, "route-flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(void)
{
	fprintf(stderr, "usage: route-flood add|del COUNT FIRST IFINDEX [-g GATEWAY] [-p PROTOCOL] "
			"[-t TABLE] [-b BATCH] [-r PER_SECOND] [-l LOG]\n");
	exit(2);
}

static void put(struct nlmsghdr *nlh, int type, const void *data, int length)
{
	struct rtattr *rta = (struct rtattr *)((char *)nlh + NLMSG_ALIGN(nlh->nlmsg_len));

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(length);
	memcpy(RTA_DATA(rta), data, length);
	nlh->nlmsg_len = NLMSG_ALIGN(nlh->nlmsg_len) + RTA_ALIGN(rta->rta_len);
}

static void nth_address(const struct flood *f, long n, unsigned char *out)
{
	int bytes = f->family == AF_INET ? 4 : 16;
	uint64_t carry = (uint64_t)n;

	memcpy(out, f->first, bytes);
	for (int i = bytes - 1; i >= 0 && carry; i--) {
		carry += out[i];
		out[i] = carry & 0xff;
		carry >>= 8;
	}
}

static int build(const struct flood *f, long n, int ack, char *room)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)room;
	struct rtmsg *rtm = NLMSG_DATA(nlh);
	int bytes = f->family == AF_INET ? 4 : 16;
	unsigned char dst[16];

	memset(room, 0, REQUEST_ROOM);
	nlh->nlmsg_len = NLMSG_LENGTH(sizeof(*rtm));
	nlh->nlmsg_type = f->add ? RTM_NEWROUTE : RTM_DELROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | (ack ? NLM_F_ACK : 0) |
			   (f->add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	nlh->nlmsg_seq = (uint32_t)(n + 1);
	rtm->rtm_family = f->family;
	rtm->rtm_dst_len = bytes * 8;
	rtm->rtm_table = f->table < 256 ? f->table : RT_TABLE_COMPAT;
	rtm->rtm_protocol = f->protocol;
	rtm->rtm_scope = !f->add ? RT_SCOPE_NOWHERE :
			 f->has_gateway || f->family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	nth_address(f, n, dst);
	put(nlh, RTA_DST, dst, bytes);
	put(nlh, RTA_TABLE, &f->table, 4);
	if (f->add) {
		if (f->has_gateway)
			put(nlh, RTA_GATEWAY, f->gateway, bytes);
		put(nlh, RTA_OIF, &f->ifindex, 4);
	}
	return nlh->nlmsg_len;
}

/* Reads answers until the one to `last`; returns how many were errors. */
static long read_acks(int fd, uint32_t last)
{
	char room[65536];
	long errors = 0;

	for (;;) {
		ssize_t length = recv(fd, room, sizeof(room), 0);

		if (length < 0) {
			if (errno == EINTR)
				continue;
			die("recv");
		}
		for (struct nlmsghdr *nlh = (struct nlmsghdr *)room; NLMSG_OK(nlh, length);
		     nlh = NLMSG_NEXT(nlh, length)) {
			struct nlmsgerr *err = NLMSG_DATA(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR)
				continue;
			if (err->error)
				errors++;
			if (nlh->nlmsg_seq == last)
				return errors;
		}
	}
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void pace(const struct flood *f, uint64_t start, long sent)
{
	uint64_t due = start + (uint64_t)sent * 1000000000 / f->rate;
	struct timespec until = { due / 1000000000, due % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static long run(const struct flood *f, int fd)
{
	static char room[MAX_BATCH * REQUEST_ROOM];
	uint64_t start = now_ns(CLOCK_MONOTONIC);
	long errors = 0;

	for (long n = 0; n < f->count;) {
		size_t length = 0;
		long end = n + f->batch < f->count ? n + f->batch : f->count;

		for (long i = n; i < end; i++)
			length += build(f, i, i == end - 1, room + length);
		if (f->rate)
			pace(f, start, n);
		if (f->log) {
			uint64_t sent = now_ns(CLOCK_REALTIME);

			for (long i = n; i < end; i++)
				fwrite(&sent, sizeof(sent), 1, f->log);
		}
		if (send(fd, room, length, 0) < 0)
			die("send");
		errors += read_acks(fd, (uint32_t)end);
		n = end;
	}
	return errors;
}

static int open_socket(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int buffer = 8 << 20;
	int on = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)))
		die("netlink socket");
	return fd;
}

int main(int argc, char **argv)
{
	struct flood f = { .protocol = RTPROT_STATIC, .table = RT_TABLE_MAIN, .batch = 128 };
	int option;

	while ((option = getopt(argc, argv, "g:p:t:b:r:l:")) != -1) {
		switch (option) {
		case 'g':
			f.has_gateway = inet_pton(strchr(optarg, ':') ? AF_INET6 : AF_INET, optarg,
						  f.gateway) == 1;
			if (!f.has_gateway)
				usage();
			break;
		case 'p':
			f.protocol = atoi(optarg);
			break;
		case 't':
			f.table = strtoul(optarg, NULL, 10);
			break;
		case 'b':
			f.batch = atoi(optarg);
			break;
		case 'r':
			f.rate = atol(optarg);
			break;
		case 'l':
			f.log = fopen(optarg, "w");
			if (!f.log)
				die(optarg);
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 4 || f.batch < 1 || f.batch > MAX_BATCH)
		usage();
	argv += optind;
	f.add = !strcmp(argv[0], "add");
	if (!f.add && strcmp(argv[0], "del"))
		usage();
	f.count = atol(argv[1]);
	f.family = strchr(argv[2], ':') ? AF_INET6 : AF_INET;
	if (inet_pton(f.family, argv[2], f.first) != 1)
		usage();
	f.ifindex = atoi(argv[3]);

	int fd = open_socket();
	uint64_t start = now_ns(CLOCK_MONOTONIC);
	long errors = run(&f, fd);
	double seconds = (now_ns(CLOCK_MONOTONIC) - start) / 1e9;

	if (f.log && fclose(f.log))
		die("log");
	printf("%ld %ld %.6f\n", f.count, errors, seconds);
	return errors ? 1 : 0;
}
