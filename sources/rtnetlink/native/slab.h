/* A bounded pool of slabs: the reader writes frames into them, JavaScript takes them whole and gives them back. */
#ifndef ROUTETAP_SLAB_H
#define ROUTETAP_SLAB_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slab {
  uint8_t *bytes;
  size_t used;
  /* Bytes that may be resident. */
  size_t touched;
  uint32_t index;
};

struct slab_pool {
  pthread_mutex_t lock;
  uint8_t *region;
  size_t slab_bytes;
  uint32_t count;
  struct slab *slabs;
  /* Stack, so that the warm slab is used again. */
  struct slab **free;
  uint32_t free_count;
  /* Ring of slabs waiting for JavaScript. */
  struct slab **ready;
  uint32_t ready_first;
  uint32_t ready_count;
  /* The reader waits for a slab. */
  bool starved;
  /* JavaScript was told, and has not yet found the ring empty. */
  bool signalled;
};

/* 0, or an errno. */
int slab_pool_init(struct slab_pool *pool, uint32_t count, size_t slab_bytes);
void slab_pool_destroy(struct slab_pool *pool);

/* A slab with room for `need` bytes, or NULL: then the pool remembers that the reader waits. */
struct slab *slab_for_writing(struct slab_pool *pool, size_t need);
/* Hands a slab to JavaScript; true when JavaScript has to be told. */
bool slab_publish(struct slab_pool *pool, struct slab *slab);
/* The oldest ready slab, or NULL. */
struct slab *slab_take(struct slab_pool *pool);
/* True when the reader waits for it and has to be woken. */
bool slab_give_back(struct slab_pool *pool, struct slab *slab);
/* No slab has come back since slab_for_writing gave none. */
bool slab_awaited(struct slab_pool *pool);
uint32_t slabs_in_use(struct slab_pool *pool);

#endif
