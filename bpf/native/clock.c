#include "clock.h"

#include <time.h>

static int64_t now_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t clock_boot_to_wall_ns(void) {
  int64_t best = INT64_MAX, offset = 0;
  for (int round = 0; round < 5; round++) {
    int64_t before = now_ns(CLOCK_BOOTTIME);
    int64_t wall = now_ns(CLOCK_REALTIME);
    int64_t after = now_ns(CLOCK_BOOTTIME);
    if (after - before >= best) continue;
    best = after - before;
    offset = wall - (before + best / 2);
  }
  return offset;
}

uint32_t clock_ticks_per_second(void) {
  struct timespec tick;
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_nsec <= 0) return 0;
  return (uint32_t)((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec);
}
