/*
 * A raw ICMP socket would not only see redirects. For a quoted ping the kernel asks raw sockets whether they sent it
 * (raw_icmp_error, net/ipv4/raw.c), any open one says yes, and the redirect is taken that would have been ignored. A packet
 * socket cannot influence anything.
 */
#include "icmp-sockets.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "zone-sockets.h"

/* The kernel doubles it. */
enum { ICMP_BUFFER_BYTES = 32 << 10 };
enum { MOST_IP_HEADER_BYTES = 60 };

#define LOAD_PACKET_TYPE BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE))
#define LOAD_BYTE(offset) BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset)
#define UNLESS_EQUAL(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define PASS BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)
#define DROP BPF_STMT(BPF_RET | BPF_K, 0)

/* Sent to this host, no fragment, ICMP, type 5. A load past the end drops. */
static struct sock_filter inet_filter[] = {
    LOAD_PACKET_TYPE,
    UNLESS_EQUAL(PACKET_HOST, 8),
    LOAD_BYTE(9),
    UNLESS_EQUAL(IPPROTO_ICMP, 6),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
    BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
    UNLESS_EQUAL(ICMP_REDIRECT, 1),
    PASS,
    DROP,
};

/* Extension headers are none of a redirect's: neighbour discovery takes no fragments either (RFC 6980). */
static struct sock_filter inet6_filter[] = {
    LOAD_PACKET_TYPE,
    UNLESS_EQUAL(PACKET_HOST, 5),
    LOAD_BYTE(6),
    UNLESS_EQUAL(IPPROTO_ICMPV6, 3),
    LOAD_BYTE(sizeof(struct ip6_hdr)),
    UNLESS_EQUAL(ND_REDIRECT, 1),
    PASS,
    DROP,
};

static int attach(int fd, uint16_t family) {
  struct sock_fprog program = {.len = sizeof inet_filter / sizeof *inet_filter, .filter = inet_filter};
  if (family == AF_INET6) {
    program = (struct sock_fprog){.len = sizeof inet6_filter / sizeof *inet6_filter,
                                  .filter = inet6_filter};
  }
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Protocol 0 hears nothing until it is bound: then the filter stands already. */
static int open_one(uint16_t family) {
  int bytes = ICMP_BUFFER_BYTES;
  struct sockaddr_ll any = {.sll_family = AF_PACKET,
                            .sll_protocol = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6)};
  int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0 && attach(fd, family) == 0 &&
      bind(fd, (struct sockaddr *)&any, sizeof any) == 0) {
    return fd;
  }
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

void icmp_open(struct icmp_socket sockets[ICMP_FAMILIES], struct zone *zone) {
  static const uint16_t families[ICMP_FAMILIES] = {AF_INET, AF_INET6};
  for (int i = 0; i < ICMP_FAMILIES; i++) {
    int fd = open_one(families[i]);
    sockets[i] = (struct icmp_socket){.kind = WATCHED_ICMP,
                                      .family = families[i],
                                      .fd = fd,
                                      .error = fd < 0 ? errno : 0,
                                      .zone = zone};
  }
}

/* Where the message starts in an IP packet of `length` bytes, and where it ends: link layers pad short packets. */
static size_t find_message(uint16_t family, const uint8_t *packet, size_t length, size_t *end) {
  size_t start = family == AF_INET ? (size_t)(packet[0] & 0x0f) * 4 : sizeof(struct ip6_hdr);
  uint16_t field;
  memcpy(&field, packet + (family == AF_INET ? 2 : 4), sizeof field);
  *end = be16toh(field) + (family == AF_INET ? 0 : sizeof(struct ip6_hdr));
  if (*end > length) *end = length;
  if (start > *end) start = *end;
  return start;
}

static size_t write_payload(const struct icmp_socket *from, uint32_t ifindex, const uint8_t *packet,
                            size_t length, uint8_t *payload, bool *truncated) {
  size_t end, start = find_message(from->family, packet, length, &end);
  size_t message = end - start;
  if (message > ICMP_MESSAGE_BYTES) {
    message = ICMP_MESSAGE_BYTES;
    *truncated = true;
  }
  uint32_t head[2] = {htole32(from->family), htole32(ifindex)};
  memset(payload, 0, ICMP_HEAD_BYTES);
  memcpy(payload, head, sizeof head);
  if (from->family == AF_INET) memcpy(payload + 8, packet + 12, 4);
  else memcpy(payload + 8, packet + 8, 16);
  memcpy(payload + ICMP_HEAD_BYTES, packet + start, message);
  return ICMP_HEAD_BYTES + message;
}

size_t icmp_receive(const struct icmp_socket *from, uint8_t payload[ICMP_PAYLOAD_BYTES],
                    bool *truncated) {
  uint8_t packet[MOST_IP_HEADER_BYTES + ICMP_MESSAGE_BYTES + 1];
  for (;;) {
    struct sockaddr_ll sender = {0};
    socklen_t sender_bytes = sizeof sender;
    ssize_t length =
        recvfrom(from->fd, packet, sizeof packet, 0, (struct sockaddr *)&sender, &sender_bytes);
    if (length < 0 && errno == EAGAIN) return 0;
    /* An error is of a device that went down; it stands before what waits. */
    if (length < (ssize_t)(from->family == AF_INET ? 20 : sizeof(struct ip6_hdr))) continue;
    *truncated = false;
    return write_payload(from, (uint32_t)sender.sll_ifindex, packet, (size_t)length, payload,
                         truncated);
  }
}
