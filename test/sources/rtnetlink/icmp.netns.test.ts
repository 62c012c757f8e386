import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { FRAME_KIND, FRAME_TRUNCATED } from '../../../core/frame.js';
import { block, Catch, until, type Frame } from './frames.js';
import { cleanUp, Namespace } from './namespace.js';
import { isRedirected, redirect4, redirect6, Wire } from './redirect-sender.js';

const HEAD_BYTES = 24;
const ADDON = fileURLToPath(new URL('../../../build/rtnetlink.node', import.meta.url));

const open: Catch[] = [];
function caught(...options: ConstructorParameters<typeof Catch>): Catch {
  const made = new Catch(...options);
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const one of open.splice(0)) {
    await one.reader.close();
    expect(one.errors).toEqual([]);
  }
  cleanUp();
});

const read = ({ payload }: Frame): Record<string, unknown> => ({
  family: payload.readUInt32LE(0),
  ifindex: payload.readUInt32LE(4),
  sender: payload.toString('hex', 8, HEAD_BYTES),
  message: payload.toString('hex', HEAD_BYTES),
});

const SENDER4 = '0a070002'.padEnd(32, '0');
const SENDER6 = 'fe80'.padEnd(31, '0') + '2';
/** Has a place for the checksum, which the sender's kernel fills in. */
const unsummed = (message: string): string => `${message.slice(0, 4)}0000${message.slice(8)}`;

