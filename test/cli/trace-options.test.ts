import { describe, expect, test } from '@jest/globals';
import { readTraceOptions, type TraceFlags } from '../../cli/trace-options.js';
import { RoutetapError } from '../../core/errors.js';

function refusal(flags: TraceFlags, command: readonly string[] = []): string {
  try {
    readTraceOptions(command, flags);
  } catch (error) {
    if (error instanceof RoutetapError && error.kind === 'usage') return error.message;
    throw error;
  }
  throw new Error('expected a usage error, got none');
}

describe('options of trace', () => {
  test('without any is everything of this namespace, by the best mechanism', () => {
    expect(readTraceOptions([], {})).toEqual({
      dst: null,
      src: null,
      pid: null,
      dev: null,
      zone: null,
      way: null,
      follow: null,
      isExplained: false,
      isJson: false,
      save: null,
      load: null,
      mechanisms: ['fentry', 'kprobe', 'tracepoint'],
      count: null,
      durationMs: null,
      isQuiet: false,
      isVerbose: false,
      command: [],
    });
  });

  test('an address is a prefix as long as it is, and host bits of a prefix do not count', () => {
    const { dst, src } = readTraceOptions([], { dst: '10.1.2.3/16', src: '192.0.2.1' });
    expect(dst).toEqual({ address: Uint8Array.of(10, 1, 0, 0), length: 16 });
    expect(src).toEqual({ address: Uint8Array.of(192, 0, 2, 1), length: 32 });
    expect(readTraceOptions([], { dst: '2001:db8::1' }).dst?.length).toBe(128);
  });

  test('a mechanism stands alone; require is what auto is', () => {
    expect(readTraceOptions([], { bpf: 'kprobe' }).mechanisms).toEqual(['kprobe']);
    expect(readTraceOptions([], { bpf: 'require' })).toEqual(readTraceOptions([], {}));
  });

  test('numbers and times are read', () => {
    const flags = { count: '3', duration: '1.5s', pid: String(process.pid), input: true };
    expect(readTraceOptions([], flags)).toMatchObject({
      count: 3,
      durationMs: 1500,
      pid: process.pid,
      way: 'input',
    });
  });

  test.each<[TraceFlags, string]>([
    [{ dst: 'x' }, '--dst: expected an IPv4 or IPv6 address or prefix, got "x"'],
    [{ dst: 'default' }, '--dst: expected an IPv4 or IPv6 address or prefix, got "default"'],
    [{ src: '10.0.0.0/33' }, '--src: expected an IPv4 or IPv6 address or prefix'],
    [
      { dst: '10.0.0.1', src: '2001:db8::/32' },
      '--src: expected an IPv4 address or prefix as --dst, got "2001:db8::/32"',
    ],
    [{ dst: '::1', src: '10.0.0.1' }, '--src: expected an IPv6 address or prefix as --dst'],
    [{ input: true, output: true }, '--output: expected no --input beside it, got both'],
    [
      { follow: 'fib_table_lokup' },
      '--follow: expected a function of the route lookup, got "fib_table_lokup" (did you mean fib_table_lookup?)',
    ],
    [{ follow: '' }, '--follow: expected a function of the route lookup, got ""'],
    [{ pid: '0' }, '--pid: expected a whole number, at least 1, got "0"'],
    [{ pid: '999999999' }, '--pid: expected a process that runs, got "999999999"'],
    [{ bpf: 'off' }, '--bpf: expected auto, require, fentry, kprobe or tracepoint, got "off"'],
    [{ bpf: 'kprob' }, '(did you mean kprobe?)'],
    [{ dev: 'a/b' }, '--dev: expected an interface name'],
    [{ zone: '' }, '--zone: expected a namespace name, all or self, got ""'],
    [{ count: '0' }, '--count: expected a whole number, at least 1, got "0"'],
    [{ duration: '5' }, '--duration: expected a time like'],
    [{ save: '' }, '--save: expected a file, got ""'],
    [{ load: 'f', pid: '1' }, '--load: expected no --pid beside it, got both'],
    [{ load: 'f', save: 'g' }, '--load: expected no --save beside it, got both'],
    [{ load: 'f', bpf: 'auto' }, '--load: expected no --bpf beside it, got both'],
    [{ load: 'f', duration: '1s' }, '--load: expected no --duration beside it, got both'],
  ])('%j is refused in one line', (flags, words) => {
    const line = refusal(flags);
    expect(line).toContain(words);
    expect(line).not.toContain('\n');
  });

  test('a command stands beside no --pid and no --load', () => {
    expect(refusal({ pid: '1' }, ['nc'])).toBe('--pid: expected no command beside it, got both');
    expect(refusal({ load: 'f' }, ['nc'])).toBe('--load: expected no command beside it, got both');
  });

  test('an address in the place of a command is told where it belongs', () => {
    expect(refusal({}, ['10.0.0.1'])).toBe(
      'trace: expected a command, got the address 10.0.0.1 (--dst 10.0.0.1?)',
    );
    expect(readTraceOptions(['nc', '10.0.0.1'], {}).command).toEqual(['nc', '10.0.0.1']);
  });
});
