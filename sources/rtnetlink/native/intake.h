/* From sockets into slabs: receives batches and writes them as frames. Used by the reader's thread alone. */
#ifndef ROUTETAP_INTAKE_H
#define ROUTETAP_INTAKE_H

#include <linux/netlink.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "frame.h"
#include "process-seen.h"
#include "reader.h"
#include "slab.h"
#include "zone-sockets.h"

enum { BATCH_DATAGRAMS = 64, DATAGRAM_BYTES = 64 << 10 };

enum drain { DRAIN_DRY, DRAIN_MORE, DRAIN_STARVED };
enum progress { PROGRESS_DONE, PROGRESS_MORE, PROGRESS_STARVED };

struct intake {
  struct slab_pool slabs;
  struct slab *current;
  uint64_t published_ns;
  void (*ready)(void *context);
  void *context;

  /* The batch received last; datagrams from `next` on are not yet in a slab. */
  uint8_t *scratch;
  struct mmsghdr messages[BATCH_DATAGRAMS];
  struct iovec rooms[BATCH_DATAGRAMS];
  struct sockaddr_nl senders[BATCH_DATAGRAMS];
  uint32_t next;
  uint32_t count;
  struct zone *zone;
  bool is_reply;
  uint32_t token;
  uint64_t time_ns;

  bool see_processes;
  struct process_seen seen;
  /* A PROCESS payload of the datagram at `next`, looked up and not yet in a slab. */
  bool looked_up;
  size_t process_bytes;
  uint8_t process[PROCESS_PAYLOAD_BYTES];

  /* An ICMP frame received and not yet in a slab; 0 bytes: none. */
  struct frame_header icmp_header;
  size_t icmp_bytes;
  uint8_t icmp[ICMP_PAYLOAD_BYTES];

  /* How many event datagrams came since `pace_since_ns`. */
  uint64_t pace_since_ns;
  uint32_t pace_count;

  _Atomic uint64_t received_bytes;
  _Atomic uint64_t received_messages;
  _Atomic uint64_t lost_messages;
  _Atomic uint64_t icmp_messages;
  _Atomic uint64_t icmp_dropped;
};

/* 0 or an errno. */
int intake_init(struct intake *intake, const struct reader_options *options);
void intake_destroy(struct intake *intake);

/* Puts the rest of the last batch into slabs; false when they ran out. */
bool intake_flush(struct intake *intake);
/* Reads the zone's event socket, at most `batches` batches. */
enum drain intake_events(struct intake *intake, struct zone *zone, uint32_t batches);
/* Reads one of its ICMP sockets, at most one batch. */
enum drain intake_icmp(struct intake *intake, struct icmp_socket *socket);
/* One step of an operation. */
enum progress intake_barrier(struct intake *intake, struct zone *zone, struct zone_op *op);
enum progress intake_query(struct intake *intake, struct zone *zone, struct zone_op *op);
/* False when the slabs ran out. */
bool intake_query_failed(struct intake *intake, uint32_t zone, uint32_t token, int error);
void intake_forget_zone(struct intake *intake, struct zone *zone);

bool intake_unpublished(const struct intake *intake);
/* Hands the slab being written to JavaScript, unless that was done less than `coalesce_ns` ago. */
void intake_publish_due(struct intake *intake, uint64_t now, uint64_t coalesce_ns);
/* Messages come so fast that waiting for more saves work. */
bool intake_is_busy(struct intake *intake, uint64_t now);

#endif