describe("the reader's ICMP sockets", () => {
  test('bring the redirects a namespace receives, byte for byte, and nothing else', async () => {
    const wire = new Wire();
    const one = caught();
    expect(one.reader.addZone(3, wire.here.path, null, { icmp: true }).icmp).toEqual({
      inet: true,
      inet6: true,
      code: null,
    });
    const redirect = redirect4('10.7.0.3', '203.0.113.9');
    const other = (type: number): Buffer => Buffer.concat([Uint8Array.of(type), Buffer.alloc(35)]);
    const after = redirect4('10.7.0.3', '203.0.113.10');
    wire.send([
      ...[0, 3, 8, 11, 137].map((type) => ({ to: '10.7.0.1' as const, bytes: other(type) })),
      { to: '10.7.0.255', bytes: redirect },
      { to: '10.7.0.1', bytes: redirect },
      { to: '10.7.0.1', bytes: after, options: Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0) },
      ...[5, 1, 135, 136].map((type) => ({ to: 'fe80::1' as const, bytes: other(type) })),
      { to: 'fe80::1', bytes: redirect6() },
    ]);
    await until(() => one.of(FRAME_KIND.ICMP).length >= 3);
    const frames = one.of(FRAME_KIND.ICMP);
    const { ifindex } = wire;
    expect(frames.slice(0, 2).map(read)).toEqual([
      { family: 2, ifindex, sender: SENDER4, message: redirect.toString('hex') },
      { family: 2, ifindex, sender: SENDER4, message: after.toString('hex') },
    ]);
    const six = read(frames[2]!);
    expect({ ...six, message: unsummed(String(six['message'])) }).toEqual({
      family: 10,
      ifindex,
      sender: SENDER6,
      message: redirect6().toString('hex'),
    });
    expect(frames.map(({ zone, flags }) => [zone, flags])).toEqual([
      [3, 0],
      [3, 0],
      [3, 0],
    ]);
    expect(one.reader.stats()).toMatchObject({ icmpMessages: 3, icmpDropped: 0, lostMessages: 0 });
  });

  test('cut a message at 1280 bytes and say so', async () => {
    const wire = new Wire();
    const one = caught();
    one.reader.addZone(1, wire.here.path, null, { icmp: true });
    const redirect = redirect4('10.7.0.3', '203.0.113.9');
    const grown = (length: number): Buffer =>
      Buffer.concat([redirect, Buffer.alloc(length - redirect.length, 0xa5)]);
    wire.send([
      { to: '10.7.0.1', bytes: grown(1280) },
      { to: '10.7.0.1', bytes: grown(1281) },
      { to: '10.7.0.1', bytes: redirect.subarray(0, 2) },
    ]);
    await until(() => one.of(FRAME_KIND.ICMP).length >= 3);
    const frames = one.of(FRAME_KIND.ICMP);
    expect(frames.map(({ payload, flags }) => [payload.length - HEAD_BYTES, flags])).toEqual([
      [1280, 0],
      [1280, FRAME_TRUNCATED],
      [2, 0],
    ]);
    expect(frames[1]?.payload.subarray(HEAD_BYTES)).toEqual(grown(1280));
  });

  test('make the kernel take no redirect it would not take without them', async () => {
    const wire = new Wire();
    const one = caught();
    const sockets = one.reader.addZone(1, wire.here.path, null, { icmp: true }).icmp;
    expect(sockets).toMatchObject({ inet: true, inet6: true });
    // Both gateways are known, so that the first redirect counts.
    for (const to of ['10.7.0.2', '10.7.0.3'])
      wire.here.ip(`neigh replace ${to} dev v0 lladdr ${wire.address}`);
    const ofPing = redirect4('10.7.0.3', '203.0.113.9', 8);
    wire.send([{ to: '10.7.0.1', bytes: ofPing }]);
    await until(() => one.of(FRAME_KIND.ICMP).length === 1);
    expect(isRedirected(wire, '203.0.113.9')).toBe(false);
    // What would have happened: a raw ICMP socket counts as the sender of a ping.
    const raw = spawn('ip', ['netns', 'exec', wire.here.name, 'python3', '-c', RAW_SOCKET]);
    try {
      await once(raw.stdout, 'data');
      wire.send([{ to: '10.7.0.1', bytes: ofPing }]);
      await until(() => isRedirected(wire, '203.0.113.9'));
    } finally {
      raw.kill();
    }
  });

  test('count what their small buffers cannot hold while JavaScript is blocked', async () => {
    const wire = new Wire();
    const one = caught({ slabs: 2, slabBytes: 128 << 10 });
    one.reader.addZone(1, wire.here.path, null, { icmp: true });
    const before = wire.received();
    wire.send([{ to: '10.7.0.1', times: 6000, bytes: redirect4('10.7.0.3', '203.0.113.9') }]);
    block(50);
    const sent = wire.received() - before;
    const counted = (): number => {
      const { icmpMessages, icmpDropped } = one.reader.stats();
      return icmpMessages + icmpDropped;
    };
    await until(
      () =>
        one.of(FRAME_KIND.ICMP).length === one.reader.stats().icmpMessages && counted() === sent,
    );
    expect(one.reader.stats().icmpDropped).toBeGreaterThan(0);
    expect(one.reader.stats().lostMessages).toBe(0);
    wire.here.ip('route add 10.8.0.0/16 dev lo');
    await one.settle(1);
    expect(one.of(FRAME_KIND.LOSS)).toEqual([]);
  });

  test('are closed with their zone, and hold no namespace then', async () => {
    const wire = new Wire();
    const one = caught();
    one.reader.addZone(1, wire.here.path, null, { icmp: true });
    wire.here.delete();
    // Still held: the other end of the wire is there.
    expect(wire.there.ip('link show')).toContain('v1@');
    one.reader.removeZone(1);
    await until(() => !wire.there.ip('link show').includes('v1@'));
    expect(existsSync(wire.here.path)).toBe(false);
  });

  test('are not opened unless asked for', async () => {
    const wire = new Wire();
    const one = caught();
    expect(one.reader.addZone(1, wire.here.path, null).icmp).toBeNull();
    wire.send([{ to: '10.7.0.1', bytes: redirect4('10.7.0.3', '203.0.113.9') }]);
    expect(wire.received()).toBeGreaterThan(0);
    wire.here.ip('route add 10.8.0.0/16 dev lo');
    await one.settle(1);
    expect(one.of(FRAME_KIND.ICMP)).toEqual([]);
  });

  test('without CAP_NET_RAW are missing, and routes are read all the same', async () => {
    const namespace = new Namespace();
    const code = `
      const { Reader } = require(${JSON.stringify(ADDON)});
      const options = { groups: Int32Array.of(7), receiveBufferBytes: 1 << 20, slabBytes: 1 << 17, slabs: 4,
        coalesceUs: 1000, seeProcesses: false };
      const reader = new Reader(options, () => {});
      console.log(JSON.stringify(reader.addZone(1, null, null, true).icmp));
      reader.close();`;
    const child = spawn('ip', [
      ...[
        'netns',
        'exec',
        namespace.name,
        'setpriv',
        '--bounding-set=-net_raw',
        '--inh-caps=-net_raw',
      ],
      ...[process.execPath, '-e', code],
    ]);
    let said = '';
    child.stdout.on('data', (text) => (said += String(text)));
    await once(child, 'close');
    expect(JSON.parse(said)).toEqual({ inet: false, inet6: false, errno: 1 });
  });
});

const RAW_SOCKET = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
print("open", flush=True)
time.sleep(60)`;
