/* What other threads ask of the reader's thread. */
#ifndef ROUTETAP_COMMAND_H
#define ROUTETAP_COMMAND_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zone-sockets.h"

enum command_kind { COMMAND_STOP, COMMAND_ADD, COMMAND_REMOVE, COMMAND_FILTER, COMMAND_ASK };

struct command {
  struct command *next;
  enum command_kind kind;
  uint32_t zone_id;
  struct zone *zone;
  const void *filter;
  size_t filter_bytes;
  struct zone_op *op;
  /* The caller waits, and owns the memory. */
  bool awaited;
  bool done;
  int error;
};

struct command_queue {
  pthread_mutex_t lock;
  pthread_cond_t done;
  struct command *first;
  struct command *last;
  /* An eventfd, readable while something waits. */
  int wake_fd;
};

/* 0 or the errno of eventfd. */
int command_queue_init(struct command_queue *queue);
void command_queue_destroy(struct command_queue *queue);
/* Makes the eventfd readable. */
void command_queue_wake(struct command_queue *queue);

/* The command has to come from malloc; command_finish frees it. */
void command_post(struct command_queue *queue, struct command *command);
/* Returns what the reader's thread gave command_finish. */
int command_post_and_wait(struct command_queue *queue, struct command *command);
/* Everything posted, oldest first; the eventfd is read empty. */
struct command *command_take_all(struct command_queue *queue);
void command_finish(struct command_queue *queue, struct command *command, int error);

#endif
