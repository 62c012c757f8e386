#include "functions.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool begins_with(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The program's instructions, relocated when the object was loaded, loaded again for another function. */
static int attach_trampoline(struct bpf_program *program, uint32_t btf_id, uint32_t cookie) {
  enum bpf_attach_type type = bpf_program__expected_attach_type(program);
  LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = type, .attach_btf_id = btf_id);
  int fd = bpf_prog_load(bpf_program__type(program), "routetap", "GPL",
                         bpf_program__insns(program), bpf_program__insn_cnt(program), &load);
  if (fd < 0) return fd;
  LIBBPF_OPTS(bpf_link_create_opts, create, .tracing.cookie = cookie);
  int link = bpf_link_create(fd, 0, type, &create);
  close(fd);
  return link;
}

static int attach_breakpoint(struct object *object, struct bpf_program *program, const char *name,
                             uint32_t cookie, bool at_return) {
  LIBBPF_OPTS(bpf_kprobe_opts, options, .bpf_cookie = cookie, .retprobe = at_return);
  struct bpf_link *link = bpf_program__attach_kprobe_opts(program, name, &options);
  return link == NULL ? -errno : object_keep(object, (struct link){.link = link, .fd = -1});
}

/* One link for all of them, which is each one's. */
static int attach_multi(struct object *object, struct bpf_program *program,
                        const struct functions *functions, bool at_return) {
  __u64 *cookies = calloc(functions->count, sizeof(*cookies));
  if (cookies == NULL) return -ENOMEM;
  for (size_t index = 0; index < functions->count; index++)
    cookies[index] = functions->cookies[index];
  LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .syms = (const char **)functions->names,
              .cookies = cookies, .cnt = functions->count, .retprobe = at_return);
  struct bpf_link *link = bpf_program__attach_kprobe_multi_opts(program, NULL, &options);
  int error = -errno;
  free(cookies);
  return link == NULL ? error : object_keep(object, (struct link){.link = link, .fd = -1});
}

int object_attach_functions(struct object *object, const char *program,
                            const struct functions *functions, int32_t *links) {
  struct bpf_program *found = bpf_object__find_program_by_name(object->bpf, program);
  if (found == NULL) return -ENOENT;
  const char *section = bpf_program__section_name(found);
  bool at_return = begins_with(section, "kretprobe");
  bool is_multi = strstr(section, "probe.multi") != NULL;
  int all = is_multi && functions->count > 0 ? attach_multi(object, found, functions, at_return) : 0;
  for (size_t index = 0; index < functions->count; index++) {
    uint32_t cookie = functions->cookies[index];
    if (is_multi) {
      links[index] = all;
    } else if (bpf_program__type(found) == BPF_PROG_TYPE_KPROBE) {
      links[index] = attach_breakpoint(object, found, functions->names[index], cookie, at_return);
    } else {
      int fd = attach_trampoline(found, functions->btf_ids[index], cookie);
      links[index] = fd < 0 ? fd : object_keep(object, (struct link){.link = NULL, .fd = fd});
    }
  }
  return 0;
}
