/* The clocks of the kernel. */
#ifndef ROUTETAP_BPF_CLOCK_H
#define ROUTETAP_BPF_CLOCK_H

#include <stdint.h>

/* CLOCK_REALTIME minus CLOCK_BOOTTIME, in ns: the reading least disturbed of a few. */
int64_t clock_boot_to_wall_ns(void);
/* CONFIG_HZ of the kernel: its coarse clocks advance once a tick (hrtimer_get_res, TICK_NSEC). */
uint32_t clock_ticks_per_second(void);

#endif
