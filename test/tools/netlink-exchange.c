/*
 * Sends the rtnetlink request on stdin with strict checking and writes every byte of the answer to
 * stdout, up to and with NLMSG_DONE or NLMSG_ERROR (or the one message, for a request without a dump).
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char request[1 << 16];
static char answer[1 << 18];

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* True when the answer ends in this datagram. */
static int ends(char *bytes, int length)
{
	struct nlmsghdr *header = (struct nlmsghdr *)bytes;

	for (; NLMSG_OK(header, (unsigned int)length); header = NLMSG_NEXT(header, length)) {
		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
			return 1;
		if (!(header->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

int main(void)
{
	size_t size = fread(request, 1, sizeof(request), stdin);
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	int one = 1;
	ssize_t got;

	if (fd < 0)
		fail("socket");
	if (setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)))
		fail("setsockopt");
	if (send(fd, request, size, 0) != (ssize_t)size)
		fail("send");
	do {
		got = recv(fd, answer, sizeof(answer), 0);
		if (got < 0)
			fail("recv");
		if (fwrite(answer, 1, got, stdout) != (size_t)got)
			fail("write");
	} while (!ends(answer, got));
	return 0;
}
