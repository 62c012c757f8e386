/* An eBPF object and its links. Functions return 0 or a negative errno, unless they say otherwise. */
#ifndef ROUTETAP_BPF_OBJECT_H
#define ROUTETAP_BPF_OBJECT_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An attachment: libbpf's, or a file descriptor of our own; neither once detached. */
struct link {
  struct bpf_link *link;
  int fd;
};

struct object {
  /* NULL once closed. */
  struct bpf_object *bpf;
  struct link *links;
  size_t link_count;
};

int object_open(struct object *object, const void *bytes, size_t length);
/* Closes file descriptors: the kernel detaches and frees what only they held. */
void object_close(struct object *object);

/* Before loading. -ENOENT: there is no such variable in .rodata; -EINVAL: it has another size. */
int object_set_knob(struct object *object, const char *name, const void *bytes, size_t length);
/* Before loading: nothing is loaded but what object_choose names. */
void object_choose_none(struct object *object);
int object_choose(struct object *object, const char *program);
/* Before loading: the kernel function a fentry, fexit or tp_btf program is for. */
int object_set_target(struct object *object, const char *program, const char *function);
/* Before loading: the map of this name is the one of `owner`, which is loaded. */
int object_share(struct object *object, const char *map, const struct object *owner);
int object_set_entries(struct object *object, const char *map, uint32_t entries);
int object_load(struct object *object);

/*
 * Attaches where the program's section says, or to `target`: the cgroup of that path for programs of cgroups,
 * the kernel function for kprobes. NULL: none. Returns the number of the link.
 */
int object_attach(struct object *object, const char *program, const char *target);
/* Takes a link over and returns its number; without memory it is detached at once. */
int object_keep(struct object *object, struct link link);
/* -ENOENT: no such link. */
int object_detach(struct object *object, uint32_t link);
void object_detach_all(struct object *object);

/* Runs an attached iterator once. `*text` is to be freed. */
int object_iterate(struct object *object, uint32_t link, char **text, size_t *length);

/* NULL: none. */
struct bpf_map *object_map(const struct object *object, const char *name);
/* Bytes of a value as system calls move it: of all cpus for a map per cpu. */
size_t map_value_bytes(const struct bpf_map *map);

#endif
