/*
 * A thread that empties a ring buffer into batches. It never waits for JavaScript: when the batches waiting to be
 * taken reach their bound it stops reading, the kernel's ring fills, and the programs count what they lose.
 */
#ifndef ROUTETAP_BPF_RING_THREAD_H
#define ROUTETAP_BPF_RING_THREAD_H

#include <stddef.h>
#include <stdint.h>

struct ring_thread;

struct ring_options {
  int map_fd;
  /* Samples of another length are counted as malformed. */
  size_t record_bytes;
  /* Of all batches waiting together, at least. */
  size_t waiting_bytes;
  uint32_t coalesce_us;
  /* Called on the thread after take gave nothing and there is something again. */
  void (*ready)(void *context);
  void *context;
};

struct ring_batch {
  struct ring_batch *next;
  size_t length;
  uint8_t bytes[];
};

/* NULL with errno set. */
struct ring_thread *ring_thread_start(const struct ring_options *options);
/* The oldest batch, to be freed; NULL when none waits. */
struct ring_batch *ring_thread_take(struct ring_thread *thread);
/*
 * Reads, in the calling thread, what the ring holds now, whatever waits already: it can be taken. `ready` is not called
 * for it. An empty ring costs no system call. What a program has reserved but not sent yet ends the reading.
 */
void ring_thread_drain(struct ring_thread *thread);
/* Ends the thread; what the ring holds now can be taken afterwards. Called again it does nothing. */
void ring_thread_stop(struct ring_thread *thread);
/* Stops, and frees batches not taken. */
void ring_thread_destroy(struct ring_thread *thread);
uint64_t ring_thread_malformed(struct ring_thread *thread);

#endif
