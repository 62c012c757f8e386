import { afterEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { FRAME_KIND } from '../../../core/frame.js';
import { Catch, block, messageTypes, routeDump, RTM, until } from './frames.js';
import { cleanUp, hostRoutes, Namespace } from './namespace.js';

const NLMSG_DONE = 3;
const openFds = (): number => readdirSync('/proc/self/fd').length;

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

describe('a live reader', () => {
  test('brings what happens in a namespace, stamped with the time it came', async () => {
    const namespace = new Namespace();
    const one = caught();
    one.reader.addZone(7, namespace.path, null);
    const before = BigInt(Date.now()) * 1_000_000n;
    namespace.ip('route add 10.1.0.0/16 dev lo');
    namespace.ip('route del 10.1.0.0/16 dev lo');
    await one.settle(7);
    const adds = one.messages(RTM.NEWROUTE, 7);
    expect(adds).toHaveLength(1);
    expect(one.messages(RTM.DELROUTE, 7)).toHaveLength(1);
    expect(one.of(FRAME_KIND.DATAGRAM).every((frame) => frame.portid === 0)).toBe(true);
    const time = adds[0]?.timeNs ?? 0n;
    expect(time >= before - 1_000_000_000n).toBe(true);
    expect(time <= BigInt(Date.now() + 1000) * 1_000_000n).toBe(true);
    expect(one.reader.stats()).toMatchObject({ lostMessages: 0 });
    expect(one.reader.stats().receivedMessages).toBe(one.of(FRAME_KIND.DATAGRAM).length);
  });

  test('says who the namespace is', () => {
    const namespace = new Namespace();
    const { reader } = caught();
    const there = reader.addZone(1, namespace.path, null);
    const own = reader.addZone(2, null, null);
    expect(there.inode).toBe(statSync(namespace.path).ino);
    expect(own.inode).toBe(statSync('/proc/self/ns/net').ino);
    expect(BigInt(there.cookie)).toBeGreaterThan(BigInt(own.cookie));
  });

  test('keeps two zones apart', async () => {
    const [first, second] = [new Namespace(), new Namespace()];
    const one = caught();
    one.reader.addZone(1, first.path, null);
    one.reader.addZone(2, second.path, null);
    first.batch(hostRoutes('add', 30));
    second.batch(hostRoutes('add', 50));
    await one.settle(1);
    await one.settle(2);
    expect(one.messages(RTM.NEWROUTE, 1)).toHaveLength(30);
    expect(one.messages(RTM.NEWROUTE, 2)).toHaveLength(50);
  });

  test('believes the kernel alone', async () => {
    const namespace = new Namespace();
    const one = caught();
    one.reader.addZone(1, namespace.path, null);
    // The first netlink socket of a process in a namespace has its pid as port id.
    const forge = `
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0, 0))
s.sendto(struct.pack("=IHHII", 16, ${RTM.NEWROUTE}, 0, 0, 0), (${process.pid}, 0))`;
    execFileSync('ip', ['netns', 'exec', namespace.name, 'python3', '-c', forge]);
    namespace.ip('route add 10.1.0.0/16 dev lo');
    await one.settle(1);
    expect(one.messages(RTM.NEWROUTE)).toHaveLength(1);
    expect(one.messages(RTM.NEWROUTE)[0]?.payload.length).toBeGreaterThan(16);
    expect(one.reader.stats().receivedMessages).toBe(one.of(FRAME_KIND.DATAGRAM).length);
  });

  test('counts exactly what a full buffer loses while JavaScript is blocked', async () => {
    const namespace = new Namespace();
    const one = caught({ receiveBufferBytes: 16 << 10, slabs: 2, slabBytes: 128 << 10 });
    one.reader.addZone(1, namespace.path, null);
    const count = 6000;
    // execFileSync blocks this thread: nothing is taken out of the two slabs meanwhile.
    namespace.batch(hostRoutes('add', count));
    block(50);
    await one.settle(1);
    const delivered = one.messages(RTM.NEWROUTE).length;
    expect(one.lost()).toBeGreaterThan(0);
    expect(delivered + one.lost()).toBe(count);
    expect(one.reader.stats().lostMessages).toBe(one.lost());
    // The socket lives on.
    namespace.ip('route add 192.0.2.0/24 dev lo');
    await one.settle(1);
    expect(one.messages(RTM.NEWROUTE)).toHaveLength(delivered + 1);
  });

  test('loses nothing when the kernel holds what the slabs cannot', async () => {
    const namespace = new Namespace();
    const one = caught({ slabs: 2, slabBytes: 128 << 10 });
    one.reader.addZone(1, namespace.path, null);
    namespace.batch(hostRoutes('add', 5000));
    await one.settle(1);
    expect(one.messages(RTM.NEWROUTE)).toHaveLength(5000);
    expect(one.lost()).toBe(0);
    await until(() => one.reader.stats().slabsInUse === 0);
  });

  test('puts everything that happened before a barrier in front of it', async () => {
    const namespace = new Namespace();
    const one = caught();
    one.reader.addZone(1, namespace.path, null);
    for (let round = 1; round <= 20; round++) {
      namespace.batch(hostRoutes(round % 2 === 1 ? 'add' : 'del', 25));
      one.reader.barrier(1, round);
    }
    await until(() => one.barriers(1, 20) === 1);
    const seen = one.frames.filter((f) => f.kind === FRAME_KIND.BARRIER).map((f) => f.value);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    let before = 0;
    for (const frame of one.frames) {
      if (frame.kind === FRAME_KIND.BARRIER)
        expect(before).toBeGreaterThanOrEqual(frame.value * 25);
      else if (frame.kind === FRAME_KIND.DATAGRAM) before += 1;
    }
  });

  test('brings a dump between the barriers asked around it', async () => {
    const namespace = new Namespace();
    namespace.batch(hostRoutes('add', 3000));
    const one = caught();
    one.reader.addZone(1, namespace.path, null);
    one.reader.barrier(1, 11);
    one.reader.query(1, 12, routeDump(5));
    one.reader.query(1, 13, routeDump(6));
    one.reader.barrier(1, 14);
    await until(() => one.barriers(1, 14) === 1);
    const kinds = one.frames.map((frame) => [frame.kind, frame.value]);
    expect(kinds[0]).toEqual([FRAME_KIND.BARRIER, 11]);
    expect(kinds.at(-1)).toEqual([FRAME_KIND.BARRIER, 14]);
    for (const token of [12, 13]) {
      const replies = one.of(FRAME_KIND.REPLY).filter((frame) => frame.value === token);
      const types = replies.flatMap((frame) => messageTypes(frame.payload));
      // 3000 of ours and what the kernel keeps for lo.
      expect(types.filter((type) => type === RTM.NEWROUTE).length).toBeGreaterThanOrEqual(3000);
      expect(types.at(-1)).toBe(NLMSG_DONE);
    }
  });

  test('brings a dump larger than all slabs together', async () => {
    const namespace = new Namespace();
    namespace.batch(hostRoutes('add', 20_000));
    const one = caught({ slabs: 2, slabBytes: 128 << 10 });
    one.reader.addZone(1, namespace.path, null);
    one.reader.query(1, 3, routeDump(1));
    await one.settle(1);
    const replies = one.of(FRAME_KIND.REPLY);
    expect(replies.reduce((sum, frame) => sum + frame.payload.length, 0)).toBeGreaterThan(
      512 << 10,
    );
    const types = replies.flatMap((frame) => messageTypes(frame.payload));
    expect(types.filter((type) => type === RTM.NEWROUTE).length).toBeGreaterThanOrEqual(20_000);
    expect(types.at(-1)).toBe(NLMSG_DONE);
  });

  test('says which query or barrier it could not serve', async () => {
    const one = caught();
    one.reader.query(9, 4, routeDump(1));
    one.reader.barrier(9, 5);
    await until(() => one.of(FRAME_KIND.QUERY_FAILED).length === 2);
    expect(one.frames.map(({ zone, value, extra }) => ({ zone, value, extra }))).toEqual([
      { zone: 9, value: 4, extra: 19 },
      { zone: 9, value: 5, extra: 19 },
    ]);
  });

  test('lets go of a namespace when its zone is removed', async () => {
    const namespace = new Namespace();
    namespace.ip('link add v0 type veth peer name v1');
    const other = new Namespace();
    namespace.ip(`link set v1 netns ${other.name}`);
    const one = caught();
    one.reader.addZone(1, namespace.path, null);
    namespace.delete();
    await sleep(300);
    // Our sockets hold the namespace, so v1 is still there.
    expect(other.ip('link show')).toContain('v1@');
    one.reader.removeZone(1);
    one.reader.removeZone(1);
    await until(() => !other.ip('link show').includes('v1@'));
    expect(existsSync(namespace.path)).toBe(false);
  });

  test('takes the number of a removed zone again', async () => {
    const [first, second] = [new Namespace(), new Namespace()];
    const one = caught();
    one.reader.addZone(1, first.path, null);
    one.reader.removeZone(1);
    one.reader.addZone(1, second.path, null);
    second.ip('route add 10.0.0.0/8 dev lo');
    first.ip('route add 10.0.0.0/8 dev lo');
    await one.settle(1);
    expect(one.messages(RTM.NEWROUTE)).toHaveLength(1);
  });

  test('names the errno of what the kernel refuses', () => {
    const namespace = new Namespace();
    const { reader } = caught();
    reader.addZone(1, namespace.path, null);
    const refusals: [() => void, string][] = [
      [() => reader.addZone(2, '/run/netns/no-such-namespace', null), 'ENOENT'],
      [() => reader.addZone(2, '/proc/self/ns/uts', null), 'EINVAL'],
      [() => reader.addZone(2, '/proc/self/status', null), 'EINVAL'],
      [() => reader.addZone(1, namespace.path, null), 'EEXIST'],
      [() => reader.addZone(2, namespace.path, new Uint8Array(8).fill(255)), 'EINVAL'],
      [() => reader.setFilter(1, new Uint8Array(8).fill(255)), 'EINVAL'],
      [() => reader.setFilter(5, null), 'ENODEV'],
    ];
    for (const [attempt, code] of refusals) {
      expect(attempt).toThrow(expect.objectContaining({ name: 'RoutetapError', code }));
    }
  });

  test('asks for patience between slabs and waits', async () => {
    const namespace = new Namespace();
    let release: (() => void) | null = null;
    let asked = 0;
    const one = caught({
      patience: () => {
        asked += 1;
        if (asked > 1) return null;
        return new Promise((resolve) => {
          release = resolve;
        });
      },
    });
    one.reader.addZone(1, namespace.path, null);
    namespace.ip('route add 10.1.0.0/16 dev lo');
    await until(() => one.messages(RTM.NEWROUTE).length === 1);
    namespace.ip('route add 10.2.0.0/16 dev lo');
    await until(() => one.reader.stats().slabsInUse > 0);
    await sleep(100);
    expect(one.messages(RTM.NEWROUTE)).toHaveLength(1);
    (release as (() => void) | null)?.();
    await until(() => one.messages(RTM.NEWROUTE).length === 2);
  });

  test('tells what onBatch threw and goes on', async () => {
    const namespace = new Namespace();
    const errors: string[] = [];
    let batches = 0;
    const one = caught({
      onBatch: () => {
        batches += 1;
        throw new Error(`batch ${batches}`);
      },
      onError: (error) => errors.push(error.message),
    });
    one.reader.addZone(1, namespace.path, null);
    namespace.ip('route add 10.1.0.0/16 dev lo');
    await until(() => errors.includes('batch 1'));
    namespace.ip('route add 10.2.0.0/16 dev lo');
    await until(() => errors.includes('batch 2'));
  });

  test('closes inside onBatch with the bytes still there, and again without harm', async () => {
    const namespace = new Namespace();
    const sums: number[] = [];
    const one: Catch = caught({
      onBatch: (bytes) => {
        void one.reader.close();
        sums.push(bytes.reduce((sum, byte) => sum + byte, 0));
      },
    });
    one.reader.addZone(1, namespace.path, null);
    namespace.ip('route add 10.1.0.0/16 dev lo');
    await until(() => sums.length === 1);
    await one.reader.close();
    expect(sums[0]).toBeGreaterThan(0);
    expect(one.reader.stats().receivedMessages).toBeGreaterThan(0);
    one.reader.removeZone(1);
    one.reader.query(1, 1, routeDump(1));
    one.reader.barrier(1, 1);
    expect(() => one.reader.addZone(2, namespace.path, null)).toThrow('is closed');
  });

  test('closes amid a flood, and two hundred times leave no descriptor behind', async () => {
    const namespace = new Namespace();
    await new Catch().reader.close();
    const before = openFds();
    for (let round = 0; round < 200; round++) {
      const one = new Catch();
      one.reader.addZone(1, namespace.path, null);
      one.reader.query(1, 1, routeDump(1));
      if (round % 20 === 0) namespace.batch(hostRoutes(round % 40 === 0 ? 'add' : 'del', 500));
      await one.reader.close();
      expect(one.errors).toEqual([]);
    }
    expect(openFds()).toBe(before);
  });
});
