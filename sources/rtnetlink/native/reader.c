#include "reader.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "reader-thread.h"

static int start_thread(struct reader *reader) {
  sigset_t all, before;
  /* Signals are for Node's threads. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&reader->thread, NULL, reader_thread, reader);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

struct reader *reader_start(const struct reader_options *options, struct failure *failure) {
  struct reader *reader = calloc(1, sizeof *reader);
  *failure = (struct failure){.error = ENOMEM, .syscall = "malloc"};
  if (reader == NULL) return NULL;
  reader->coalesce_ns = options->coalesce_us * (uint64_t)1000;
  *failure = (struct failure){.error = command_queue_init(&reader->commands), .syscall = "eventfd"};
  reader->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (failure->error == 0 && reader->epoll_fd < 0) {
    *failure = (struct failure){.error = errno, .syscall = "epoll_create1"};
  }
  if (failure->error == 0) {
    *failure = (struct failure){.error = reader_watch(reader, reader->commands.wake_fd, NULL),
                                .syscall = "epoll_ctl"};
  }
  if (failure->error == 0) {
    *failure = (struct failure){.error = intake_init(&reader->intake, options), .syscall = "mmap"};
  }
  if (failure->error == 0) {
    *failure = (struct failure){.error = start_thread(reader), .syscall = "pthread_create"};
  }
  if (failure->error == 0) return reader;
  if (reader->epoll_fd >= 0) close(reader->epoll_fd);
  reader_free(reader);
  return NULL;
}

void reader_stop(struct reader *reader) {
  struct command stop = {.kind = COMMAND_STOP};
  command_post_and_wait(&reader->commands, &stop);
  pthread_join(reader->thread, NULL);
  while (reader->zones != NULL) reader_drop_zone(reader, reader->zones->id);
  for (struct zone_op *op = reader->orphans; op != NULL;) {
    struct zone_op *next = op->next;
    free(op);
    op = next;
  }
  reader->orphans = NULL;
  exit_feed_close(&reader->intake.seen.exits);
  close(reader->epoll_fd);
}

void reader_free(struct reader *reader) {
  intake_destroy(&reader->intake);
  command_queue_destroy(&reader->commands);
  free(reader);
}

int reader_add_zone(struct reader *reader, struct zone *zone) {
  struct command add = {.kind = COMMAND_ADD, .zone = zone};
  return command_post_and_wait(&reader->commands, &add);
}

int reader_remove_zone(struct reader *reader, uint32_t zone) {
  struct command remove = {.kind = COMMAND_REMOVE, .zone_id = zone};
  return command_post_and_wait(&reader->commands, &remove);
}

int reader_set_filter(struct reader *reader, uint32_t zone, const void *filter, size_t bytes) {
  struct command set = {
      .kind = COMMAND_FILTER, .zone_id = zone, .filter = filter, .filter_bytes = bytes};
  return command_post_and_wait(&reader->commands, &set);
}

int reader_ask(struct reader *reader, struct zone_op *op) {
  struct command *command = calloc(1, sizeof *command);
  if (command == NULL) return ENOMEM;
  command->kind = COMMAND_ASK;
  command->op = op;
  command_post(&reader->commands, command);
  return 0;
}

struct slab_pool *reader_slabs(struct reader *reader) { return &reader->intake.slabs; }

void reader_give_back(struct reader *reader, struct slab *slab) {
  if (slab_give_back(&reader->intake.slabs, slab)) command_queue_wake(&reader->commands);
}

struct reader_stats reader_stats(struct reader *reader) {
  struct intake *intake = &reader->intake;
  return (struct reader_stats){
      .received_bytes = atomic_load_explicit(&intake->received_bytes, memory_order_relaxed),
      .received_messages = atomic_load_explicit(&intake->received_messages, memory_order_relaxed),
      .lost_messages = atomic_load_explicit(&intake->lost_messages, memory_order_relaxed),
      .icmp_messages = atomic_load_explicit(&intake->icmp_messages, memory_order_relaxed),
      .icmp_dropped = atomic_load_explicit(&intake->icmp_dropped, memory_order_relaxed),
      .slabs_in_use = slabs_in_use(&intake->slabs),
  };
}
