// Generated from bpf/event.h and bpf/step.h by scripts/build-bpf.js; do not edit.

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

/** enum rt_step_kind. */
export const RT_STEP_KIND = {
  enter: 1,
  leave: 2,
  point: 3,
  end: 4,
} as const;

/** enum rt_step_place. */
export const RT_STEP_PLACE = {
  in_task: 0,
  in_softirq: 1,
} as const;

/** enum rt_step_has. */
export const RT_STEP_HAS = {
  has_flow: 1,
  has_route: 2,
  has_rule: 4,
  has_dst: 8,
  has_exception: 16,
  has_packet: 32,
  has_neighbour: 64,
} as const;

/** enum rt_returns. */
export const RT_RETURNS = {
  returns_number: 0,
  returns_dst: 1,
  returns_table4: 2,
  returns_table6: 3,
  returns_exception: 4,
  returns_device: 5,
  returns_errno: 6,
} as const;

/** sizeof(struct rt_step). */
export const RT_STEP_BYTES = 576;

/** Offsets in struct rt_step, in bytes. */
export const RT_STEP = {
  time_ns: 0,
  lookup: 8,
  net_cookie: 16,
  ret: 24,
  args: 32,
  seq: 80,
  netns: 84,
  cpu: 88,
  pid: 92,
  tid: 96,
  uid: 100,
  table: 104,
  ifindex: 108,
  packet_len: 112,
  function: 116,
  has: 118,
  kind: 120,
  place: 121,
  depth: 122,
  family: 123,
  comm: 124,
  dev: 140,
  flow_src: 156,
  flow_dst: 172,
  flow_iif: 188,
  flow_oif: 192,
  flow_l3mdev: 196,
  flow_mark: 200,
  flow_uid: 204,
  flow_hash: 208,
  flow_sport: 212,
  flow_dport: 214,
  flow_protocol: 216,
  flow_tos: 217,
  flow_flags: 218,
  flow_oif_name: 220,
  flow_l3mdev_name: 236,
  route_prefix: 252,
  route_gateway: 268,
  route_prefsrc: 284,
  route_dev: 300,
  route_table: 316,
  route_oif: 320,
  route_priority: 324,
  route_nexthops: 328,
  route_leg: 332,
  route_weight: 336,
  route_weights: 340,
  route_upper_bound: 344,
  route_nexthop_id: 348,
  route_prefix_len: 352,
  route_type: 353,
  route_scope: 354,
  route_protocol: 355,
  route_gateway_family: 356,
  route_nexthop_flags: 357,
  route_is_null: 358,
  rule_src: 360,
  rule_dst: 376,
  rule_iifname: 392,
  rule_oifname: 408,
  rule_pref: 424,
  rule_table: 428,
  rule_target: 432,
  rule_mark: 436,
  rule_mark_mask: 440,
  rule_flags: 444,
  rule_uid_start: 448,
  rule_uid_end: 452,
  rule_suppress_ifgroup: 456,
  rule_suppress_prefixlen: 460,
  rule_sport_start: 464,
  rule_sport_end: 466,
  rule_dport_start: 468,
  rule_dport_end: 470,
  rule_src_len: 472,
  rule_dst_len: 473,
  rule_tos: 474,
  rule_action: 475,
  rule_l3mdev: 476,
  rule_ip_proto: 477,
  rule_protocol: 478,
  dst_addr: 480,
  dst_gateway: 488,
  dst_dev: 504,
  dst_oif: 520,
  dst_flags: 524,
  dst_mtu: 528,
  dst_error: 532,
  dst_expires_s: 536,
  dst_dst_flags: 540,
  dst_obsolete: 542,
  dst_type: 544,
  dst_gateway_family: 545,
  dst_is_null: 546,
  exception_gateway: 552,
  exception_mtu: 568,
  exception_expires_s: 572,
} as const;

/** sizeof(struct rt_shape). */
export const RT_SHAPE_BYTES = 32;

/** Offsets in struct rt_shape, in bytes. */
export const RT_SHAPE = {
  net: 0,
  flow4: 1,
  flow6: 2,
  flow: 3,
  skb: 4,
  sk: 5,
  req: 6,
  msg: 7,
  sockaddr: 8,
  result4: 9,
  result6: 10,
  rule: 11,
  lookup_arg: 12,
  ops: 13,
  table4: 14,
  table6: 15,
  table_id: 16,
  nhc: 17,
  nh6: 18,
  dev: 19,
  dst: 20,
  daddr4: 21,
  saddr4: 22,
  daddr6: 23,
  saddr6: 24,
  returns: 25,
  family: 26,
  is_root: 27,
  is_input: 28,
  is_flow_out: 29,
} as const;
