import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { rmSync } from 'node:fs';

import { RT_EVENT, RT_EVENT_BYTES } from '../../core/bpf/layout.gen.js';
import { isBpfFailure } from '../../sources/bpf/failure.js';
import type { BpfFailure, BpfObject, BpfObjectOptions, Libbpf } from '../../sources/bpf/libbpf.js';
import { compiledTicks, libbpf, ONLY_US, tick, u32, u64, until } from './objects.js';

const RING = { recordBytes: RT_EVENT_BYTES, waitingBytes: 1 << 20, coalesceUs: 1000 };

let addon: Libbpf;
let ticks: ReturnType<typeof compiledTicks>;
const open: BpfObject[] = [];

function opened(options: BpfObjectOptions = {}): BpfObject {
  const object = new addon.BpfObject(ticks.bytes, { programs: ['ticks_tp'], ...options });
  open.push(object);
  return object;
}

function failureOf(action: () => unknown): BpfFailure {
  try {
    action();
  } catch (error) {
    if (isBpfFailure(error)) return error;
    throw error;
  }
  throw new Error('expected a refusal, got none');
}

function takeAll(object: BpfObject): DataView[] {
  const events: DataView[] = [];
  for (let bytes = object.take(); bytes !== null; bytes = object.take()) {
    for (let at = 0; at < bytes.length; at += RT_EVENT_BYTES) {
      events.push(new DataView(bytes.buffer, bytes.byteOffset + at, RT_EVENT_BYTES));
    }
  }
  return events;
}

const marks = (events: readonly DataView[]): bigint[] =>
  events.map((event) => event.getBigUint64(RT_EVENT.addr, true));

beforeAll(() => {
  addon = libbpf();
  ticks = compiledTicks('ticks');
});
afterEach(() => {
  for (const object of open.splice(0)) object.close();
});
afterAll(() => rmSync(ticks.folder, { recursive: true, force: true }));

