/* The sockets of one network namespace. */
#ifndef ROUTETAP_ZONE_SOCKETS_H
#define ROUTETAP_ZONE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "icmp-sockets.h"

/* What JavaScript asked of a zone; done one after the other. */
struct zone_op {
  struct zone_op *next;
  uint32_t token;
  uint32_t zone;
  bool is_query;
  bool started;
  /* Barrier: datagrams that can still have been in the queue when it started. */
  uint32_t left;
  /* Query: why it failed; said when its socket is empty. */
  int error;
  /* Query: the request. */
  size_t length;
  uint8_t request[];
};

struct zone {
  enum watched kind;
  struct zone *next;
  uint32_t id;
  int event_fd;
  int query_fd;
  /* /proc/net/netlink of the namespace, -1 without. */
  int table_fd;
  struct icmp_socket icmp[ICMP_FAMILIES];
  uint64_t inode;
  uint64_t cookie;
  uint32_t receive_buffer_bytes;
  /* SK_MEMINFO_DROPS when last read. */
  uint32_t drops;
  /* Not yet written as a LOSS frame. */
  uint32_t lost;
  int lost_errno;
  bool loss_due;
  struct zone_op *first_op;
  struct zone_op *last_op;
};

/* An errno and the call that gave it. */
struct failure {
  int error;
  const char *syscall;
};

struct zone_wish {
  /* NULL: the namespace of the calling thread. */
  const char *path;
  /* struct sock_filter[], or NULL. */
  const void *filter;
  size_t filter_bytes;
  const int32_t *groups;
  uint32_t group_count;
  uint32_t receive_buffer_bytes;
  bool see_processes;
  bool see_redirects;
};

/* Opens the sockets inside the namespace, groups joined; NULL and a failure when the kernel refuses. */
struct zone *zone_open(const struct zone_wish *wish, struct failure *failure);
/* Closes the sockets (they pin the namespace) and frees. */
void zone_close(struct zone *zone);
/* Attaches a classic BPF program to the event socket, or detaches with NULL. 0 or an errno. */
int zone_set_filter(const struct zone *zone, const void *filter, size_t filter_bytes);
/* Messages the kernel dropped on the socket since `known` was its count, which is brought up to date. */
uint32_t socket_new_drops(int fd, uint32_t *known);
/* An upper bound for the datagrams waiting in the event socket. */
uint32_t zone_queue_bound(const struct zone *zone);

#endif
