/* The reader from inside: what its thread owns. */
#ifndef ROUTETAP_READER_THREAD_H
#define ROUTETAP_READER_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "intake.h"
#include "zone-sockets.h"

struct reader {
  pthread_t thread;
  int epoll_fd;
  struct command_queue commands;
  uint64_t coalesce_ns;
  struct intake intake;
  struct zone *zones;
  /* For zones that do not exist. */
  struct zone_op *orphans;
  /* Exit records: not polled again before this, so that a busy machine doesn't wake the thread at each exit. */
  uint64_t exits_rest_until_ns;
  bool stopping;
  /* A socket was not read empty in this turn. */
  bool more;
};

/* The thread; runs until COMMAND_STOP. */
void *reader_thread(void *reader);
/* Has epoll report `fd` as `what`; NULL is the wake-up descriptor. 0 or an errno. */
int reader_watch(struct reader *reader, int fd, void *what);
/* Closes a zone's sockets. ENODEV: no such zone. */
int reader_drop_zone(struct reader *reader, uint32_t id);

#endif
