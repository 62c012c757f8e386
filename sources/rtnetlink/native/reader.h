/* One thread reading the sockets of all zones into slabs. */
#ifndef ROUTETAP_READER_H
#define ROUTETAP_READER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slab.h"
#include "zone-sockets.h"

struct reader;

/* Any single frame fits. */
enum { SMALLEST_SLAB_BYTES = 128 << 10 };

struct reader_options {
  uint32_t slabs;
  uint32_t slab_bytes;
  uint32_t coalesce_us;
  bool see_processes;
  /* Called on the reader's thread when a slab is ready. */
  void (*ready)(void *context);
  void *context;
};

struct reader_stats {
  uint64_t received_bytes;
  uint64_t received_messages;
  uint64_t lost_messages;
  uint64_t icmp_messages;
  uint64_t icmp_dropped;
  uint32_t slabs_in_use;
};

struct reader *reader_start(const struct reader_options *options, struct failure *failure);
/* Ends the thread and closes every socket; the slabs stay until reader_free. */
void reader_stop(struct reader *reader);
void reader_free(struct reader *reader);

/* These wait for the thread; 0 or an errno. EEXIST, ENODEV: the zone's number is taken, or unknown. */
int reader_add_zone(struct reader *reader, struct zone *zone);
int reader_remove_zone(struct reader *reader, uint32_t zone);
int reader_set_filter(struct reader *reader, uint32_t zone, const void *filter, size_t bytes);

/* Frees the operation when done. 0, or ENOMEM: then the operation is still the caller's. */
int reader_ask(struct reader *reader, struct zone_op *op);

struct slab_pool *reader_slabs(struct reader *reader);
void reader_give_back(struct reader *reader, struct slab *slab);
struct reader_stats reader_stats(struct reader *reader);

#endif
