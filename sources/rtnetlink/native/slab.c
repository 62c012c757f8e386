#include "slab.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Free slabs may keep this much memory resident between bursts. */
static const size_t RESIDENT_BYTES = 4u << 20;
static const size_t COLD_BYTES = 64u << 10;

int slab_pool_init(struct slab_pool *pool, uint32_t count, size_t slab_bytes) {
  pool->count = count;
  pool->slab_bytes = slab_bytes;
  pool->slabs = calloc(count, sizeof *pool->slabs);
  pool->free = calloc(count, sizeof *pool->free);
  pool->ready = calloc(count, sizeof *pool->ready);
  pool->region = mmap(NULL, count * slab_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pool->region == MAP_FAILED) pool->region = NULL;
  if (pool->slabs == NULL || pool->free == NULL || pool->ready == NULL || pool->region == NULL) {
    slab_pool_destroy(pool);
    return ENOMEM;
  }
  /* A huge page would make a slab with one message 2 MiB resident. */
  madvise(pool->region, count * slab_bytes, MADV_NOHUGEPAGE);
  pthread_mutex_init(&pool->lock, NULL);
  for (uint32_t i = 0; i < count; i++) {
    struct slab *slab = &pool->slabs[i];
    slab->index = i;
    slab->bytes = pool->region + i * slab_bytes;
    pool->free[count - 1 - i] = slab;
  }
  pool->free_count = count;
  return 0;
}

void slab_pool_destroy(struct slab_pool *pool) {
  if (pool->region != NULL) munmap(pool->region, pool->count * pool->slab_bytes);
  free(pool->slabs);
  free(pool->free);
  free(pool->ready);
  pool->region = NULL;
  pool->slabs = NULL;
  pool->free = NULL;
  pool->ready = NULL;
}

static struct slab *last_ready(struct slab_pool *pool) {
  return pool->ready[(pool->ready_first + pool->ready_count - 1) % pool->count];
}

struct slab *slab_for_writing(struct slab_pool *pool, size_t need) {
  struct slab *slab = NULL;
  pthread_mutex_lock(&pool->lock);
  /* JavaScript lags: fill up what it has not taken yet, or small slabs would use the pool up. */
  bool lagging = pool->free_count * 2 < pool->count && pool->ready_count > 0;
  if (lagging && last_ready(pool)->used + need <= pool->slab_bytes) {
    slab = last_ready(pool);
    pool->ready_count--;
  } else if (pool->free_count > 0) {
    slab = pool->free[--pool->free_count];
    slab->used = 0;
  }
  pool->starved = slab == NULL;
  pthread_mutex_unlock(&pool->lock);
  return slab;
}

bool slab_publish(struct slab_pool *pool, struct slab *slab) {
  pthread_mutex_lock(&pool->lock);
  if (slab->used > slab->touched) slab->touched = slab->used;
  pool->ready[(pool->ready_first + pool->ready_count) % pool->count] = slab;
  pool->ready_count++;
  bool tell = !pool->signalled;
  pool->signalled = true;
  pthread_mutex_unlock(&pool->lock);
  return tell;
}

struct slab *slab_take(struct slab_pool *pool) {
  struct slab *slab = NULL;
  pthread_mutex_lock(&pool->lock);
  if (pool->ready_count > 0) {
    slab = pool->ready[pool->ready_first];
    pool->ready_first = (pool->ready_first + 1) % pool->count;
    pool->ready_count--;
  } else {
    pool->signalled = false;
  }
  pthread_mutex_unlock(&pool->lock);
  return slab;
}

/* After a burst the kernel gets the pages of free slabs back; the warm one on top of the stack stays. */
static void cool_down(struct slab_pool *pool) {
  size_t resident = 0;
  for (uint32_t i = 0; i < pool->free_count; i++) resident += pool->free[i]->touched;
  if (resident <= RESIDENT_BYTES) return;
  for (uint32_t i = 0; i + 1 < pool->free_count; i++) {
    struct slab *slab = pool->free[i];
    if (slab->touched < COLD_BYTES) continue;
    madvise(slab->bytes, pool->slab_bytes, MADV_DONTNEED);
    slab->touched = 0;
  }
}

bool slab_give_back(struct slab_pool *pool, struct slab *slab) {
  pthread_mutex_lock(&pool->lock);
  pool->free[pool->free_count++] = slab;
  bool wake = pool->starved;
  pool->starved = false;
  if (!wake && pool->ready_count == 0 && pool->free_count + 1 >= pool->count) cool_down(pool);
  pthread_mutex_unlock(&pool->lock);
  return wake;
}

bool slab_awaited(struct slab_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  bool awaited = pool->starved;
  pthread_mutex_unlock(&pool->lock);
  return awaited;
}

uint32_t slabs_in_use(struct slab_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  uint32_t in_use = pool->count - pool->free_count;
  pthread_mutex_unlock(&pool->lock);
  return in_use;
}
