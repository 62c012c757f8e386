import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import {
  RT_EVENT,
  RT_EVENT_BYTES,
  RT_MECHANISM,
  RT_REASON,
  RT_VERDICT,
} from '../../core/bpf/layout.gen.js';
import { addressText } from '../../core/wire/address.js';
import { openBpf, type OpenedBpf, type OpenBpfOptions } from '../../sources/bpf/open-bpf.js';
import type { BpfProbe } from '../../sources/bpf/tiers.js';

const AF_INET = 2;

/** A record of a losing or a redirect, in words. Addresses not known are the unspecified one. */
export interface SceneRecord {
  readonly netns: number;
  readonly family: 'inet' | 'inet6';
  readonly mechanism: string;
  readonly protocol: number;
  readonly direction: number;
  readonly src: string;
  readonly dst: string;
  readonly sport: number;
  readonly dport: number;
  readonly gateway: string;
  readonly oldGateway: string;
  readonly author: string;
  readonly verdict: string;
  readonly reason: string;
  readonly iif: number;
  readonly oif: number;
  readonly mtu: number;
  readonly retransmits: number;
  readonly rtoMs: number;
  readonly srttUs: number;
  readonly expiresS: number;
  readonly pid: number;
  readonly comm: string;
}

const nameOf = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(names).find(([, number]) => number === value)?.[0] ?? `${value}`;

function readRecord(bytes: Uint8Array): SceneRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u8 = (member: keyof typeof RT_EVENT): number => view.getUint8(RT_EVENT[member]);
  const u16 = (member: keyof typeof RT_EVENT): number => view.getUint16(RT_EVENT[member], true);
  const u32 = (member: keyof typeof RT_EVENT): number => view.getUint32(RT_EVENT[member], true);
  const length = u8('family') === AF_INET ? 4 : 16;
  const address = (member: keyof typeof RT_EVENT): string =>
    addressText(bytes, RT_EVENT[member], length);
  const comm = bytes.subarray(RT_EVENT.task_comm, RT_EVENT.task_comm + 16);
  return {
    netns: u32('netns'),
    family: length === 4 ? 'inet' : 'inet6',
    mechanism: nameOf(RT_MECHANISM, u8('mechanism')),
    protocol: u8('protocol'),
    direction: u8('direction'),
    src: address('src'),
    dst: address('dst'),
    sport: u16('sport'),
    dport: u16('dport'),
    gateway: address('gateway'),
    oldGateway: address('old_gateway'),
    author: address('author'),
    verdict: nameOf(RT_VERDICT, u8('verdict')),
    reason: u8('reason') === RT_REASON.no_reason ? '-' : nameOf(RT_REASON, u8('reason')),
    iif: u32('iif'),
    oif: u32('oif'),
    mtu: u32('mtu'),
    retransmits: u32('retransmits'),
    rtoMs: u32('rto_ms'),
    srttUs: u32('srtt_us'),
    expiresS: u32('expires_s'),
    pid: u32('task_pid'),
    comm: new TextDecoder().decode(comm.subarray(0, comm.indexOf(0))),
  };
}

/** What a scene printed and what the programs saw of it: records of its own namespaces only. */
export interface Scene {
  readonly records: readonly SceneRecord[];
  /** Words of the lines that begin with this word, without it. */
  readonly lines: (first: string) => readonly (readonly string[])[];
  /** Inode of a namespace by the name the scene gives it. */
  readonly zone: (name: string) => number;
  readonly lost: number;
  readonly tiers: OpenedBpf['tiers'];
}

let played = 0;

/** Runs test/bpf/scenes/NAME.sh under the programs of one probe; throws when it fails. */
export async function playScene(
  probe: BpfProbe,
  args: readonly string[],
  options: Partial<OpenBpfOptions> = {},
): Promise<Scene> {
  const script = fileURLToPath(new URL(`./scenes/${probe}.sh`, import.meta.url));
  const all: SceneRecord[] = [];
  let lost = 0;
  const opened = openBpf({
    ...options,
    mode: 'require',
    probes: [probe],
    onBatch: (bytes, more) => {
      lost += more;
      for (let at = 0; at < bytes.length; at += RT_EVENT_BYTES) {
        all.push(readRecord(bytes.slice(at, at + RT_EVENT_BYTES)));
      }
    },
  });
  let text = '';
  try {
    const scene = `rt-${probe}-${process.pid}-${(played += 1)}`;
    const child = spawn('bash', [script, scene, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${probe}.sh ended with ${code}: ${text}`);
  } finally {
    opened.close();
  }
  const lines = (first: string): string[][] =>
    text
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([word]) => word === first)
      .map((words) => words.slice(1));
  const zones = new Map(lines('zone').map(([name = '', inode]) => [name, Number(inode)]));
  const zone = (name: string): number => {
    const inode = zones.get(name);
    if (inode === undefined) throw new Error(`the scene has no namespace ${name}`);
    return inode;
  };
  const records = all.filter(({ netns }) => [...zones.values()].includes(netns));
  return { records, lines, zone, lost, tiers: opened.tiers };
}
