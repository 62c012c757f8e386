#include "intake.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

/* Fewer replies at once: each is a dump chunk of up to 32 KiB. */
enum { REPLY_BATCH = 8 };
/* Above this many event datagrams in the span, reading waits for more of them. */
enum { PACE_DATAGRAMS = 16 };
static const uint64_t PACE_SPAN_NS = 4000000u;
/* Offset of nlmsg_pid in struct nlmsghdr. */
enum { NLMSG_PID_OFFSET = 12 };

static const size_t SCRATCH_BYTES = (size_t)BATCH_DATAGRAMS * DATAGRAM_BYTES;

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int intake_init(struct intake *intake, const struct reader_options *options) {
  intake->see_processes = options->see_processes;
  intake->seen.exits.fd = -1;
  intake->ready = options->ready;
  intake->context = options->context;
  int error = slab_pool_init(&intake->slabs, options->slabs, options->slab_bytes);
  if (error != 0) return error;
  intake->scratch = mmap(NULL, SCRATCH_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (intake->scratch == MAP_FAILED) {
    intake->scratch = NULL;
    return ENOMEM;
  }
  madvise(intake->scratch, SCRATCH_BYTES, MADV_NOHUGEPAGE);
  for (uint32_t i = 0; i < BATCH_DATAGRAMS; i++) {
    intake->rooms[i] = (struct iovec){
        .iov_base = intake->scratch + (size_t)i * DATAGRAM_BYTES, .iov_len = DATAGRAM_BYTES};
    intake->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &intake->senders[i], .msg_iov = &intake->rooms[i], .msg_iovlen = 1};
  }
  return 0;
}

void intake_destroy(struct intake *intake) {
  if (intake->scratch != NULL) munmap(intake->scratch, SCRATCH_BYTES);
  intake->scratch = NULL;
  slab_pool_destroy(&intake->slabs);
}

static void publish(struct intake *intake) {
  struct slab *slab = intake->current;
  intake->current = NULL;
  if (slab_publish(&intake->slabs, slab)) intake->ready(intake->context);
}

static bool put(struct intake *intake, struct frame_header header, const void *payload,
                size_t length) {
  size_t need = frame_bytes(length);
  struct slab *slab = intake->current;
  if (slab != NULL && slab->used + need > intake->slabs.slab_bytes) {
    publish(intake);
    slab = NULL;
  }
  if (slab == NULL) slab = intake->current = slab_for_writing(&intake->slabs, need);
  if (slab == NULL) return false;
  slab->used += frame_write(slab->bytes + slab->used, header, payload, length);
  return true;
}

static bool put_process(struct intake *intake, const uint8_t *datagram, size_t length) {
  uint32_t portid;
  if (length < NLMSG_PID_OFFSET + sizeof portid) return true;
  memcpy(&portid, datagram + NLMSG_PID_OFFSET, sizeof portid);
  if (!intake->looked_up) {
    intake->process_bytes = process_seen(&intake->seen, intake->zone, portid,
                                         clock_ns(CLOCK_MONOTONIC), intake->process);
    intake->looked_up = true;
  }
  if (intake->process_bytes > 0) {
    struct frame_header header = {.kind = FRAME_PROCESS,
                                  .zone = intake->zone->id,
                                  .time_ns = intake->time_ns,
                                  .portid = portid};
    if (!put(intake, header, intake->process, intake->process_bytes)) return false;
  }
  intake->process_bytes = 0;
  return true;
}

static bool put_datagram(struct intake *intake, uint32_t i) {
  const struct msghdr *message = &intake->messages[i].msg_hdr;
  const struct sockaddr_nl *sender = &intake->senders[i];
  const uint8_t *datagram = intake->rooms[i].iov_base;
  size_t length = intake->messages[i].msg_len;
  if (length > DATAGRAM_BYTES) length = DATAGRAM_BYTES;
  /* Only the kernel is believed: any process may send to our port. */
  if (sender->nl_pid != 0) return true;
  if (!intake->is_reply && intake->see_processes && !put_process(intake, datagram, length)) {
    return false;
  }
  struct frame_header header = {
      .kind = intake->is_reply ? FRAME_REPLY : FRAME_DATAGRAM,
      .flags = (message->msg_flags & MSG_TRUNC) != 0 ? FRAME_TRUNCATED : 0,
      .zone = intake->zone->id,
      .value = intake->is_reply ? intake->token : sender->nl_groups,
      .time_ns = intake->time_ns,
      .portid = sender->nl_pid,
  };
  if (!put(intake, header, datagram, length)) return false;
  intake->looked_up = false;
  return true;
}

