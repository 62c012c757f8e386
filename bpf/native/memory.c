#include "memory.h"

#include <malloc.h>

enum {
  KEPT_BYTES = 512 << 20,
  /* The greatest the C library takes for blocks of its heap (HEAP_MAX_SIZE / 2). */
  KEPT_BLOCK_BYTES = 32 << 20,
  /* As glibc sets them by itself once a block of 4 MiB was freed. */
  BLOCK_BYTES = 4 << 20,
  TRIM_BYTES = 2 * BLOCK_BYTES,
};

void memory_keep(bool keep) {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, keep ? KEPT_BLOCK_BYTES : BLOCK_BYTES);
  mallopt(M_TRIM_THRESHOLD, keep ? KEPT_BYTES : TRIM_BYTES);
  if (!keep) malloc_trim(0);
#else
  (void)keep;
#endif
}
