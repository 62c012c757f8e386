/*
 * lookup-flood COUNT ADDRESS: that many datagrams of one byte, each to the next of 4096 addresses from this one on, each
 * a route lookup of its own (the socket is not connected). Prints sent, failed, the seconds it took and those of its CPU
 * time, in which what others do meanwhile does not count.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 9
#define ADDRESSES 4096

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "lookup-flood: expected COUNT ADDRESS\n");
    return 2;
  }
  long count = atol(argv[1]);
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
  int is_v6 = strchr(argv[2], ':') != NULL;
  int family = is_v6 ? AF_INET6 : AF_INET;
  void *address = is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr;
  if (inet_pton(family, argv[2], address) != 1) {
    fprintf(stderr, "lookup-flood: expected an address, got %s\n", argv[2]);
    return 2;
  }
  const struct sockaddr *to = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
  socklen_t length = is_v6 ? sizeof(v6) : sizeof(v4);
  /* The last four bytes of either address. */
  unsigned char *tail = (unsigned char *)address + (is_v6 ? 12 : 0);
  unsigned first;
  memcpy(&first, tail, sizeof(first));
  int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    perror("lookup-flood: socket");
    return 1;
  }
  double begun = seconds(CLOCK_MONOTONIC), worked = seconds(CLOCK_PROCESS_CPUTIME_ID);
  long sent = 0;
  for (long n = 0; n < count; n++) {
    unsigned next = htonl(ntohl(first) + (unsigned)(n % ADDRESSES));
    memcpy(tail, &next, sizeof(next));
    if (sendto(fd, "x", 1, 0, to, length) == 1) sent++;
  }
  printf("%ld %ld %.6f %.6f\n", sent, count - sent, seconds(CLOCK_MONOTONIC) - begun,
         seconds(CLOCK_PROCESS_CPUTIME_ID) - worked);
  close(fd);
  return 0;
}
