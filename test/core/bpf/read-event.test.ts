import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errnoName } from '../../../core/bpf/errno.js';
import { RT_EVENT_BYTES, RT_REASON } from '../../../core/bpf/layout.gen.js';
import { BpfEvent, eachEvent } from '../../../core/bpf/read-event.js';
import { reasonText } from '../../../core/bpf/reasons.js';
import { joined } from '../wire/build.js';
import { bpfRecord, type EventSpec } from './event.js';

function read(spec: EventSpec, offsetNs = 0n): BpfEvent {
  const bytes = joined(new Uint8Array(8), bpfRecord(spec));
  return new BpfEvent(bytes, new DataView(bytes.buffer), 8, offsetNs);
}

describe('a record of the ring', () => {
  test('tells its time as wall clock', () => {
    expect(read({ kind: 'miss', time_ns: 5n }, 1_000_000_000_000n).timeNs).toBe(1_000_000_000_005n);
    expect(read({ kind: 'miss', time_ns: 5n }, -3n).timeNs).toBe(2n);
  });

  test('has IPv4 addresses in the first four bytes, IPv6 ones in all', () => {
    const inet = read({ kind: 'miss', family: 2, dst: '10.1.2.3' });
    expect([inet.family, inet.address('dst'), inet.address('src')]).toEqual([
      'inet',
      '10.1.2.3',
      '0.0.0.0',
    ]);
    expect(inet.addressOrNull('src')).toBeNull();
    expect(inet.addressBytes('dst')).toEqual(Uint8Array.of(10, 1, 2, 3));
    const inet6 = read({ kind: 'miss', family: 10, dst: '2001:db8::1' });
    expect([inet6.family, inet6.address('dst'), inet6.address('src')]).toEqual([
      'inet6',
      '2001:db8::1',
      '::',
    ]);
    expect(read({ kind: 'miss', family: 17 }).family).toBeNull();
  });

  test('names the mechanism that saw it, and none it does not know', () => {
    const of = (mechanism: number): unknown => read({ kind: 'miss', mechanism }).provenance;
    expect([0, 1, 2, 3].map(of)).toEqual(['tracepoint', 'fentry', 'kprobe', null]);
  });

  test('gives kernel addresses whole', () => {
    expect(read({ kind: 'miss', addr: 0xffff_8881_0a3c_1040n }).kernelAddress).toBe(
      '0xffff88810a3c1040',
    );
    expect(read({ kind: 'miss' }).kernelAddress).toBe('0x0');
  });

  test('ends a name at its NUL or its last byte, whatever bytes it is made of', () => {
    const of = (task_comm: string | Uint8Array): string => read({ kind: 'miss', task_comm }).comm;
    expect(of('ip\0left over')).toBe('ip');
    expect(of('0123456789abcdef')).toBe('0123456789abcdef');
    expect(of(Uint8Array.of(0x1b, 0x5b, 0x32, 0x4a, 0))).toBe('\u001b[2J');
    expect(of(new Uint8Array(16).fill(0xff))).toBe('\ufffd'.repeat(16));
  });

  test('never reads more of a message than there is room for', () => {
    const message = new Uint8Array(192).fill(7);
    const of = (message_len: number): number =>
      read({ kind: 'refused', message, message_len }).message.length;
    expect([0, 16, 192, 65_535].map(of)).toEqual([0, 16, 192, 192]);
  });

  test('keeps what it says when its batch is used again', () => {
    const bytes = bpfRecord({ kind: 'miss', family: 2, dst: '10.1.2.3', time_ns: 9n });
    const kept = new BpfEvent(bytes, new DataView(bytes.buffer), 0, 1n).copy();
    bytes.fill(0);
    expect([kept.address('dst'), kept.timeNs]).toEqual(['10.1.2.3', 10n]);
  });

  test('is never read from bytes that hold only a part of it', () => {
    fc.assert(
      fc.property(fc.nat(3 * RT_EVENT_BYTES), (length) => {
        const bytes = new Uint8Array(length);
        let count = 0;
        const rest = eachEvent(bytes, new DataView(bytes.buffer), 0, length, 0n, (event) => {
          count++;
          return [event.comm, event.message, event.extack, event.address('author')];
        });
        expect(count * RT_EVENT_BYTES + rest).toBe(length);
        expect(rest).toBeLessThan(RT_EVENT_BYTES);
      }),
    );
  });
});

describe('numbers in words', () => {
  test('are errnos by name, whatever their sign, and unknown ones as they are', () => {
    expect([101, -113, 17, 1, 133, 110, 95, 40, 61].map(errnoName)).toEqual([
      'ENETUNREACH',
      'EHOSTUNREACH',
      'EEXIST',
      'EPERM',
      'EHWPOISON',
      'ETIMEDOUT',
      'EOPNOTSUPP',
      'ELOOP',
      'ENODATA',
    ]);
    expect([-524, 41, 4_000].map(errnoName)).toEqual(['524', '41', '4000']);
  });

  test('are reasons, each with its own', () => {
    const words = Object.values(RT_REASON).map(reasonText);
    expect(words[0]).toBeNull();
    expect(new Set(words).size).toBe(words.length);
    expect(words.some((word) => word?.startsWith('reason '))).toBe(false);
    expect(reasonText(200)).toBe('reason 200');
  });
});