describe('an eBPF object', () => {
  test('names its programs and their sections before it is loaded', () => {
    expect(opened().programs()).toContainEqual({ name: 'ticks_tp', section: 'tp_btf/sys_enter' });
  });

  test('delivers every event of an attached program, with the knobs it was opened with', async () => {
    const object = opened({ knobs: { ...ONLY_US, mark: u64(77n) } });
    const events: DataView[] = [];
    object.load();
    object.consume('events', RING, () => events.push(...takeAll(object)));
    object.attach('ticks_tp');
    tick(1000);
    await until(() => events.length >= 1000);
    object.detach();
    object.stop();
    events.push(...takeAll(object));
    expect(marks(events)).toEqual(new Array(1000).fill(77n));
    expect(object.malformed()).toBe(0);
  });

  test('keeps what the ring holds when the reading ends', () => {
    const object = opened({ knobs: ONLY_US });
    object.load();
    object.consume('events', RING, () => undefined);
    const link = object.attach('ticks_tp');
    tick(10);
    object.detach(link);
    tick(10);
    object.stop();
    expect(takeAll(object)).toHaveLength(10);
    expect(failureOf(() => object.detach(link)).code).toBe('ENOENT');
  });

  test('counts in the kernel what a full ring had no room for, and nothing else is missing', () => {
    const object = opened({ knobs: ONLY_US, entries: { events: 4096 } });
    object.load();
    object.attach('ticks_tp');
    tick(500);
    object.detach();
    object.consume('events', RING, () => undefined);
    object.stop();
    const perCpu = object.lookup('lost', u32(0)) ?? new Uint8Array();
    const lost = new BigUint64Array(perCpu.slice().buffer).reduce((sum, one) => sum + one, 0n);
    const delivered = takeAll(object).length;
    expect(delivered).toBeGreaterThan(0);
    expect(BigInt(delivered) + lost).toBe(500n);
  });

  test('stops reading while its batches are not taken, and goes on when they are', async () => {
    const object = opened({ knobs: ONLY_US });
    object.load();
    let calls = 0;
    object.consume('events', { ...RING, waitingBytes: 1 }, () => (calls += 1));
    object.attach('ticks_tp');
    tick(5);
    await until(() => calls === 1);
    tick(5);
    const events = takeAll(object);
    await until(() => (events.push(...takeAll(object)), events.length >= 10));
    expect(events).toHaveLength(10);
  });

  test('is drained by its caller: everything sent before can be taken at once, in order', () => {
    const object = opened({ knobs: ONLY_US });
    object.load();
    object.consume('events', { ...RING, waitingBytes: 1, coalesceUs: 0 }, () => undefined);
    object.attach('ticks_tp');
    const counts: number[] = [];
    const times: bigint[] = [];
    for (let round = 0; round < 300; round += 1) {
      tick(round % 5);
      object.drain();
      const events = takeAll(object);
      counts.push(events.length);
      times.push(...events.map((event) => event.getBigUint64(RT_EVENT.time_ns, true)));
    }
    expect(counts).toEqual(Array.from({ length: 300 }, (_, round) => round % 5));
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
  });

  test('goes on telling what comes by itself after its caller drained it', async () => {
    const object = opened({ knobs: ONLY_US });
    let count = 0;
    object.load();
    object.consume('events', { ...RING, coalesceUs: 0 }, () => (count += takeAll(object).length));
    object.attach('ticks_tp');
    for (let round = 1; round <= 100; round += 1) {
      tick(1);
      object.drain();
      count += takeAll(object).length;
      tick(1);
      await until(() => count === 2 * round);
    }
    object.detach();
    object.stop();
    object.drain();
    expect(takeAll(object)).toEqual([]);
  });

  test('can be drained where nothing reads its ring', () => {
    const object = opened();
    object.drain();
    object.load();
    object.drain();
    expect(object.take()).toBeNull();
  });

  test('counts samples of another length than asked for', async () => {
    const object = opened({ knobs: ONLY_US });
    object.load();
    object.consume('events', { ...RING, recordBytes: 8 }, () => undefined);
    object.attach('ticks_tp');
    tick(3);
    await until(() => object.malformed() === 3);
    expect(object.take()).toBeNull();
  });

  test('reads and writes maps', () => {
    const object = opened();
    object.load();
    expect(object.lookup('notes', u32(5))).toBeNull();
    object.update('notes', u32(5), u64(9n));
    expect(object.lookup('notes', u32(5))).toEqual(u64(9n));
    expect(object.remove('notes', u32(5))).toBe(true);
    expect(object.remove('notes', u32(5))).toBe(false);
    expect(failureOf(() => object.lookup('notes', u64(5n))).code).toBe('EINVAL');
    expect(failureOf(() => object.lookup('nothing', u32(5))).code).toBe('ENOENT');
  });

  test('shares a ring with another object', () => {
    const owner = opened({ knobs: { ...ONLY_US, mark: u64(1n) } });
    owner.load();
    const second = opened({
      knobs: { ...ONLY_US, mark: u64(2n) },
      share: { events: owner, lost: owner },
    });
    second.load();
    owner.consume('events', RING, () => undefined);
    owner.attach('ticks_tp');
    tick(1);
    owner.detach();
    second.attach('ticks_tp');
    tick(1);
    second.detach();
    owner.stop();
    expect(marks(takeAll(owner))).toEqual([1n, 2n]);
  });

  test('keeps the verifier’s reason when it refuses a program', () => {
    const object = opened({ programs: ['ticks6_tp'] });
    const failure = failureOf(() => object.load());
    expect(failure.code).toBe('EACCES');
    expect(failure.errno).toBe(13);
    expect(failure.log).toContain('invalid mem access');
  });

  test('refuses knobs, programs and bytes that are none', () => {
    expect(failureOf(() => opened({ knobs: { nothing: u32(1) } })).code).toBe('ENOENT');
    expect(failureOf(() => opened({ knobs: { mark: u32(1) } })).code).toBe('EINVAL');
    expect(failureOf(() => opened({ programs: ['nothing'] }))).toMatchObject({
      code: 'ENOENT',
      subject: 'nothing',
    });
    expect(failureOf(() => new addon.BpfObject(new Uint8Array(100))).call).toBe('open');
    expect(() => new addon.BpfObject('text' as unknown as Uint8Array)).toThrow(
      'to be a Uint8Array',
    );
  });

  test('throws once closed, except for closing it again', () => {
    const object = opened();
    object.close();
    object.close();
    expect(() => object.load()).toThrow('it is closed');
    expect(() => opened({ share: { events: object } })).toThrow('of open BpfObjects');
  });
});
