/* What libbpf says, the verifier's log included, kept per thread. */
#ifndef ROUTETAP_BPF_LOG_H
#define ROUTETAP_BPF_LOG_H

/* Takes libbpf's messages from stderr, for the whole process. */
void log_install(void);
/* Starts a new log on this thread. */
void log_begin(void);
/* The log since log_begin, at most its last 64 KiB; valid until the next log_begin. Never NULL. */
const char *log_text(void);

#endif
