/* Exit records (taskstats): who had a pid that is gone already. */
#ifndef ROUTETAP_EXIT_FEED_H
#define ROUTETAP_EXIT_FEED_H

#include <stdbool.h>
#include <stdint.h>

enum { EXIT_RECORDS = 2048, EXIT_COMM_BYTES = 32 };

struct exit_record {
  uint32_t pid;
  uint32_t uid;
  uint64_t seen_ns;
  char comm[EXIT_COMM_BYTES];
};

struct exit_feed {
  /* -1: not permitted or not built into the kernel. */
  int fd;
  uint32_t next;
  struct exit_record records[EXIT_RECORDS];
};

/* Needs CAP_NET_ADMIN in the initial user, pid and network namespaces; goes without silently. */
void exit_feed_open(struct exit_feed *feed);
void exit_feed_close(struct exit_feed *feed);
/* Reads what is queued. */
void exit_feed_drain(struct exit_feed *feed, uint64_t now_ns);
/* The last process with this pid that exited within the last seconds, or NULL. Drains first. */
const struct exit_record *exit_feed_find(struct exit_feed *feed, uint32_t pid, uint64_t now_ns);

#endif
