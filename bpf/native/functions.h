/* One program on many functions of the kernel. */
#ifndef ROUTETAP_BPF_FUNCTIONS_H
#define ROUTETAP_BPF_FUNCTIONS_H

#include "object.h"

struct functions {
  size_t count;
  char **names;
  /* Numbers of the functions in the kernel's BTF; fentry and fexit. */
  const uint32_t *btf_ids;
  /* What the program gets of bpf_get_attach_cookie. */
  const uint32_t *cookies;
};

/*
 * Attaches a loaded program to each function. `links` gets a link's number for each, or a negative errno: fentry and
 * fexit programs are loaded anew for each, kprobes take one after the other, kprobe.multi takes all or none.
 * Returns 0, or a negative errno when there is no such program or no memory.
 */
int object_attach_functions(struct object *object, const char *program,
                            const struct functions *functions, int32_t *links);

#endif
