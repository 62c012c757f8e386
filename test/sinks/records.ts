import { isoTime } from '../../core/format/time.js';
import type { RouteEvent } from '../../core/event.js';
import type { SinkCounters } from '../../core/sink.js';
import type { LineOptions } from '../../sinks/line.js';

const TIME_NS = 1_795_875_666_148_835_123n;

/** An `ip route add` of 10.0.0.0/24 by gateway, one millisecond per seq. */
export const added = (seq: number, members: Partial<RouteEvent> = {}): RouteEvent => {
  const timeNs = TIME_NS + BigInt(seq) * 1_000_000n;
  return {
    v: 1,
    type: 'route',
    seq,
    timeNs,
    time: isoTime(timeNs),
    host: 'r1',
    probe: 'add',
    inferred: false,
    cause: { kind: 'request', trigger: null },
    zone: { id: 4026531840, name: null },
    process: {
      pid: 123,
      tid: 123,
      comm: 'ip',
      uid: 0,
      exe: null,
      cgroup: null,
      unit: null,
      container: null,
      confidence: 'exact',
    },
    csinfo: { cs_addr: '0x0', cs_cid: '0', cs_pid: 123, cs_zoneid: 0 },
    routeinfo: {
      route_version: 3,
      route_type: 1,
      route_interface_index: 2,
      route_flags: 3,
      route_seq: 1,
      route_pid: 123,
      route_metrics: 0,
      route_mtu_metric: 0,
      route_hopcount_metric: 0,
      route_expire_metric: 0,
      route_recvpipe_metric: 0,
      route_sendpipe_metric: 0,
      route_ssthresh_metric: 0,
      route_rtt_metric: 0,
      route_rtt_variance_metric: 0,
      route_packets_sent: 0,
      route_addresses: 7,
      route_destination_address: '10.0.0.0',
      route_gateway_address: '192.0.2.1',
      route_netmask_address: '255.255.255.0',
      route_source_address: '',
      route_redirect_author_address: '',
    },
    route: {
      family: 'inet',
      dst: '10.0.0.0/24',
      table: 254,
      protocol: 'static',
      scope: 'global',
      type: 'unicast',
      tos: 0,
      priority: 0,
      prefsrc: null,
      src: null,
      metrics: {},
      nhid: null,
      expires: null,
      pref: null,
      nexthops: [
        {
          gateway: '192.0.2.1',
          ifindex: 2,
          dev: 'v0',
          weight: 1,
          flags: [],
          encap: null,
          realm: null,
        },
      ],
      flags: [],
      unknown: [],
    },
    previous: null,
    lookup: null,
    timeout: null,
    redirect: null,
    provenance: 'rtnetlink',
    raw: null,
    ...members,
  };
};

/** `count` events with seq from `first` on. */
export const events = (count: number, first = 1): RouteEvent[] =>
  Array.from({ length: count }, (_, index) => added(first + index));

/** What a sink is opened with; warnings go into `warnings`. */
export const sinkOptions = (
  target: string,
  options: Readonly<Record<string, string>> = {},
  warnings: string[] = [],
): LineOptions => ({
  target,
  options,
  warn: (line) => {
    warnings.push(line);
  },
  full: false,
  raw: false,
});

/** The law of the counters: what was accepted. */
export const accepted = ({ written, dropped, queued }: SinkCounters): number =>
  written + dropped + queued;

/** Waits for a condition, at most 30 s. */
export const until = async (what: string, condition: () => boolean): Promise<void> => {
  const endMs = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`waited 30 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

/** `seq` of each line of JSON Lines text; throws on a line that is no JSON. */
export const seqs = (text: string): number[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { seq: number }).seq);

/** 1 … count. */
export const oneTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
