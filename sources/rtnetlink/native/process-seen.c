#include "process-seen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t LOOKUP_LIFE_NS = 1000000000u;
/* PID_MAX_LIMIT (include/linux/threads.h). */
static const uint32_t LARGEST_PID = 4u << 20;
/* A process with more descriptors is believed by its namespace alone. */
enum { OWNER_CHECK_FDS = 512 };
enum { SOURCE_PROCFS = 1, SOURCE_EXIT_RECORD = 2 };
enum owner { OWNER_YES, OWNER_NO, OWNER_UNKNOWN };

/* Reads a small file whole, NUL-terminated; its length or -1. */
static ssize_t read_small(int dir, const char *name, char *to, size_t room) {
  int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  size_t used = 0;
  while (used + 1 < room) {
    ssize_t n = read(fd, to + used, room - 1 - used);
    if (n <= 0) {
      if (n < 0 && used == 0) used = room;
      break;
    }
    used += (size_t)n;
  }
  close(fd);
  if (used == room) return -1;
  to[used] = '\0';
  return (ssize_t)used;
}

/* The inode of the zone's NETLINK_ROUTE socket bound to the port id, 0 for none. */
static unsigned long socket_inode(const struct zone *zone, uint32_t portid) {
  char chunk[8192];
  size_t kept = 0;
  off_t offset = 0;
  if (zone->table_fd < 0) return 0;
  for (;;) {
    ssize_t n = pread(zone->table_fd, chunk + kept, sizeof chunk - 1 - kept, offset);
    if (n <= 0) return 0;
    offset += n;
    kept += (size_t)n;
    chunk[kept] = '\0';
    char *line = chunk;
    for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
      int protocol;
      uint32_t port;
      unsigned long inode;
      *end = '\0';
      int fields = sscanf(line, "%*s %d %u %*s %*s %*s %*s %*s %*s %lu", &protocol, &port, &inode);
      if (fields != 3) continue;
      /* Rows stand in the order of their protocols, NETLINK_ROUTE is 0. */
      if (protocol != 0) return 0;
      if (port == portid) return inode;
    }
    kept = strlen(line);
    if (kept == sizeof chunk - 1) return 0;
    memmove(chunk, line, kept);
  }
}

static enum owner holds_socket(int dir, unsigned long inode) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
  int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = fd < 0 ? NULL : fdopendir(fd);
  if (list == NULL) {
    if (fd >= 0) close(fd);
    return OWNER_UNKNOWN;
  }
  enum owner owner = OWNER_NO;
  int seen = 0;
  for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    if (++seen > OWNER_CHECK_FDS) {
      owner = OWNER_UNKNOWN;
      break;
    }
    char target[64];
    ssize_t n = readlinkat(dirfd(list), entry->d_name, target, sizeof target - 1);
    if (n < 0) {
      /* Closed meanwhile, as by a process that exits. */
      owner = OWNER_UNKNOWN;
      continue;
    }
    target[n] = '\0';
    if (strcmp(target, wanted) == 0) {
      owner = OWNER_YES;
      break;
    }
  }
  closedir(list);
  /* An exiting process has let go of all of them at once. */
  return seen == 0 ? OWNER_UNKNOWN : owner;
}

/* Port ids of other pid namespaces look like pids of ours: only the socket's holder is believed. */
static enum owner owner_of(const struct zone *zone, int dir, uint32_t portid) {
  unsigned long inode = socket_inode(zone, portid);
  if (inode == 0) return OWNER_UNKNOWN;
  enum owner owner = holds_socket(dir, inode);
  /* It may have been closed between the two looks. */
  if (owner == OWNER_NO && socket_inode(zone, portid) != inode) return OWNER_UNKNOWN;
  return owner;
}

/* The path of the unified hierarchy, else of systemd's own. */
static const char *cgroup_path(char *text) {
  const char *found = "";
  for (char *line = text; line != NULL && *line != '\0';) {
    char *end = strchr(line, '\n');
    if (end != NULL) *end = '\0';
    char *path = strchr(line, '/');
    if (path != NULL && strncmp(line, "0::", 3) == 0) return path;
    if (path != NULL && strstr(line, ":name=systemd:") != NULL) found = path;
    line = end == NULL ? NULL : end + 1;
  }
  return found;
}

