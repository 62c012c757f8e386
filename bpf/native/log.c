#include "log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_BYTES = 64 * 1024 };

static _Thread_local struct {
  char text[LOG_BYTES];
  size_t length;
} *kept;

static void keep(const char *text, size_t length) {
  if (length >= LOG_BYTES) {
    text += length - (LOG_BYTES - 1);
    length = LOG_BYTES - 1;
  }
  size_t room = LOG_BYTES - 1 - kept->length;
  if (length > room) {
    size_t gone = length - room;
    memmove(kept->text, kept->text + gone, kept->length - gone);
    kept->length -= gone;
  }
  memcpy(kept->text + kept->length, text, length);
  kept->length += length;
  kept->text[kept->length] = 0;
}

static int print(enum libbpf_print_level level, const char *format, va_list arguments) {
  if (level == LIBBPF_DEBUG || kept == NULL) return 0;
  char *text = NULL;
  int length = vasprintf(&text, format, arguments);
  if (length > 0) keep(text, (size_t)length);
  if (length >= 0) free(text);
  return length;
}

void log_install(void) { libbpf_set_print(print); }

void log_begin(void) {
  /* Kept for the life of the thread; a worker that opens objects is as rare as it is long-lived. */
  if (kept == NULL) kept = calloc(1, sizeof(*kept));
  if (kept == NULL) return;
  kept->length = 0;
  kept->text[0] = 0;
}

const char *log_text(void) { return kept == NULL ? "" : kept->text; }