static bool put_loss(struct intake *intake, struct zone *zone) {
  if (!zone->loss_due) return true;
  struct frame_header header = {.kind = FRAME_LOSS,
                                .zone = zone->id,
                                .value = zone->lost,
                                .time_ns = clock_ns(CLOCK_REALTIME),
                                .extra = (uint32_t)zone->lost_errno};
  if (!put(intake, header, NULL, 0)) return false;
  zone->loss_due = false;
  zone->lost = 0;
  zone->lost_errno = 0;
  return true;
}

static bool put_icmp(struct intake *intake) {
  if (intake->icmp_bytes == 0) return true;
  if (!put(intake, intake->icmp_header, intake->icmp, intake->icmp_bytes)) return false;
  intake->icmp_bytes = 0;
  return true;
}

bool intake_flush(struct intake *intake) {
  if (!put_icmp(intake)) return false;
  while (intake->next < intake->count) {
    if (!put_datagram(intake, intake->next)) return false;
    intake->looked_up = false;
    intake->next++;
  }
  if (intake->zone != NULL && !put_loss(intake, intake->zone)) return false;
  intake->zone = NULL;
  return true;
}

static void look_for_loss(struct intake *intake, struct zone *zone) {
  uint32_t drops = socket_new_drops(zone->event_fd, &zone->drops);
  if (drops == 0) return;
  zone->lost += drops;
  zone->loss_due = true;
  atomic_fetch_add_explicit(&intake->lost_messages, drops, memory_order_relaxed);
}

/* Receives one batch, which intake_flush then puts away; the count, or -1 with errno. */
static int receive(struct intake *intake, struct zone *zone, bool is_reply, uint32_t most) {
  for (uint32_t i = 0; i < most; i++) {
    intake->messages[i].msg_hdr.msg_namelen = sizeof intake->senders[i];
    intake->messages[i].msg_hdr.msg_flags = 0;
  }
  int count;
  do {
    int fd = is_reply ? zone->query_fd : zone->event_fd;
    count = recvmmsg(fd, intake->messages, most, MSG_DONTWAIT, NULL);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return count;
  intake->next = 0;
  intake->count = (uint32_t)count;
  intake->zone = zone;
  intake->is_reply = is_reply;
  intake->time_ns = clock_ns(CLOCK_REALTIME);
  return count;
}

static void count_events(struct intake *intake, uint32_t count) {
  uint64_t bytes = 0, messages = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (intake->senders[i].nl_pid != 0) continue;
    bytes += intake->messages[i].msg_len;
    messages++;
  }
  atomic_fetch_add_explicit(&intake->received_bytes, bytes, memory_order_relaxed);
  atomic_fetch_add_explicit(&intake->received_messages, messages, memory_order_relaxed);
  intake->pace_count += count;
}

/* One batch of the event socket; the count, 0 when the socket was empty, -1 when slabs ran out. */
static int events_batch(struct intake *intake, struct zone *zone, uint32_t most) {
  if (!intake_flush(intake)) return -1;
  int count = receive(intake, zone, false, most);
  if (count > 0) {
    count_events(intake, (uint32_t)count);
  } else if (errno != EAGAIN) {
    /* Any other error is a message that couldn't be built or delivered (netlink_set_err). */
    zone->lost_errno = errno;
    zone->loss_due = true;
    count = 1;
  } else {
    count = 0;
  }
  look_for_loss(intake, zone);
  intake->zone = zone;
  return intake_flush(intake) ? count : -1;
}

enum drain intake_events(struct intake *intake, struct zone *zone, uint32_t batches) {
  for (uint32_t i = 0; i < batches; i++) {
    int count = events_batch(intake, zone, BATCH_DATAGRAMS);
    if (count < 0) return DRAIN_STARVED;
    if (count < BATCH_DATAGRAMS) return DRAIN_DRY;
  }
  return DRAIN_MORE;
}

