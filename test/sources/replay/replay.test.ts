import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lastValueFrom, toArray } from 'rxjs';
import type { RouteEvent, RoutetapRecord } from '../../../core/event.js';
import { replayBatches } from '../../../sources/replay/replay.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const RECORDINGS = path.join(here, '..', '..', 'fixtures', 'recordings');
const RTMON = path.join(RECORDINGS, 'rtmon-basic.bin');
/** Snapshot; 10.1.0.0/16 added and replaced; 10.2.0.0/16 added and deleted; v0 set down. */
const OWN = path.join(RECORDINGS, 'basic.rtap');

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'routetap-replay-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function replay(file: string, warnings: string[] = []): Promise<RoutetapRecord[]> {
  const batches = replayBatches({ file, warn: (line) => warnings.push(line) });
  return (await lastValueFrom(batches.pipe(toArray()))).flat();
}

const write = async (bytes: Uint8Array): Promise<string> => {
  const file = path.join(folder, 'file');
  await writeFile(file, bytes);
  return file;
};

const isRoute = (record: RoutetapRecord): record is RouteEvent => record.type === 'route';

/** What the fixture holds about one prefix: added, replaced, deleted. */
const told = (records: readonly RoutetapRecord[]): string[] =>
  records
    .filter(isRoute)
    .filter(({ route }) => route.dst === '10.1.0.0/16')
    .map(({ probe, route }) => `${probe} ${route.nexthops[0]?.gateway} ${route.nexthops[0]?.dev}`);

const TOLD = ['add 10.0.0.2 v0', 'change 10.0.0.3 v0', 'delete 10.0.0.3 v0'];

/** The messages of an rtmon file with their times: `[seconds, microseconds, message]`. */
function rtmonMessages(file: Buffer): [number, number, Buffer][] {
  const messages: [number, number, Buffer][] = [];
  let stamp: [number, number] = [0, 0];
  for (let at = 0; at < file.length;) {
    const length = file.readUInt32LE(at);
    if (file.readUInt16LE(at + 4) === 15) {
      stamp = [file.readUInt32LE(at + 16), file.readUInt32LE(at + 20)];
    } else messages.push([...stamp, file.subarray(at, at + length)]);
    at += (length + 3) & ~3;
  }
  return messages;
}

/** A packet of an nlmon device: cooked header, then the message. */
function cooked(message: Uint8Array): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt16BE(4, 0);
  head.writeUInt16BE(824, 2);
  return Buffer.concat([head, message]);
}

/** A request as an nlmon device sees it before its notification. */
function asRequest(message: Buffer): Buffer {
  const request = Buffer.from(message);
  request.writeUInt16LE(0x605, 6);
  request.writeUInt32LE(0, 12);
  return request;
}

interface Order {
  readonly little: boolean;
  readonly nanoseconds: boolean;
}

function pcap(messages: readonly [number, number, Buffer][], order: Order, linktype = 253): Buffer {
  const u32 = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, i) =>
      order.little ? bytes.writeUInt32LE(value, 4 * i) : bytes.writeUInt32BE(value, 4 * i),
    );
    return bytes;
  };
  const version = order.little ? Buffer.from([2, 0, 4, 0]) : Buffer.from([0, 2, 0, 4]);
  const magic = order.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  return Buffer.concat([
    u32(magic),
    version,
    u32(0, 0, 65535, linktype),
    ...messages.flatMap(([seconds, microseconds, message]) => {
      const packet = cooked(message);
      const fraction = microseconds * (order.nanoseconds ? 1000 : 1);
      return [u32(seconds, fraction, packet.length, packet.length), packet];
    }),
  ]);
}

function pcapng(messages: readonly [number, number, Buffer][], linktype = 253): Buffer {
  const block = (type: number, ...body: readonly Buffer[]): Buffer => {
    const content = Buffer.concat(body);
    const padding = Buffer.alloc(-content.length & 3);
    const length = content.length + padding.length + 12;
    const edge = (...values: readonly number[]): Buffer =>
      Buffer.from(Uint32Array.from(values).buffer);
    return Buffer.concat([edge(type, length), content, padding, edge(length)]);
  };
  const words = (...values: readonly number[]): Buffer =>
    Buffer.from(Uint32Array.from(values).buffer);
  // if_tsresol 9: nanoseconds.
  const tsresol = Buffer.from([9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([
    block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff)),
    block(1, words(linktype, 0), tsresol),
    ...messages.map(([seconds, microseconds, message]) => {
      const packet = cooked(message);
      const ns = BigInt(seconds) * 1_000_000_000n + BigInt(microseconds) * 1000n;
      const high = Number(ns >> 32n);
      const low = Number(ns & 0xffffffffn);
      return block(6, words(0, high, low, packet.length, packet.length), packet);
    }),
  ]);
}

