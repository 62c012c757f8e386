/* The layout of frames, as core/frame.ts has it: little-endian, each padded to 8 bytes. */
#ifndef ROUTETAP_FRAME_H
#define ROUTETAP_FRAME_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum frame_kind {
  FRAME_DATAGRAM = 1,
  FRAME_REPLY = 2,
  FRAME_LOSS = 3,
  FRAME_BARRIER = 4,
  FRAME_PROCESS = 7,
  FRAME_QUERY_FAILED = 10,
  FRAME_ICMP = 14,
};

enum { FRAME_TRUNCATED = 1 };

struct frame_header {
  uint32_t length;
  uint16_t kind;
  uint16_t flags;
  uint32_t zone;
  uint32_t value;
  uint64_t time_ns;
  uint32_t portid;
  uint32_t extra;
};

_Static_assert(sizeof(struct frame_header) == 32, "frame header is 32 bytes");

static inline size_t frame_bytes(size_t payload) {
  return sizeof(struct frame_header) + ((payload + 7) & ~(size_t)7);
}

/* Writes header (fields in host order, `length` set here) and payload; returns the bytes taken. */
static inline size_t frame_write(uint8_t *to, struct frame_header header, const void *payload,
                                 size_t length) {
  size_t whole = frame_bytes(length);
  header.length = htole32((uint32_t)length);
  header.kind = htole16(header.kind);
  header.flags = htole16(header.flags);
  header.zone = htole32(header.zone);
  header.value = htole32(header.value);
  header.time_ns = htole64(header.time_ns);
  header.portid = htole32(header.portid);
  header.extra = htole32(header.extra);
  memcpy(to, &header, sizeof header);
  if (length > 0) memcpy(to + sizeof header, payload, length);
  memset(to + sizeof header + length, 0, whole - sizeof header - length);
  return whole;
}

#endif
