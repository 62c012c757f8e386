// Generated from bpf/event.h by scripts/build-bpf.js; do not edit.

/** sizeof(struct rt_event). */
export const RT_EVENT_BYTES = 512;

/** Offsets in struct rt_event, in bytes. */
export const RT_EVENT = {
  time_ns: 0,
  net_cookie: 8,
  addr: 16,
  netns: 24,
  kind: 28,
  family: 30,
  mechanism: 31,
  task_pid: 32,
  task_tid: 36,
  task_uid: 40,
  task_cgroup_id: 48,
  task_comm: 56,
  src: 72,
  dst: 88,
  gateway: 104,
  old_gateway: 120,
  author: 136,
  sport: 152,
  dport: 154,
  protocol: 156,
  direction: 157,
  verdict: 158,
  reason: 159,
  iif: 160,
  oif: 164,
  mark: 168,
  uid: 172,
  error: 176,
  table: 180,
  count: 184,
  retransmits: 188,
  rto_ms: 192,
  srtt_us: 196,
  rttvar_us: 200,
  ssthresh: 204,
  mtu: 208,
  portid: 212,
  nlmsg_seq: 216,
  nlmsg_type: 220,
  nlmsg_flags: 222,
  rule: 224,
  expires_s: 228,
  priority: 232,
  prefix_len: 236,
  tos: 237,
  message_len: 238,
  extack: 240,
  message: 320,
} as const;

/** enum rt_kind. */
export const RT_KIND = {
  miss: 1,
  losing: 2,
  redirect: 3,
  request: 4,
  refused: 5,
  removed: 6,
} as const;

/** enum rt_direction. */
export const RT_DIRECTION = {
  output: 0,
  forward: 1,
  input: 2,
} as const;

/** enum rt_mechanism. */
export const RT_MECHANISM = {
  tracepoint: 0,
  fentry: 1,
  kprobe: 2,
} as const;

/** enum rt_verdict. */
export const RT_VERDICT = {
  ask: 0,
  accepted: 1,
  deferred: 2,
  rejected: 3,
} as const;

/** enum rt_reason. */
export const RT_REASON = {
  no_reason: 0,
  not_the_gateway: 1,
  not_accepted: 2,
  same_gateway: 3,
  bad_gateway: 4,
  not_on_link: 5,
  not_a_default: 6,
  no_flow: 7,
  malformed: 8,
  not_link_local: 9,
  reject_route: 10,
} as const;
