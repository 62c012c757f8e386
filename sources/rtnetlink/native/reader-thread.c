#include "reader-thread.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

enum { EVENTS_PER_WAIT = 64, BATCHES_PER_TURN = 16 };
static const uint64_t EXITS_REST_NS = 500000000u;

static uint64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct zone *find_zone(struct reader *reader, uint32_t id) {
  for (struct zone *zone = reader->zones; zone != NULL; zone = zone->next) {
    if (zone->id == id) return zone;
  }
  return NULL;
}

int reader_watch(struct reader *reader, int fd, void *what) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
  return epoll_ctl(reader->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

static int add_zone(struct reader *reader, struct zone *zone) {
  if (find_zone(reader, zone->id) != NULL) return EEXIST;
  int error = reader_watch(reader, zone->event_fd, zone);
  for (int i = 0; i < ICMP_FAMILIES && error == 0; i++) {
    if (zone->icmp[i].fd >= 0) error = reader_watch(reader, zone->icmp[i].fd, &zone->icmp[i]);
  }
  if (error != 0) return error;
  zone->next = reader->zones;
  reader->zones = zone;
  return 0;
}

static void orphan(struct reader *reader, struct zone_op *op) {
  op->next = NULL;
  struct zone_op **end = &reader->orphans;
  while (*end != NULL) end = &(*end)->next;
  *end = op;
}

int reader_drop_zone(struct reader *reader, uint32_t id) {
  struct zone **link = &reader->zones;
  while (*link != NULL && (*link)->id != id) link = &(*link)->next;
  struct zone *zone = *link;
  if (zone == NULL) return ENODEV;
  *link = zone->next;
  intake_forget_zone(&reader->intake, zone);
  for (struct zone_op *op = zone->first_op; op != NULL;) {
    struct zone_op *next = op->next;
    orphan(reader, op);
    op = next;
  }
  zone->first_op = NULL;
  zone_close(zone);
  return 0;
}

static void ask(struct reader *reader, struct zone_op *op) {
  struct zone *zone = find_zone(reader, op->zone);
  if (zone == NULL) {
    orphan(reader, op);
    return;
  }
  if (zone->first_op == NULL) zone->first_op = op;
  else zone->last_op->next = op;
  zone->last_op = op;
}

static int obey(struct reader *reader, struct command *command) {
  switch (command->kind) {
    case COMMAND_STOP:
      reader->stopping = true;
      return 0;
    case COMMAND_ADD:
      return add_zone(reader, command->zone);
    case COMMAND_REMOVE:
      return reader_drop_zone(reader, command->zone_id);
    case COMMAND_FILTER: {
      struct zone *zone = find_zone(reader, command->zone_id);
      return zone == NULL ? ENODEV
                          : zone_set_filter(zone, command->filter, command->filter_bytes);
    }
    case COMMAND_ASK:
      ask(reader, command->op);
      return 0;
  }
  return EINVAL;
}

static void obey_all(struct reader *reader) {
  for (struct command *command = command_take_all(&reader->commands); command != NULL;) {
    struct command *next = command->next;
    command_finish(&reader->commands, command, obey(reader, command));
    command = next;
  }
}

/* One step of the zone's first operation; false when the slabs ran out. */
static bool step(struct reader *reader, struct zone *zone) {
  struct zone_op *op = zone->first_op;
  enum progress progress = op->is_query ? intake_query(&reader->intake, zone, op)
                                        : intake_barrier(&reader->intake, zone, op);
  if (progress == PROGRESS_STARVED) return false;
  if (progress == PROGRESS_DONE) {
    zone->first_op = op->next;
    free(op);
  }
  return true;
}

static bool step_all(struct reader *reader) {
  while (reader->orphans != NULL) {
    struct zone_op *op = reader->orphans;
    if (!intake_query_failed(&reader->intake, op->zone, op->token, ENODEV)) return false;
    reader->orphans = op->next;
    free(op);
  }
  for (struct zone *zone = reader->zones; zone != NULL; zone = zone->next) {
    if (zone->first_op != NULL && !step(reader, zone)) return false;
  }
  return true;
}

static bool work_waits(const struct reader *reader) {
  if (reader->orphans != NULL) return true;
  for (struct zone *zone = reader->zones; zone != NULL; zone = zone->next) {
    if (zone->first_op != NULL) return true;
  }
  return false;
}

/* Milliseconds epoll may sleep; -1 without limit: idle means no timer at all. */
static int patience_ms(struct reader *reader, uint64_t now) {
  uint64_t due = UINT64_MAX;
  if (work_waits(reader)) return 0;
  if (intake_unpublished(&reader->intake)) due = reader->intake.published_ns + reader->coalesce_ns;
  if (reader->exits_rest_until_ns != 0 && reader->exits_rest_until_ns < due) {
    due = reader->exits_rest_until_ns;
  }
  if (due == UINT64_MAX) return -1;
  return due <= now ? 0 : (int)((due - now + 999999) / 1000000);
}

static void exits_seen(struct reader *reader, uint64_t now) {
  struct exit_feed *exits = &reader->intake.seen.exits;
  exit_feed_drain(exits, now);
  epoll_ctl(reader->epoll_fd, EPOLL_CTL_DEL, exits->fd, NULL);
  reader->exits_rest_until_ns = now + EXITS_REST_NS;
}

static void watch_exits_again(struct reader *reader, uint64_t now) {
  struct exit_feed *exits = &reader->intake.seen.exits;
  if (reader->exits_rest_until_ns == 0 || now < reader->exits_rest_until_ns) return;
  reader->exits_rest_until_ns = 0;
  exit_feed_drain(exits, now);
  reader_watch(reader, exits->fd, exits);
}

/* Sleeps on the wake-up descriptor alone; `ns` 0 means without limit. */
static void sleep_until_woken(struct reader *reader, uint64_t ns) {
  struct pollfd wake = {.fd = reader->commands.wake_fd, .events = POLLIN};
  struct timespec limit = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
  ppoll(&wake, 1, ns == 0 ? NULL : &limit, NULL);
}

/* Reads what is ready; false when the slabs ran out. */
static bool read_ready(struct reader *reader, const struct epoll_event *events, int count) {
  if (!intake_flush(&reader->intake)) return false;
  for (int i = 0; i < count; i++) {
    void *what = events[i].data.ptr;
    if (what == NULL || what == &reader->intake.seen.exits) continue;
    enum drain drain = *(enum watched *)what == WATCHED_ICMP
                           ? intake_icmp(&reader->intake, what)
                           : intake_events(&reader->intake, what, BATCHES_PER_TURN);
    if (drain == DRAIN_STARVED) return false;
    if (drain == DRAIN_MORE) reader->more = true;
  }
  return step_all(reader);
}

void *reader_thread(void *argument) {
  struct reader *reader = argument;
  struct intake *intake = &reader->intake;
  struct exit_feed *exits = &intake->seen.exits;
  struct epoll_event events[EVENTS_PER_WAIT];
  pthread_setname_np(pthread_self(), "rtnetlink");
  if (intake->see_processes) exit_feed_open(exits);
  if (exits->fd >= 0) reader_watch(reader, exits->fd, exits);
  bool fed = true;
  while (!reader->stopping) {
    int count = 0;
    if (fed) {
      count = epoll_wait(reader->epoll_fd, events, EVENTS_PER_WAIT,
                         patience_ms(reader, monotonic_ns()));
    } else if (slab_awaited(&intake->slabs)) {
      /* No slab: leave everything in the kernel, which counts what doesn't fit. */
      sleep_until_woken(reader, 0);
    }
    reader->more = false;
    fed = read_ready(reader, events, count < 0 ? 0 : count);
    uint64_t now = monotonic_ns();
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == exits) exits_seen(reader, now);
    }
    watch_exits_again(reader, now);
    intake_publish_due(intake, now, reader->coalesce_ns);
    obey_all(reader);
    bool pace = intake_is_busy(intake, now) && fed && !reader->more && !work_waits(reader);
    if (pace && reader->coalesce_ns > 0 && !reader->stopping) {
      sleep_until_woken(reader, reader->coalesce_ns);
    }
  }
  return NULL;
}
