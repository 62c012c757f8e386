/* Who is behind a netlink port id, looked up the moment its first message arrives. */
#ifndef ROUTETAP_PROCESS_SEEN_H
#define ROUTETAP_PROCESS_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exit-feed.h"
#include "zone-sockets.h"

/* u32 pid, u32 uid, u32 source; comm, exe, cgroup. */
enum { PROCESS_PAYLOAD_BYTES = 12 + 64 + 2 * 4096 };
enum { SEEN_SETS = 128, SEEN_WAYS = 4 };

struct seen_port {
  uint32_t zone;
  uint32_t portid;
  uint64_t until_ns;
};

struct process_seen {
  struct seen_port ports[SEEN_SETS][SEEN_WAYS];
  struct exit_feed exits;
};

/*
 * The payload of a PROCESS frame for a port id not looked up within the last second; its length, or 0
 * when it was, or when no process can be told.
 */
size_t process_seen(struct process_seen *seen, const struct zone *zone, uint32_t portid,
                    uint64_t now_ns, uint8_t payload[PROCESS_PAYLOAD_BYTES]);
/* A zone is gone; its number may be used again. */
void process_forget_zone(struct process_seen *seen, uint32_t zone);

#endif
