#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

int command_queue_init(struct command_queue *queue) {
  pthread_mutex_init(&queue->lock, NULL);
  pthread_cond_init(&queue->done, NULL);
  queue->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return queue->wake_fd < 0 ? errno : 0;
}

void command_queue_destroy(struct command_queue *queue) {
  if (queue->wake_fd >= 0) close(queue->wake_fd);
  queue->wake_fd = -1;
  pthread_mutex_destroy(&queue->lock);
  pthread_cond_destroy(&queue->done);
}

void command_queue_wake(struct command_queue *queue) {
  uint64_t one = 1;
  while (write(queue->wake_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

void command_post(struct command_queue *queue, struct command *command) {
  pthread_mutex_lock(&queue->lock);
  if (queue->first == NULL) queue->first = command;
  else queue->last->next = command;
  queue->last = command;
  pthread_mutex_unlock(&queue->lock);
  command_queue_wake(queue);
}

int command_post_and_wait(struct command_queue *queue, struct command *command) {
  command->awaited = true;
  command_post(queue, command);
  pthread_mutex_lock(&queue->lock);
  while (!command->done) pthread_cond_wait(&queue->done, &queue->lock);
  pthread_mutex_unlock(&queue->lock);
  return command->error;
}

struct command *command_take_all(struct command_queue *queue) {
  uint64_t count;
  while (read(queue->wake_fd, &count, sizeof count) < 0 && errno == EINTR) continue;
  pthread_mutex_lock(&queue->lock);
  struct command *first = queue->first;
  queue->first = queue->last = NULL;
  pthread_mutex_unlock(&queue->lock);
  return first;
}

void command_finish(struct command_queue *queue, struct command *command, int error) {
  if (!command->awaited) {
    free(command);
    return;
  }
  pthread_mutex_lock(&queue->lock);
  command->error = error;
  command->done = true;
  pthread_cond_broadcast(&queue->done);
  pthread_mutex_unlock(&queue->lock);
}
