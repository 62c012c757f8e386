#include "zone-sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif

enum { QUERY_BUFFER_BYTES = 4 << 20 };
/* No skb has a smaller truesize (net/core/skbuff.c). */
enum { SMALLEST_SKB_BYTES = 512 };

struct opening {
  const struct zone_wish *wish;
  struct zone *zone;
  struct failure *failure;
};

static bool failed(struct failure *failure, const char *syscall) {
  failure->error = errno;
  failure->syscall = syscall;
  return false;
}

/* SO_RCVBUFFORCE needs CAP_NET_ADMIN in the initial user namespace; SO_RCVBUF is capped by rmem_max. */
static void set_receive_buffer(int fd, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
}

static int open_netlink(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return -1;
  struct sockaddr_nl any = {.nl_family = AF_NETLINK};
  if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

static bool enter(const struct zone_wish *wish, struct zone *zone, struct failure *failure) {
  const char *path = wish->path != NULL ? wish->path : "/proc/thread-self/ns/net";
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return failed(failure, "open");
  struct stat stat;
  bool ok = true;
  if (fstat(fd, &stat) != 0) ok = failed(failure, "fstat");
  if (ok && wish->path != NULL && setns(fd, CLONE_NEWNET) != 0) ok = failed(failure, "setns");
  if (ok) zone->inode = stat.st_ino;
  close(fd);
  return ok;
}

static bool open_event_socket(const struct zone_wish *wish, struct zone *zone,
                              struct failure *failure) {
  int on = 1;
  zone->event_fd = open_netlink();
  if (zone->event_fd < 0) return failed(failure, "socket");
  set_receive_buffer(zone->event_fd, (int)wish->receive_buffer_bytes);
  if (setsockopt(zone->event_fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on) != 0) {
    return failed(failure, "setsockopt");
  }
  if (wish->filter != NULL) {
    int error = zone_set_filter(zone, wish->filter, wish->filter_bytes);
    if (error != 0) {
      errno = error;
      return failed(failure, "setsockopt");
    }
  }
  for (uint32_t i = 0; i < wish->group_count; i++) {
    int32_t group = wish->groups[i];
    int done = setsockopt(zone->event_fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
    /* EINVAL: an older kernel has no such group. */
    if (done != 0 && errno != EINVAL) return failed(failure, "setsockopt");
  }
  socklen_t length = sizeof zone->receive_buffer_bytes;
  if (getsockopt(zone->event_fd, SOL_SOCKET, SO_RCVBUF, &zone->receive_buffer_bytes, &length) != 0) {
    return failed(failure, "getsockopt");
  }
  length = sizeof zone->cookie;
  if (getsockopt(zone->event_fd, SOL_SOCKET, SO_NETNS_COOKIE, &zone->cookie, &length) != 0) {
    return failed(failure, "getsockopt");
  }
  return true;
}

static bool open_query_socket(struct zone *zone, struct failure *failure) {
  static const int options[] = {NETLINK_GET_STRICT_CHK, NETLINK_EXT_ACK, NETLINK_CAP_ACK};
  int on = 1;
  zone->query_fd = open_netlink();
  if (zone->query_fd < 0) return failed(failure, "socket");
  set_receive_buffer(zone->query_fd, QUERY_BUFFER_BYTES);
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    if (setsockopt(zone->query_fd, SOL_NETLINK, options[i], &on, sizeof on) != 0) {
      return failed(failure, "setsockopt");
    }
  }
  return true;
}

static void *open_inside(void *argument) {
  struct opening *opening = argument;
  const struct zone_wish *wish = opening->wish;
  struct zone *zone = opening->zone;
  if (enter(wish, zone, opening->failure) && open_event_socket(wish, zone, opening->failure)) {
    open_query_socket(zone, opening->failure);
    if (wish->see_redirects) icmp_open(zone->icmp, zone);
    if (wish->see_processes) {
      zone->table_fd = open("/proc/thread-self/net/netlink", O_RDONLY | O_CLOEXEC);
    }
  }
  return NULL;
}

struct zone *zone_open(const struct zone_wish *wish, struct failure *failure) {
  failure->error = 0;
  struct zone *zone = calloc(1, sizeof *zone);
  if (zone == NULL) {
    errno = ENOMEM;
    failed(failure, "malloc");
    return NULL;
  }
  zone->kind = WATCHED_ZONE;
  zone->event_fd = zone->query_fd = zone->table_fd = -1;
  for (int i = 0; i < ICMP_FAMILIES; i++) zone->icmp[i].fd = -1;
  struct opening opening = {.wish = wish, .zone = zone, .failure = failure};
  /* A thread of its own: setns moves a thread, and this one ends right after. */
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  errno = pthread_create(&thread, NULL, open_inside, &opening);
  if (errno != 0) {
    failed(failure, "pthread_create");
  } else {
    pthread_join(thread, NULL);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failure->error != 0) {
    zone_close(zone);
    return NULL;
  }
  return zone;
}

void zone_close(struct zone *zone) {
  if (zone->event_fd >= 0) close(zone->event_fd);
  if (zone->query_fd >= 0) close(zone->query_fd);
  if (zone->table_fd >= 0) close(zone->table_fd);
  for (int i = 0; i < ICMP_FAMILIES; i++) {
    if (zone->icmp[i].fd >= 0) close(zone->icmp[i].fd);
  }
  for (struct zone_op *op = zone->first_op; op != NULL;) {
    struct zone_op *next = op->next;
    free(op);
    op = next;
  }
  free(zone);
}

int zone_set_filter(const struct zone *zone, const void *filter, size_t filter_bytes) {
  int done;
  if (filter == NULL) {
    int unused = 0;
    done = setsockopt(zone->event_fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    if (done != 0 && errno == ENOENT) return 0;
  } else {
    struct sock_fprog program = {
        .len = (unsigned short)(filter_bytes / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)(uintptr_t)filter,
    };
    done = setsockopt(zone->event_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  }
  return done == 0 ? 0 : errno;
}

uint32_t socket_new_drops(int fd, uint32_t *known) {
  uint32_t meminfo[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof meminfo;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, meminfo, &length) != 0) return 0;
  if (length < (SK_MEMINFO_DROPS + 1) * sizeof *meminfo) return 0;
  uint32_t fresh = meminfo[SK_MEMINFO_DROPS] - *known;
  *known = meminfo[SK_MEMINFO_DROPS];
  return fresh;
}

uint32_t zone_queue_bound(const struct zone *zone) {
  uint32_t meminfo[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof meminfo;
  if (getsockopt(zone->event_fd, SOL_SOCKET, SO_MEMINFO, meminfo, &length) != 0) return UINT32_MAX;
  return meminfo[SK_MEMINFO_RMEM_ALLOC] / SMALLEST_SKB_BYTES + 1;
}
