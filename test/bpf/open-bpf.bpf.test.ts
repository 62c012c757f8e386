import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { RT_EVENT, RT_EVENT_BYTES } from '../../core/bpf/layout.gen.js';
import { openBpf, type OpenedBpf } from '../../sources/bpf/open-bpf.js';
import {
  compiledTicks,
  heldBy,
  NOTHING,
  ONLY_US,
  stillThere,
  tick,
  until,
  type Held,
} from './objects.js';

const ADDON = fileURLToPath(new URL('../../build/libbpf.node', import.meta.url));

let ticks: ReturnType<typeof compiledTicks>;
beforeAll(() => {
  ticks = compiledTicks('miss');
});
afterAll(() => rmSync(ticks.folder, { recursive: true, force: true }));

function openTicks(
  onBatch: (bytes: Uint8Array, lost: number) => void,
  ringBytes = 1 << 20,
): OpenedBpf {
  return openBpf({
    mode: 'require',
    probes: ['miss'],
    objects: ticks.folder,
    knobs: { miss: ONLY_US },
    ringBytes,
    onBatch,
  });
}

const isGone = (held: Held): boolean =>
  Object.values(stillThere(held)).every((ids: readonly number[]) => ids.length === 0);

/** Attaches the program, says so, and waits to be killed. */
const HOLDER = `
const { BpfObject } = require(process.argv[1]);
const bytes = require('node:fs').readFileSync(process.argv[2]);
globalThis.held = new BpfObject(bytes, { programs: ['ticks_tp'] });
held.load();
held.attach('ticks_tp');
held.consume('events', { recordBytes: ${RT_EVENT_BYTES}, waitingBytes: 4096, coalesceUs: 1000 }, () => {});
`;

