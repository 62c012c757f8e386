#include "ring-thread.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* More than any ring holds: what comes out of a running program can't go on for ever. */
enum { BATCH_BYTES = 128 * 1024, MOST_BATCHES = 1024 };

struct ring_thread {
  struct ring_options options;
  struct ring_buffer *ring;
  /* Ends a wait of the thread: to stop, or to look into the ring again. */
  int wake_fd;
  pthread_t thread;
  bool joined;

  /* Held while the ring is read; taken before `lock`. */
  pthread_mutex_t reading;
  pthread_mutex_t lock;
  pthread_cond_t taken;
  struct ring_batch *first;
  struct ring_batch *last;
  size_t waiting_bytes;
  bool stopping;
  bool is_ready_told;
  uint64_t malformed;

  /* Of whoever reads. */
  uint8_t *batch;
  size_t batch_room;
  size_t batch_length;
};

/* Called by libbpf per sample. A negative answer ends the reading after this sample. */
static int on_sample(void *context, void *data, size_t length) {
  struct ring_thread *self = context;
  if (length != self->options.record_bytes) {
    __atomic_fetch_add(&self->malformed, 1, __ATOMIC_RELAXED);
    return 0;
  }
  memcpy(self->batch + self->batch_length, data, length);
  self->batch_length += length;
  return self->batch_room - self->batch_length < length ? -ENOBUFS : 0;
}

static void push(struct ring_thread *self, bool may_tell) {
  if (self->batch_length == 0) return;
  struct ring_batch *batch = malloc(sizeof(*batch) + self->batch_length);
  /* The records stay in the buffer, which is read no further into when full; the next turn tries again. */
  if (batch == NULL) return;
  batch->next = NULL;
  batch->length = self->batch_length;
  memcpy(batch->bytes, self->batch, batch->length);
  self->batch_length = 0;
  pthread_mutex_lock(&self->lock);
  if (self->last == NULL) self->first = batch;
  else self->last->next = batch;
  self->last = batch;
  self->waiting_bytes += batch->length;
  bool tell = may_tell && !self->is_ready_told && !self->stopping;
  if (tell) self->is_ready_told = true;
  pthread_mutex_unlock(&self->lock);
  if (tell) self->options.ready(self->options.context);
}

/* Samples read, or -ENOBUFS when the ring may hold more. */
static int read_held_ring(struct ring_thread *self, bool may_tell) {
  if (self->batch_room - self->batch_length < self->options.record_bytes) {
    push(self, may_tell);
    if (self->batch_length != 0) return 0;
  }
  int read = ring_buffer__consume(self->ring);
  push(self, may_tell);
  return read;
}

/* True when the ring may hold more. */
static bool read_ring(struct ring_thread *self) {
  pthread_mutex_lock(&self->reading);
  int read = read_held_ring(self, true);
  pthread_mutex_unlock(&self->reading);
  return read == -ENOBUFS;
}

/* Waits for room; false when it's time to stop. */
static bool wait_for_room(struct ring_thread *self) {
  pthread_mutex_lock(&self->lock);
  while (!self->stopping && self->waiting_bytes >= self->options.waiting_bytes)
    pthread_cond_wait(&self->taken, &self->lock);
  bool go_on = !self->stopping;
  pthread_mutex_unlock(&self->lock);
  return go_on;
}

static void wake(const struct ring_thread *self) {
  uint64_t one = 1;
  ssize_t written = write(self->wake_fd, &one, sizeof(one));
  (void)written;
}

static void wait_for_wake(const struct ring_thread *self, uint32_t us) {
  struct pollfd fd = {.fd = self->wake_fd, .events = POLLIN};
  struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
  ppoll(&fd, 1, &time, NULL);
}

static void *run(void *context) {
  struct ring_thread *self = context;
  pthread_setname_np(pthread_self(), "routetap-bpf");
  struct pollfd fds[] = {{.fd = ring_buffer__epoll_fd(self->ring), .events = POLLIN},
                         {.fd = self->wake_fd, .events = POLLIN}};
  for (bool more = false; wait_for_room(self);) {
    if (!more) {
      if (poll(fds, 2, -1) < 0) continue;
      if (fds[1].revents != 0) {
        uint64_t times;
        ssize_t got = read(self->wake_fd, &times, sizeof(times));
        (void)got;
      } else {
        /* Producers wake us once, at the first event after an empty ring: a moment later there are more. */
        wait_for_wake(self, self->options.coalesce_us);
      }
    }
    more = read_ring(self);
  }
  for (int left = MOST_BATCHES; left > 0 && read_ring(self); left--) continue;
  return NULL;
}

static void release(struct ring_thread *self) {
  if (self->ring != NULL) ring_buffer__free(self->ring);
  if (self->wake_fd >= 0) close(self->wake_fd);
  free(self->batch);
  pthread_mutex_destroy(&self->reading);
  pthread_mutex_destroy(&self->lock);
  pthread_cond_destroy(&self->taken);
  free(self);
}

struct ring_thread *ring_thread_start(const struct ring_options *options) {
  struct ring_thread *self = calloc(1, sizeof(*self));
  if (self == NULL) return NULL;
  self->options = *options;
  pthread_mutex_init(&self->reading, NULL);
  pthread_mutex_init(&self->lock, NULL);
  pthread_cond_init(&self->taken, NULL);
  self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  self->batch_room = options->record_bytes > BATCH_BYTES ? options->record_bytes : BATCH_BYTES;
  self->batch = malloc(self->batch_room);
  self->ring = ring_buffer__new(options->map_fd, on_sample, self, NULL);
  int error = self->wake_fd < 0 || self->ring == NULL || self->batch == NULL ? errno : 0;
  if (error == 0) error = pthread_create(&self->thread, NULL, run, self);
  if (error == 0) return self;
  release(self);
  errno = error;
  return NULL;
}

struct ring_batch *ring_thread_take(struct ring_thread *self) {
  pthread_mutex_lock(&self->lock);
  struct ring_batch *batch = self->first;
  if (batch == NULL) {
    self->is_ready_told = false;
  } else {
    self->first = batch->next;
    if (self->first == NULL) self->last = NULL;
    self->waiting_bytes -= batch->length;
    pthread_cond_signal(&self->taken);
  }
  pthread_mutex_unlock(&self->lock);
  return batch;
}

void ring_thread_drain(struct ring_thread *self) {
  pthread_mutex_lock(&self->reading);
  int read = 1, left = MOST_BATCHES;
  for (; read != 0 && left > 0; left--) {
    read = read_held_ring(self, false);
    /*
     * A producer wakes the thread only when it finds everything before its own event read. So how far we read has to
     * be seen before the last look that finds nothing.
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
  }
  pthread_mutex_unlock(&self->reading);
  if (read != 0 || self->batch_length != 0) wake(self);
}

void ring_thread_stop(struct ring_thread *self) {
  if (self->joined) return;
  pthread_mutex_lock(&self->lock);
  self->stopping = true;
  pthread_cond_signal(&self->taken);
  pthread_mutex_unlock(&self->lock);
  wake(self);
  pthread_join(self->thread, NULL);
  self->joined = true;
}

void ring_thread_destroy(struct ring_thread *self) {
  ring_thread_stop(self);
  for (struct ring_batch *batch; (batch = ring_thread_take(self)) != NULL;) free(batch);
  release(self);
}

uint64_t ring_thread_malformed(struct ring_thread *self) {
  return __atomic_load_n(&self->malformed, __ATOMIC_RELAXED);
}
