/*
 * send-flood COUNT ADDRESS PORT: that many datagrams of one byte, each a route lookup of its own (the socket is not
 * connected). Prints sent, failed and the seconds it took.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "send-flood: expected COUNT ADDRESS PORT\n");
    return 2;
  }
  long count = atol(argv[1]);
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(argv[3]))};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((in_port_t)atoi(argv[3]))};
  int is_v6 = strchr(argv[2], ':') != NULL;
  int family = is_v6 ? AF_INET6 : AF_INET;
  void *address = is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr;
  if (inet_pton(family, argv[2], address) != 1) {
    fprintf(stderr, "send-flood: expected an address, got %s\n", argv[2]);
    return 2;
  }
  const struct sockaddr *to = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
  socklen_t length = is_v6 ? sizeof(v6) : sizeof(v4);
  int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    perror("send-flood: socket");
    return 1;
  }
  struct timespec begun, done;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  long sent = 0;
  for (long n = 0; n < count; n++)
    if (sendto(fd, "x", 1, 0, to, length) == 1) sent++;
  clock_gettime(CLOCK_MONOTONIC, &done);
  printf("%ld %ld %.6f\n", sent, count - sent,
         (double)(done.tv_sec - begun.tv_sec) + (double)(done.tv_nsec - begun.tv_nsec) / 1e9);
  close(fd);
  return 0;
}