enum drain intake_icmp(struct intake *intake, struct icmp_socket *socket) {
  uint32_t drops = socket_new_drops(socket->fd, &socket->drops);
  atomic_fetch_add_explicit(&intake->icmp_dropped, drops, memory_order_relaxed);
  for (uint32_t i = 0; i < BATCH_DATAGRAMS; i++) {
    if (!intake_flush(intake)) return DRAIN_STARVED;
    bool truncated = false;
    intake->icmp_bytes = icmp_receive(socket, intake->icmp, &truncated);
    if (intake->icmp_bytes == 0) return DRAIN_DRY;
    intake->icmp_header = (struct frame_header){.kind = FRAME_ICMP,
                                                .flags = truncated ? FRAME_TRUNCATED : 0,
                                                .zone = socket->zone->id,
                                                .time_ns = clock_ns(CLOCK_REALTIME)};
    atomic_fetch_add_explicit(&intake->icmp_messages, 1, memory_order_relaxed);
    intake->pace_count++;
  }
  return intake_flush(intake) ? DRAIN_MORE : DRAIN_STARVED;
}

enum progress intake_barrier(struct intake *intake, struct zone *zone, struct zone_op *op) {
  if (!op->started) {
    op->left = zone_queue_bound(zone);
    op->started = true;
  }
  while (op->left > 0) {
    int count = events_batch(intake, zone, BATCH_DATAGRAMS);
    if (count < 0) return PROGRESS_STARVED;
    op->left = count == 0 || (uint32_t)count > op->left ? 0 : op->left - (uint32_t)count;
  }
  if (!intake_flush(intake)) return PROGRESS_STARVED;
  struct frame_header header = {.kind = FRAME_BARRIER,
                                .zone = zone->id,
                                .value = op->token,
                                .time_ns = clock_ns(CLOCK_REALTIME)};
  return put(intake, header, NULL, 0) ? PROGRESS_DONE : PROGRESS_STARVED;
}

bool intake_query_failed(struct intake *intake, uint32_t zone, uint32_t token, int error) {
  struct frame_header header = {.kind = FRAME_QUERY_FAILED,
                                .zone = zone,
                                .value = token,
                                .time_ns = clock_ns(CLOCK_REALTIME),
                                .extra = (uint32_t)error};
  return put(intake, header, NULL, 0);
}

static int send_request(const struct zone *zone, const struct zone_op *op) {
  ssize_t sent;
  do {
    sent = send(zone->query_fd, op->request, op->length, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

/*
 * rtnetlink answers in the context of send(), and each receive of a dump makes the kernel add the next
 * chunk, so a query is over when its socket is empty. After an error too, or the rest would be taken for the
 * next query's.
 */
enum progress intake_query(struct intake *intake, struct zone *zone, struct zone_op *op) {
  if (!intake_flush(intake)) return PROGRESS_STARVED;
  if (!op->started) {
    op->error = send_request(zone, op);
    op->started = true;
  }
  if (receive(intake, zone, true, REPLY_BATCH) > 0) {
    intake->token = op->token;
    return intake_flush(intake) ? PROGRESS_MORE : PROGRESS_STARVED;
  }
  if (errno != EAGAIN) {
    op->error = errno;
    return PROGRESS_MORE;
  }
  if (op->error == 0 || intake_query_failed(intake, zone->id, op->token, op->error)) {
    return PROGRESS_DONE;
  }
  return PROGRESS_STARVED;
}

void intake_forget_zone(struct intake *intake, struct zone *zone) {
  process_forget_zone(&intake->seen, zone->id);
  if (intake->icmp_header.zone == zone->id) intake->icmp_bytes = 0;
  if (intake->zone != zone) return;
  intake->zone = NULL;
  intake->next = intake->count = 0;
  intake->looked_up = false;
  intake->process_bytes = 0;
}

bool intake_unpublished(const struct intake *intake) { return intake->current != NULL; }

void intake_publish_due(struct intake *intake, uint64_t now, uint64_t coalesce_ns) {
  if (intake->current == NULL || now - intake->published_ns < coalesce_ns) return;
  intake->published_ns = now;
  publish(intake);
}

bool intake_is_busy(struct intake *intake, uint64_t now) {
  if (now - intake->pace_since_ns > PACE_SPAN_NS) {
    intake->pace_since_ns = now;
    intake->pace_count = 0;
  }
  return intake->pace_count > PACE_DATAGRAMS;
}
