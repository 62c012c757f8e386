#include "exit-feed.h"

#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVE_BUFFER_BYTES = 8 << 20 };
/* More than the receive buffer holds; bounds the work while processes exit by thousands. */
enum { MOST_AT_ONCE = 16384 };
/* struct taskstats got ac_tgid with this version. */
enum { VERSION_WITH_TGID = 12 };
static const uint64_t RECORD_LIFE_NS = 5000000000u;

struct request {
  struct nlmsghdr header;
  struct genlmsghdr generic;
  uint8_t attributes[512];
};

/* Sends one generic netlink command with one string attribute. */
static bool send_command(int fd, uint16_t family, uint8_t command, uint16_t attribute,
                         const char *text, uint16_t flags) {
  struct request request = {0};
  size_t length = strlen(text) + 1;
  if (NLA_HDRLEN + length > sizeof request.attributes) return false;
  struct nlattr attr = {.nla_len = (uint16_t)(NLA_HDRLEN + length), .nla_type = attribute};
  memcpy(request.attributes, &attr, sizeof attr);
  memcpy(request.attributes + NLA_HDRLEN, text, length);
  request.generic = (struct genlmsghdr){.cmd = command, .version = 1};
  request.header = (struct nlmsghdr){
      .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(attr.nla_len)),
      .nlmsg_type = family,
      .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
      .nlmsg_seq = 1,
  };
  return send(fd, &request, request.header.nlmsg_len, 0) == (ssize_t)request.header.nlmsg_len;
}

/* The payload of an attribute, or NULL. */
static const uint8_t *find(const uint8_t *bytes, size_t length, uint16_t type, size_t *found) {
  while (length >= NLA_HDRLEN) {
    struct nlattr attr;
    memcpy(&attr, bytes, sizeof attr);
    if (attr.nla_len < NLA_HDRLEN || attr.nla_len > length) return NULL;
    if ((attr.nla_type & NLA_TYPE_MASK) == type) {
      *found = attr.nla_len - NLA_HDRLEN;
      return bytes + NLA_HDRLEN;
    }
    size_t step = NLA_ALIGN(attr.nla_len);
    if (step > length) return NULL;
    bytes += step;
    length -= step;
  }
  return NULL;
}

/* Replies stand in the queue when send() returns: generic netlink answers in the sender's context. */
static uint16_t taskstats_family(int fd) {
  uint8_t reply[4096];
  if (!send_command(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
                    TASKSTATS_GENL_NAME, 0)) {
    return 0;
  }
  ssize_t n = recv(fd, reply, sizeof reply, MSG_DONTWAIT);
  if (n < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN)) return 0;
  size_t length = 0;
  const uint8_t *id = find(reply + NLMSG_HDRLEN + GENL_HDRLEN,
                           (size_t)n - NLMSG_HDRLEN - GENL_HDRLEN, CTRL_ATTR_FAMILY_ID, &length);
  uint16_t family = 0;
  if (id != NULL && length >= sizeof family) memcpy(&family, id, sizeof family);
  return family;
}

static bool register_all_cpus(int fd, uint16_t family) {
  char cpus[256] = {0};
  int file = open("/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t n = read(file, cpus, sizeof cpus - 1);
  close(file);
  if (n <= 0) return false;
  cpus[strcspn(cpus, "\n")] = '\0';
  if (!send_command(fd, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, cpus,
                    NLM_F_ACK)) {
    return false;
  }
  /* An exit record may stand before the acknowledgement. */
  for (;;) {
    union {
      struct nlmsghdr header;
      uint8_t bytes[4096];
    } reply;
    n = recv(fd, &reply, sizeof reply, MSG_DONTWAIT);
    if (n < (ssize_t)(NLMSG_HDRLEN + sizeof(int))) return false;
    if (reply.header.nlmsg_type != NLMSG_ERROR) continue;
    int error;
    memcpy(&error, reply.bytes + NLMSG_HDRLEN, sizeof error);
    return error == 0;
  }
}

void exit_feed_open(struct exit_feed *feed) {
  feed->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC);
  if (feed->fd < 0) return;
  int on = 1, bytes = RECEIVE_BUFFER_BYTES;
  setsockopt(feed->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  setsockopt(feed->fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on);
  struct sockaddr_nl any = {.nl_family = AF_NETLINK};
  uint16_t family = 0;
  if (bind(feed->fd, (struct sockaddr *)&any, sizeof any) == 0) family = taskstats_family(feed->fd);
  if (family == 0 || !register_all_cpus(feed->fd, family)) exit_feed_close(feed);
}

void exit_feed_close(struct exit_feed *feed) {
  if (feed->fd >= 0) close(feed->fd);
  feed->fd = -1;
}

static void remember(struct exit_feed *feed, const uint8_t *bytes, size_t length, uint64_t now_ns) {
  const size_t head = NLMSG_HDRLEN + GENL_HDRLEN;
  if (length < head) return;
  size_t aggregate_length = 0, stats_length = 0;
  const uint8_t *aggregate =
      find(bytes + head, length - head, TASKSTATS_TYPE_AGGR_PID, &aggregate_length);
  if (aggregate == NULL) return;
  const uint8_t *raw = find(aggregate, aggregate_length, TASKSTATS_TYPE_STATS, &stats_length);
  if (raw == NULL || stats_length < offsetof(struct taskstats, ac_gid)) return;
  struct taskstats stats = {0};
  memcpy(&stats, raw, stats_length < sizeof stats ? stats_length : sizeof stats);
#if TASKSTATS_VERSION >= 12
  bool leader = stats.version < VERSION_WITH_TGID || stats.ac_tgid == stats.ac_pid;
#else
  bool leader = true;
#endif
  if (!leader) return;
  struct exit_record *record = &feed->records[feed->next++ % EXIT_RECORDS];
  record->pid = stats.ac_pid;
  record->uid = stats.ac_uid;
  record->seen_ns = now_ns;
  memcpy(record->comm, stats.ac_comm, sizeof record->comm);
  record->comm[sizeof record->comm - 1] = '\0';
}

void exit_feed_drain(struct exit_feed *feed, uint64_t now_ns) {
  /* Aligned for the netlink headers inside. */
  _Alignas(8) uint8_t bytes[4096];
  if (feed->fd < 0) return;
  for (uint32_t i = 0; i < MOST_AT_ONCE; i++) {
    struct sockaddr_nl sender = {0};
    socklen_t length = sizeof sender;
    ssize_t n =
        recvfrom(feed->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&sender, &length);
    if (n <= 0) return;
    if (sender.nl_pid == 0) remember(feed, bytes, (size_t)n, now_ns);
  }
}

const struct exit_record *exit_feed_find(struct exit_feed *feed, uint32_t pid, uint64_t now_ns) {
  exit_feed_drain(feed, now_ns);
  for (uint32_t back = 1; back <= EXIT_RECORDS; back++) {
    const struct exit_record *record = &feed->records[(feed->next - back) % EXIT_RECORDS];
    if (record->seen_ns == 0 || now_ns - record->seen_ns > RECORD_LIFE_NS) return NULL;
    if (record->pid == pid) return record;
  }
  return NULL;
}
