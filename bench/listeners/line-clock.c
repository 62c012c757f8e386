/*
 * Reads lines from a listener's pipe and writes the CLOCK_REALTIME nanoseconds at which each line with
 * WORD in it arrived, one u64 per line, to FILE when the pipe ends.
 *
 *   line-clock WORD FILE
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROOM (1 << 20)

int main(int argc, char **argv)
{
	static char room[ROOM];
	size_t held = 0, lines = 0, limit = 1 << 16;
	uint64_t *times = malloc(limit * sizeof(*times));
	ssize_t got;

	if (argc != 3 || !times)
		return 2;
	while ((got = read(0, room + held, ROOM - held)) > 0) {
		struct timespec ts;
		char *start = room, *end;

		clock_gettime(CLOCK_REALTIME, &ts);
		held += got;
		while ((end = memchr(start, '\n', room + held - start))) {
			if (memmem(start, end - start, argv[1], strlen(argv[1]))) {
				if (lines == limit)
					times = realloc(times, (limit *= 2) * sizeof(*times));
				if (!times)
					return 1;
				times[lines++] = (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
			}
			start = end + 1;
		}
		held -= start - room;
		memmove(room, start, held);
		if (held == ROOM)
			held = 0;
	}
	FILE *out = fopen(argv[2], "w");

	if (!out || fwrite(times, sizeof(*times), lines, out) != lines || fclose(out))
		return 1;
	return 0;
}
