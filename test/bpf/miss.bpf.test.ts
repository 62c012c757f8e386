import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { RT_DIRECTION, RT_EVENT, RT_EVENT_BYTES } from '../../core/bpf/layout.gen.js';
import { addressText } from '../../core/wire/address.js';
import { openBpf, type OpenedBpf } from '../../sources/bpf/open-bpf.js';
import { until } from './objects.js';

const SCENE = fileURLToPath(new URL('./scenes/miss.sh', import.meta.url));
const AF_INET = 2;
const FAILING = 1_000_000;
const CONNECTIONS = 10_000;
/** Far more than the second of a window and the sweep after it. */
const PATIENCE_MS = 120_000;

interface Miss {
  readonly netns: number;
  readonly direction: number;
  readonly dst: string;
  readonly dport: number;
  readonly table: number;
  readonly pid: number;
  readonly comm: string;
  readonly count: number;
}

function missAt(bytes: Uint8Array, at: number): Miss {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RT_EVENT_BYTES);
  const length = view.getUint8(RT_EVENT.family) === AF_INET ? 4 : 16;
  const comm = bytes.subarray(at + RT_EVENT.task_comm, at + RT_EVENT.task_comm + 16);
  return {
    netns: view.getUint32(RT_EVENT.netns, true),
    direction: view.getUint8(RT_EVENT.direction),
    dst: addressText(bytes, at + RT_EVENT.dst, length),
    dport: view.getUint16(RT_EVENT.dport, true),
    table: view.getUint32(RT_EVENT.table, true),
    pid: view.getUint32(RT_EVENT.task_pid, true),
    comm: new TextDecoder().decode(comm.subarray(0, comm.indexOf(0))),
    count: view.getUint32(RT_EVENT.count, true),
  };
}

/** Everything seen while `work` runs; `seen` grows meanwhile. */
async function watching(
  work: (seen: readonly Miss[], opened: OpenedBpf) => Promise<void>,
): Promise<{ readonly seen: readonly Miss[]; readonly lost: number; readonly isExact: boolean }> {
  const seen: Miss[] = [];
  let lost = 0;
  const opened = openBpf({
    mode: 'require',
    probes: ['miss'],
    onBatch: (bytes, more) => {
      lost += more;
      for (let at = 0; at < bytes.length; at += RT_EVENT_BYTES) seen.push(missAt(bytes, at));
    },
  });
  try {
    await work(seen, opened);
  } finally {
    opened.close();
  }
  const isExact = opened.tiers.every(({ mechanism }) => mechanism !== 'tracepoint');
  return { seen, lost, isExact };
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${text}`);
  return text;
}

/** A namespace with nothing in it but loopback. */
async function inEmptyNamespace(
  work: (name: string, inode: number) => Promise<void>,
): Promise<void> {
  const name = `rtmiss-${process.pid}`;
  execFileSync('ip', ['netns', 'add', name]);
  try {
    execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    await work(name, statSync(`/run/netns/${name}`).ino);
  } finally {
    execFileSync('ip', ['netns', 'del', name]);
  }
}

const FAIL = `
import socket,sys
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)
to=("203.0.113.77",7)
failed=0
for _ in range(int(sys.argv[1])):
  try: s.sendto(b"x",to)
  except OSError: failed+=1
print(failed)`;

const CONNECT = `
import socket,sys
for host in ["127.0.0.1","::1"]:
  server=socket.create_server((host,7000),family=socket.AF_INET6 if ":" in host else socket.AF_INET)
  for _ in range(int(sys.argv[1])//2):
    client=socket.create_connection((host,7000)); server.accept()[0].close(); client.close()`;

describe('miss', () => {
  let words: readonly (readonly string[])[];
  let scene: Awaited<ReturnType<typeof watching>>;
  beforeAll(async () => {
    let text = '';
    scene = await watching(async (_, { tiers }) => {
      const isExact = tiers.every(({ mechanism }) => mechanism !== 'tracepoint');
      text = await run('bash', [SCENE, `rtmiss-${process.pid}`, isExact ? 'exact' : 'tracepoint']);
    });
    words = text.split('\n').map((line) => line.split(' '));
  }, PATIENCE_MS);

  test('is each lookup of a flow that finds no route, once, and nothing else', () => {
    const zones = new Map(
      words.filter(([word]) => word === 'zone').map(([, name, inode]) => [name, Number(inode)]),
    );
    const expected = words
      .filter(([word]) => word === 'expected')
      .map(([, zone, direction, dst, port, , process]) => [zone, direction, dst, port, process]);
    const names = new Map([...zones].map(([name, inode]) => [inode, name]));
    const directions = new Map(
      Object.entries(RT_DIRECTION).map(([name, value]) => [value as number, name]),
    );
    const seen = scene.seen
      .filter(({ netns }) => names.has(netns))
      .map(({ netns, direction, dst, dport, pid }) => [
        names.get(netns),
        directions.get(direction),
        dst,
        String(dport),
        pid === 0 ? 'no' : 'yes',
      ]);
    expect(expected.length).toBeGreaterThan(10);
    expect(seen.sort()).toEqual(expected.sort());
  });

  test('names the last table asked, and the process where there is one', () => {
    for (const [word, , , dst, port, table, process] of words) {
      if (word !== 'expected') continue;
      const miss = scene.seen.find((one) => one.dst === dst && String(one.dport) === port);
      expect(miss?.comm).toBe(process === 'yes' ? 'python3' : '');
      if (table !== '0') expect(miss?.table).toBe(Number(table));
    }
  });

  test(
    'accounts for every lookup of a storm, and tells of the last ones without another miss',
    async () => {
      await inEmptyNamespace(async (name, inode) => {
        let failed = 0;
        const ours = (seen: readonly Miss[]): readonly Miss[] =>
          seen.filter(({ netns }) => netns === inode);
        const told = (seen: readonly Miss[]): number =>
          ours(seen).reduce((sum, { count }) => sum + count, 0);
        const { seen } = await watching(async (soFar) => {
          failed = Number(
            await run('ip', ['netns', 'exec', name, 'python3', '-c', FAIL, String(FAILING)]),
          );
          await until(() => told(soFar) >= FAILING);
        });
        expect(failed).toBe(FAILING);
        expect(told(seen)).toBe(FAILING);
        expect(ours(seen).length).toBeLessThan(FAILING / 100);
      });
    },
    PATIENCE_MS,
  );

  test(
    'is no connection that works',
    async () => {
      await inEmptyNamespace(async (name, inode) => {
        const { seen } = await watching(async () => {
          await run('ip', ['netns', 'exec', name, 'python3', '-c', CONNECT, String(CONNECTIONS)]);
        });
        expect(seen.filter(({ netns }) => netns === inode)).toEqual([]);
      });
    },
    PATIENCE_MS,
  );

  test('is not what we ourselves look up', async () => {
    const { seen } = await watching(async () => {
      const socket = createSocket('udp6');
      const failed = new Promise<Error | null>((resolve) =>
        socket.send('x', 7, '100::77', (error) => resolve(error)),
      );
      await failed;
      socket.close();
    });
    expect(seen.filter(({ pid }) => pid === process.pid)).toEqual([]);
  });
});
