import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildProcess, PROCESS_SOURCE, readProcess } from '../../../core/attribution/process.js';

const fields = {
  pid: 4_194_303,
  uid: 4_294_967_294,
  source: PROCESS_SOURCE.OWNER_CHECK,
  comm: 'ip',
  exe: '/usr/sbin/ip',
  cgroup: '/system.slice/foo.service',
};

describe('a process payload', () => {
  test('comes back as it was built', () => {
    expect(readProcess(buildProcess(fields))).toEqual({
      pid: 4_194_303,
      tid: 4_194_303,
      comm: 'ip',
      uid: 4_294_967_294,
      exe: '/usr/sbin/ip',
      cgroup: '/system.slice/foo.service',
      unit: 'foo.service',
      container: null,
      confidence: 'portid',
    });
  });

  test('has null for what was not readable', () => {
    const read = readProcess(buildProcess({ ...fields, exe: null, cgroup: null }));
    expect(read).toMatchObject({ exe: null, cgroup: null, unit: null, container: null });
  });

  test('may carry the whole text of /proc/PID/cgroup', () => {
    const id = 'ab'.repeat(32);
    const cgroup = `3:cpu:/\n1:name=systemd:/docker/${id}\n0::/\n`;
    expect(readProcess(buildProcess({ ...fields, cgroup }))).toMatchObject({
      cgroup: `/docker/${id}`,
      container: id,
    });
  });

  test('keeps control characters, which are escaped where they are shown', () => {
    const comm = '\u001b[31mip\n';
    expect(readProcess(buildProcess({ ...fields, comm }))?.comm).toBe(comm);
  });

  test('never lets a NUL in one text shift the next', () => {
    const read = readProcess(buildProcess({ ...fields, comm: 'a\0/evil', exe: '/bin/a\0b' }));
    expect(read).toMatchObject({ comm: 'a', exe: '/bin/a', cgroup: '/system.slice/foo.service' });
  });

  test('reads at any offset of a larger buffer', () => {
    const payload = buildProcess(fields);
    const slab = new Uint8Array(payload.length + 64).fill(0xff);
    slab.set(payload, 33);
    expect(readProcess(slab.subarray(33, 33 + payload.length))).toEqual(readProcess(payload));
  });

  test('replaces bytes that are not UTF-8', () => {
    const payload = buildProcess(fields);
    payload.set([0xff, 0xfe], 12);
    expect(readProcess(payload)?.comm).toBe('\ufffd\ufffd');
  });

  test('is refused when it is cut inside the numbers or names pid 0', () => {
    const payload = buildProcess(fields);
    for (let length = 0; length < 12; length++)
      expect(readProcess(payload.subarray(0, length))).toBeNull();
    expect(readProcess(buildProcess({ ...fields, pid: 0 }))).toBeNull();
  });

  test('reads as far as it goes when cut inside the texts', () => {
    const payload = buildProcess(fields);
    expect(readProcess(payload.subarray(0, 13))).toMatchObject({
      comm: 'i',
      exe: null,
      cgroup: null,
    });
    expect(readProcess(payload.subarray(0, 15 + 4))).toMatchObject({ comm: 'ip', exe: '/usr' });
  });

  test('of any texts without NUL comes back', () => {
    const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', ''));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), text, text, (pid, comm, exe) => {
        const wellFormed = (value: string): string =>
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(value));
        expect(readProcess(buildProcess({ ...fields, pid, comm, exe }))).toMatchObject({
          pid,
          comm: wellFormed(comm),
          exe: exe === '' ? null : wellFormed(exe),
        });
      }),
    );
  });

  test('of any bytes does not throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = readProcess(bytes);
        expect(read === null || read.pid > 0).toBe(true);
      }),
    );
  });
});