describe('openBpf', () => {
  test('takes the mechanism that loads and says why no better one does', () => {
    const opened = openTicks(() => undefined);
    opened.close();
    expect(opened.tiers).toMatchObject([
      { probe: 'miss', family: 'inet', mechanism: 'tracepoint' },
      { probe: 'miss', family: 'inet6', mechanism: null, fidelity: 'not seen' },
    ]);
    expect(opened.tiers[0]?.whyNotBetter).toMatch(/^fentry: load the object: E[A-Z]+/);
    expect(opened.tiers[1]?.whyNotBetter).toContain('invalid mem access');
  });

  test('delivers whole events, stamped by a clock that maps to the wall', async () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const times: bigint[] = [];
    let lost = 0;
    const opened = openTicks((bytes, more) => {
      lost += more;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at < bytes.length; at += RT_EVENT_BYTES) {
        times.push(view.getBigUint64(at + RT_EVENT.time_ns, true));
      }
    });
    tick(50);
    await until(() => times.length >= 50);
    opened.close();
    const after = BigInt(Date.now()) * 1_000_000n;
    expect(times).toHaveLength(50);
    expect(lost).toBe(0);
    const slackNs = 1_000_000_000n;
    const wall = times.map((time) => time + opened.wallOffsetNs());
    expect(wall.every((time) => time > before - slackNs && time < after + slackNs)).toBe(true);
  });

  test('tries the mechanisms asked for and no others', () => {
    const options = { probes: ['miss'], objects: ticks.folder, onBatch: () => undefined } as const;
    const opened = openBpf({ ...options, mode: 'auto', mechanisms: ['fentry'] });
    opened.close();
    expect(opened.tiers).toMatchObject([
      { family: 'inet', mechanism: null, whyNotBetter: expect.stringMatching(/^fentry: [^;]+$/) },
      { family: 'inet6', mechanism: null },
    ]);
    expect(() => openBpf({ ...options, mode: 'require', mechanisms: ['kprobe'] })).toThrow(
      '--bpf require: expected an eBPF tier, got none',
    );
  });

  test('hands over everything sent so far when it is drained', () => {
    let delivered = 0;
    const opened = openTicks((bytes) => (delivered += bytes.length / RT_EVENT_BYTES));
    const counts: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      tick(2);
      opened.drain();
      counts.push(delivered);
    }
    opened.close();
    opened.drain();
    expect(counts).toEqual(Array.from({ length: 50 }, (_, round) => 2 * (round + 1)));
  });

  test('holds back while a consumer is behind, but not what is drained', async () => {
    let delivered = 0;
    let release = (): void => undefined;
    const behind = new Promise<void>((resolve) => (release = resolve));
    const opened = openBpf({
      mode: 'require',
      probes: ['miss'],
      objects: ticks.folder,
      knobs: { miss: ONLY_US },
      onBatch: (bytes) => (delivered += bytes.length / RT_EVENT_BYTES),
      patience: () => (delivered < 3 ? behind : null),
    });
    tick(1);
    await until(() => delivered === 1);
    tick(1);
    await sleep(50);
    expect(delivered).toBe(1);
    opened.drain();
    expect(delivered).toBe(2);
    tick(1);
    release();
    await until(() => delivered === 3);
    opened.close();
  });

  test('accounts for every event of a storm: delivered or lost', () => {
    let delivered = 0;
    let lost = 0;
    const opened = openTicks((bytes, more) => {
      delivered += bytes.length / RT_EVENT_BYTES;
      lost += more;
    }, 4096);
    tick(20_000);
    opened.close();
    opened.close();
    expect(delivered + lost).toBe(20_000);
    expect(delivered).toBeGreaterThan(0);
  });

  test('can be closed by the one who takes a batch', async () => {
    const opened = openTicks(() => opened.close());
    tick(1);
    await until(() => heldBy(process.pid).link.length === 0);
    tick(1);
  });

  test('leaves nothing behind when closed', async () => {
    const opened = openTicks(() => undefined);
    const held = heldBy(process.pid);
    expect(held.link).toHaveLength(1);
    opened.close();
    expect(heldBy(process.pid)).toEqual(NOTHING);
    await until(() => isGone(held));
  });

  test('leaves nothing behind when killed', async () => {
    const child = spawn(process.execPath, ['-e', HOLDER, ADDON, `${ticks.folder}/miss.bpf.o`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const { pid } = child;
    if (pid === undefined) throw new Error('no child');
    const exited = once(child, 'exit');
    let held = NOTHING;
    try {
      await until(() => (held = heldBy(pid)).link.length === 1);
      expect(stillThere(held)).toEqual(held);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    await until(() => isGone(held));
  });

  test('leaves nothing behind when its worker ends', async () => {
    const worker = new Worker(
      `process.argv.splice(1, 1, ...require('node:worker_threads').workerData);
       ${HOLDER}
       require('node:worker_threads').parentPort.postMessage('attached');`,
      { eval: true, workerData: [ADDON, `${ticks.folder}/miss.bpf.o`] },
    );
    await once(worker, 'message');
    const held = heldBy(process.pid);
    expect(held.link).toHaveLength(1);
    await worker.terminate();
    expect(heldBy(process.pid)).toEqual(NOTHING);
    await until(() => isGone(held));
  });

  test('goes on without when there is nothing to load, unless required', () => {
    const options = { onBatch: () => undefined, objects: '/nonexistent' };
    const opened = openBpf({ ...options, mode: 'auto', probes: ['redirect'] });
    opened.close();
    expect(opened.tiers).toMatchObject([
      { family: 'inet', mechanism: null, whyNotBetter: expect.stringContaining('no bytecode') },
      { family: 'inet6', mechanism: null },
    ]);
    expect(() => openBpf({ ...options, mode: 'require' })).toThrow(
      expect.objectContaining({ name: 'RoutetapError', kind: 'privilege' }),
    );
    expect(() => openBpf({ ...options, mode: 'require', addon: '/nonexistent.node' })).toThrow(
      'built without libbpf',
    );
  });
});
