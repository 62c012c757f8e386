/* Sockets that see the ICMP redirects a network namespace receives, without taking part. */
#ifndef ROUTETAP_ICMP_SOCKETS_H
#define ROUTETAP_ICMP_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

enum { ICMP_FAMILIES = 2, ICMP_MESSAGE_BYTES = 1280 };
/* Before the message: u32 family, u32 ifindex, u8[16] sender. */
enum { ICMP_HEAD_BYTES = 24, ICMP_PAYLOAD_BYTES = ICMP_HEAD_BYTES + ICMP_MESSAGE_BYTES };

/* What epoll reports is a zone or one of its ICMP sockets; both start with this. */
enum watched { WATCHED_ZONE, WATCHED_ICMP };

struct icmp_socket {
  enum watched kind;
  /* AF_INET, AF_INET6 */
  uint16_t family;
  /* -1: not open. */
  int fd;
  /* Why it is not open. */
  int error;
  /* SK_MEMINFO_DROPS when last read. */
  uint32_t drops;
  struct zone *zone;
};

/* Opens the sockets of both families in the calling thread's namespace; one that can't be opened says so in `error`. */
void icmp_open(struct icmp_socket sockets[ICMP_FAMILIES], struct zone *zone);
/* Writes the next message as the payload of an ICMP frame: its length, or 0 when none waits. */
size_t icmp_receive(const struct icmp_socket *socket, uint8_t payload[ICMP_PAYLOAD_BYTES],
                    bool *truncated);

#endif