static uint8_t *put_u32(uint8_t *to, uint32_t value) {
  value = htole32(value);
  memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

static uint8_t *put_text(uint8_t *to, const char *text, size_t room) {
  size_t length = strlen(text);
  if (length > room - 1) length = room - 1;
  memcpy(to, text, length);
  to[length] = '\0';
  return to + length + 1;
}

static size_t payload_of(uint8_t *payload, uint32_t pid, uint32_t uid, uint32_t source,
                         const char *comm, const char *exe, const char *cgroup) {
  uint8_t *to = put_u32(put_u32(put_u32(payload, pid), uid), source);
  to = put_text(to, comm, 64);
  to = put_text(to, exe, 4096);
  return (size_t)(put_text(to, cgroup, 4096) - payload);
}

static size_t from_exit_record(struct process_seen *seen, uint32_t portid, uint64_t now_ns,
                               const char *exe, const char *cgroup, uint8_t *payload) {
  const struct exit_record *record = exit_feed_find(&seen->exits, portid, now_ns);
  if (record == NULL) return 0;
  return payload_of(payload, portid, record->uid, SOURCE_EXIT_RECORD, record->comm, exe, cgroup);
}

static size_t look_up(struct process_seen *seen, const struct zone *zone, uint32_t portid,
                      uint64_t now_ns, uint8_t *payload) {
  char name[32], comm[64], exe[4096], cgroup[4096];
  struct stat process, net;
  snprintf(name, sizeof name, "/proc/%u", portid);
  int dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return from_exit_record(seen, portid, now_ns, "", "", payload);
  /* The most fleeting first. */
  ssize_t exe_length = readlinkat(dir, "exe", exe, sizeof exe - 1);
  exe[exe_length < 0 ? 0 : exe_length] = '\0';
  bool net_known = fstatat(dir, "ns/net", &net, 0) == 0;
  enum owner owner = owner_of(zone, dir, portid);
  ssize_t comm_length = read_small(dir, "comm", comm, sizeof comm);
  bool alive = fstat(dir, &process) == 0 && comm_length > 0;
  if (read_small(dir, "cgroup", cgroup, sizeof cgroup) < 0) cgroup[0] = '\0';
  close(dir);
  const char *path = cgroup_path(cgroup);
  bool same_net = net_known && net.st_ino == zone->inode;
  if (owner == OWNER_NO) return 0;
  if (owner == OWNER_UNKNOWN && net_known && !same_net) return 0;
  if (alive && (owner == OWNER_YES || same_net)) {
    if (comm[comm_length - 1] == '\n') comm[comm_length - 1] = '\0';
    return payload_of(payload, portid, process.st_uid, SOURCE_PROCFS, comm, exe, path);
  }
  return from_exit_record(seen, portid, now_ns, same_net ? exe : "", same_net ? path : "", payload);
}

size_t process_seen(struct process_seen *seen, const struct zone *zone, uint32_t portid,
                    uint64_t now_ns, uint8_t payload[PROCESS_PAYLOAD_BYTES]) {
  if (portid == 0 || portid > LARGEST_PID) return 0;
  uint32_t hash = (portid * 2654435761u) ^ (zone->id * 2246822519u);
  struct seen_port *set = seen->ports[(hash >> 16) % SEEN_SETS];
  struct seen_port *oldest = set;
  for (int way = 0; way < SEEN_WAYS; way++) {
    struct seen_port *port = &set[way];
    if (port->portid == portid && port->zone == zone->id) {
      if (now_ns < port->until_ns) return 0;
      oldest = port;
      break;
    }
    if (port->until_ns < oldest->until_ns) oldest = port;
  }
  *oldest = (struct seen_port){
      .zone = zone->id, .portid = portid, .until_ns = now_ns + LOOKUP_LIFE_NS};
  return look_up(seen, zone, portid, now_ns, payload);
}

void process_forget_zone(struct process_seen *seen, uint32_t zone) {
  for (int set = 0; set < SEEN_SETS; set++) {
    for (int way = 0; way < SEEN_WAYS; way++) {
      struct seen_port *port = &seen->ports[set][way];
      if (port->zone == zone) *port = (struct seen_port){0};
    }
  }
}
