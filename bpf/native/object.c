#include "object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int object_open(struct object *object, const void *bytes, size_t length) {
  /* libelf wants it aligned. */
  void *copy = malloc(length == 0 ? 1 : length);
  if (copy == NULL) return -ENOMEM;
  memcpy(copy, bytes, length);
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "routetap");
  object->bpf = bpf_object__open_mem(copy, length, &options);
  int error = object->bpf == NULL ? -errno : 0;
  free(copy);
  return error;
}

void object_close(struct object *object) {
  object_detach_all(object);
  free(object->links);
  object->links = NULL;
  object->link_count = 0;
  if (object->bpf != NULL) bpf_object__close(object->bpf);
  object->bpf = NULL;
}

int object_set_knob(struct object *object, const char *name, const void *bytes, size_t length) {
  struct bpf_map *map = bpf_object__find_map_by_name(object->bpf, ".rodata");
  const struct btf *btf = bpf_object__btf(object->bpf);
  if (map == NULL || btf == NULL) return -ENOENT;
  int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
  if (section < 0) return section;
  size_t size = 0;
  char *values = (char *)bpf_map__initial_value(map, &size);
  if (values == NULL) return -EBUSY;
  const struct btf_type *type = btf__type_by_id(btf, (uint32_t)section);
  const struct btf_var_secinfo *row = btf_var_secinfos(type);
  for (int index = 0; index < btf_vlen(type); index++, row++) {
    const struct btf_type *variable = btf__type_by_id(btf, row->type);
    if (strcmp(btf__name_by_offset(btf, variable->name_off), name) != 0) continue;
    if (row->size != length || row->offset + length > size) return -EINVAL;
    memcpy(values + row->offset, bytes, length);
    return 0;
  }
  return -ENOENT;
}

static struct bpf_program *find(const struct object *object, const char *name) {
  return bpf_object__find_program_by_name(object->bpf, name);
}

void object_choose_none(struct object *object) {
  struct bpf_program *program;
  bpf_object__for_each_program(program, object->bpf) bpf_program__set_autoload(program, false);
}

int object_choose(struct object *object, const char *program) {
  struct bpf_program *found = find(object, program);
  return found == NULL ? -ENOENT : bpf_program__set_autoload(found, true);
}

int object_set_target(struct object *object, const char *program, const char *function) {
  struct bpf_program *found = find(object, program);
  return found == NULL ? -ENOENT : bpf_program__set_attach_target(found, 0, function);
}

int object_share(struct object *object, const char *map, const struct object *owner) {
  struct bpf_map *from = object_map(owner, map);
  struct bpf_map *to = object_map(object, map);
  if (from == NULL || to == NULL) return -ENOENT;
  return bpf_map__reuse_fd(to, bpf_map__fd(from));
}

int object_set_entries(struct object *object, const char *map, uint32_t entries) {
  struct bpf_map *found = object_map(object, map);
  return found == NULL ? -ENOENT : bpf_map__set_max_entries(found, entries);
}

int object_load(struct object *object) { return bpf_object__load(object->bpf); }

static struct bpf_link *attach_cgroup(struct bpf_program *program, const char *path) {
  int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) return NULL;
  struct bpf_link *link = bpf_program__attach_cgroup(program, cgroup);
  int error = errno;
  close(cgroup);
  errno = error;
  return link;
}

static struct bpf_link *attach(struct bpf_program *program, const char *target) {
  if (target == NULL) return bpf_program__attach(program);
  if (bpf_program__type(program) != BPF_PROG_TYPE_KPROBE) return attach_cgroup(program, target);
  bool at_return = strncmp(bpf_program__section_name(program), "kretprobe", 9) == 0;
  return bpf_program__attach_kprobe(program, at_return, target);
}

static int drop(struct link *link) {
  int error = 0;
  if (link->link != NULL) error = bpf_link__destroy(link->link);
  else if (link->fd >= 0) close(link->fd);
  *link = (struct link){.link = NULL, .fd = -1};
  return error;
}

int object_keep(struct object *object, struct link link) {
  size_t bytes = (object->link_count + 1) * sizeof(struct link);
  struct link *links = realloc(object->links, bytes);
  if (links == NULL) {
    drop(&link);
    return -ENOMEM;
  }
  object->links = links;
  links[object->link_count] = link;
  return (int)object->link_count++;
}

int object_attach(struct object *object, const char *program, const char *target) {
  struct bpf_program *found = find(object, program);
  if (found == NULL) return -ENOENT;
  struct bpf_link *link = attach(found, target);
  if (link == NULL) return errno == 0 ? -EINVAL : -errno;
  return object_keep(object, (struct link){.link = link, .fd = -1});
}

/* NULL: no such link, or detached. */
static struct link *link_at(struct object *object, uint32_t number) {
  if (number >= object->link_count) return NULL;
  struct link *link = &object->links[number];
  return link->link == NULL && link->fd < 0 ? NULL : link;
}

int object_detach(struct object *object, uint32_t number) {
  struct link *link = link_at(object, number);
  return link == NULL ? -ENOENT : drop(link);
}

void object_detach_all(struct object *object) {
  /* Newest first: what was attached last may count on what was there before. */
  for (size_t index = object->link_count; index > 0; index--) drop(&object->links[index - 1]);
}

static int read_all(int fd, char **text, size_t *length) {
  size_t room = 16 * 1024;
  char *bytes = malloc(room);
  *length = 0;
  while (bytes != NULL) {
    ssize_t got = read(fd, bytes + *length, room - *length);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) {
      int error = got < 0 ? -errno : 0;
      if (error == 0) *text = bytes;
      else free(bytes);
      return error;
    }
    *length += (size_t)got;
    if (*length < room) continue;
    room *= 2;
    char *larger = realloc(bytes, room);
    if (larger == NULL) free(bytes);
    bytes = larger;
  }
  return -ENOMEM;
}

int object_iterate(struct object *object, uint32_t number, char **text, size_t *length) {
  struct link *link = link_at(object, number);
  if (link == NULL || link->link == NULL) return -ENOENT;
  int fd = bpf_iter_create(bpf_link__fd(link->link));
  if (fd < 0) return -errno;
  int error = read_all(fd, text, length);
  close(fd);
  return error;
}

struct bpf_map *object_map(const struct object *object, const char *name) {
  return bpf_object__find_map_by_name(object->bpf, name);
}

size_t map_value_bytes(const struct bpf_map *map) {
  size_t bytes = bpf_map__value_size(map);
  switch (bpf_map__type(map)) {
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
      return ((bytes + 7) & ~(size_t)7) * (size_t)libbpf_num_possible_cpus();
    default:
      return bytes;
  }
}