describe('a recording of routetap', () => {
  const inet = (records: readonly RoutetapRecord[]): string[] =>
    records
      .filter(isRoute)
      .filter(({ route }) => route.family === 'inet')
      .map(({ probe, inferred, cause, route }) =>
        [probe, inferred ? 'inferred' : 'announced', cause.kind, route.dst].join(' '),
      );

  test('tells its events again, the inferred ones too, between snapshot and stop', async () => {
    const records = await replay(OWN);
    const told = inet(records);
    expect(told.slice(0, 4)).toEqual([
      'add announced request 10.1.0.0/16',
      'change announced request 10.1.0.0/16',
      'add announced request 10.2.0.0/16',
      'delete announced request 10.2.0.0/16',
    ]);
    expect(told.slice(4).sort()).toEqual([
      'delete inferred link-down 10.0.0.0/24',
      'delete inferred link-down 10.0.0.255/32',
      'delete inferred link-down 10.1.0.0/16',
    ]);
    expect(records[0]).toMatchObject({ type: 'status', what: 'watching', host: 'r1' });
    expect(records.at(-1)).toMatchObject({ type: 'status', what: 'stop' });
    const snapshot = records.filter(
      (record) => record.type === 'status' && record.what === 'route',
    );
    expect(snapshot.length).toBeGreaterThan(2);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i + 1));
  });

  test('that was cut off tells the same up to there, and ends with a stop', async () => {
    const bytes = await readFile(OWN);
    const whole = await replay(OWN);
    const warnings: string[] = [];
    const cut = await replay(await write(bytes.subarray(0, bytes.length - 100)), warnings);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/ends inside a frame, \d+ bytes of it were left out$/);
    expect(cut.at(-1)).toMatchObject({ type: 'status', what: 'stop' });
    const events = inet(cut);
    expect(events).toEqual(inet(whole).slice(0, events.length));
    expect(events.length).toBeGreaterThan(3);
  });
});

describe('a file of rtmon', () => {
  test('is replayed as the events it holds, with its times and device names', async () => {
    const records = await replay(RTMON);
    expect(told(records)).toEqual(TOLD);
    const first = records.filter(isRoute).find(({ route }) => route.dst === '10.1.0.0/16');
    const [seconds, microseconds] = rtmonMessages(await readFile(RTMON)).find(([, , message]) =>
      message.includes(Buffer.from([10, 1, 0, 0])),
    ) ?? [0, 0];
    expect(first?.timeNs).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(microseconds) * 1000n);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i + 1));
  });

  test('that was cut off says where, and gives what is whole', async () => {
    const bytes = await readFile(RTMON);
    const warnings: string[] = [];
    const file = await write(bytes.subarray(0, bytes.length - 10));
    expect(told(await replay(file, warnings))).toEqual(TOLD);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /ends inside a record that begins at byte \d+, its \d+ bytes were left out$/,
    );
  });

  test('with something that is no message says where', async () => {
    const bytes = Buffer.concat([(await readFile(RTMON)).subarray(0, 24), Buffer.alloc(32)]);
    await expect(replay(await write(bytes))).rejects.toMatchObject({
      kind: 'runtime',
      message: 'rtmon file broken at byte 24: expected a netlink message, got length 0',
    });
  });
});

describe('a capture of an nlmon device', () => {
  test.each([
    [{ little: true, nanoseconds: false }],
    [{ little: true, nanoseconds: true }],
    [{ little: false, nanoseconds: false }],
    [{ little: false, nanoseconds: true }],
  ])('in pcap gives the same events as rtmon saw: %o', async (order) => {
    const messages = rtmonMessages(await readFile(RTMON));
    const records = await replay(await write(pcap(messages, order)));
    const expected = await replay(RTMON);
    const plain = (all: readonly RoutetapRecord[]) =>
      all.filter(isRoute).map(({ time, probe, route }) => ({ time, probe, route }));
    expect(plain(records)).toEqual(plain(expected));
    expect(plain(records).length).toBeGreaterThan(3);
  });

  test('in pcapng gives the same events as rtmon saw', async () => {
    const messages = rtmonMessages(await readFile(RTMON));
    expect(told(await replay(await write(pcapng(messages))))).toEqual(TOLD);
  });

  test('tells a notification once, though requests and copies for other listeners stand beside it', async () => {
    const messages = rtmonMessages(await readFile(RTMON)).flatMap(
      ([seconds, microseconds, message]): [number, number, Buffer][] => [
        [seconds, microseconds, asRequest(message)],
        [seconds, microseconds, message],
        [seconds, microseconds, message],
      ],
    );
    const file = await write(pcap(messages, { little: true, nanoseconds: false }));
    expect(told(await replay(file))).toEqual(TOLD);
  });

  test('of another kind of device is refused', async () => {
    const order = { little: true, nanoseconds: false };
    await expect(replay(await write(pcap([], order, 1)))).rejects.toThrow(
      'capture: expected link type 253 (netlink, from an nlmon device), got 1',
    );
    await expect(replay(await write(pcapng([], 1)))).rejects.toThrow(
      'capture: expected an interface of link type 253 (netlink, an nlmon device), got none',
    );
  });

  test('from a big-endian machine is refused in one line', async () => {
    const messages = rtmonMessages(await readFile(RTMON)).map(
      ([seconds, microseconds, message]): [number, number, Buffer] => {
        const swapped = Buffer.from(message);
        swapped.writeUInt32BE(message.length, 0);
        return [seconds, microseconds, swapped];
      },
    );
    await expect(
      replay(await write(pcap(messages, { little: false, nanoseconds: false }))),
    ).rejects.toThrow('expected little-endian netlink messages, got big-endian ones');
  });
});

describe('something else', () => {
  test.each([
    ['an empty file', ''],
    ['a short file', 'ab'],
    ['some text', 'Once upon a time there was a route.\n'],
  ])('is refused in one line: %s', async (_, text) => {
    await expect(replay(await write(Buffer.from(text)))).rejects.toMatchObject({
      kind: 'runtime',
      message: expect.stringMatching(
        /: expected a routetap recording, an rtmon file or a pcap of an nlmon device, got (an empty file|something else)$/,
      ),
    });
  });

  test('and what is not there is named with its errno', async () => {
    await expect(replay(path.join(folder, 'nothing'))).rejects.toMatchObject({
      kind: 'runtime',
      code: 'ENOENT',
    });
  });
});
