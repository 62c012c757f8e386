import { describe, expect, test } from '@jest/globals';
import { byteSize, duration, integer, oneOf, readOptions, yesNo } from '../../sinks/options.js';
import { parseSpec } from '../../sinks/spec.js';
import { parseDestination } from '../../sinks/syslog/destination.js';

describe('parseSpec', () => {
  test.each([
    ['stdout', 'stdout', '', {}],
    ['stdout:?format=json', 'stdout', '', { format: 'json' }],
    [
      'file:/var/log/a b.jsonl?rotate=100M&keep=7',
      'file',
      '/var/log/a b.jsonl',
      { rotate: '100M', keep: '7' },
    ],
    ['file:x?format=te%78t', 'file', 'x', { format: 'text' }],
    ['syslog:', 'syslog', 'syslog:', {}],
    ['syslog:/run/log?facility=daemon', 'syslog', 'syslog:/run/log', { facility: 'daemon' }],
    ['syslog+udp://h:514', 'syslog', 'syslog+udp://h:514', {}],
    ['./my-sink.js?x=y', 'module', './my-sink.js', { x: 'y' }],
    ['/opt/sink.js', 'module', '/opt/sink.js', {}],
    ['@scope/sink', 'module', '@scope/sink', {}],
    ['some-sink/kafka?a=1&b=', 'module', 'some-sink/kafka', { a: '1', b: '' }],
  ])('reads %s', (spec, sink, target, options) => {
    expect(parseSpec(spec)).toEqual({ sink, target, options });
  });

  test.each([
    ['file:', 'expected file:PATH, got "file:"'],
    ['sylog:', 'did you mean syslog?'],
    ['kafka:topic', 'no sink "kafka:topic"'],
    ['', 'expected stdout, file:PATH'],
    ['file:x?rotate', 'expected name=value after "?", got "rotate"'],
    ['file:x?keep=1&keep=2', '"keep" given twice'],
    ['file:x?keep=%zz', 'percent-encoded'],
    ['bad\u001b[31m:x', '"bad\\x1b[31m:x"'],
  ])('refuses %j in one line', (spec, part) => {
    expect(() => parseSpec(spec)).toThrow(
      expect.objectContaining({ name: 'RoutetapError', kind: 'usage' }),
    );
    expect(() => parseSpec(spec)).toThrow(part);
    expect(() => parseSpec(spec)).not.toThrow('\n');
  });
});

describe('readOptions', () => {
  const table = {
    rotate: byteSize(1024),
    keep: integer(1, 99),
    gzip: yesNo,
    every: duration,
    format: oneOf('json', 'text'),
  };
  const read = (options: Record<string, string>) => readOptions('file', table, options);

  test('reads sizes, counts, words and times', () => {
    expect(read({ rotate: '100M', keep: '7', gzip: 'no', every: '1d', format: 'text' })).toEqual({
      rotate: 104_857_600,
      keep: 7,
      gzip: false,
      every: 86_400_000,
      format: 'text',
    });
    expect(read({ rotate: '2k' }).rotate).toBe(2048);
    expect(read({ rotate: '1g' }).rotate).toBe(1024 ** 3);
  });

  test.each([
    [{ rotat: '1M' }, 'sink file: no option "rotat" (did you mean rotate?): expected rotate, keep'],
    [
      { rotate: '1T' },
      'sink file: rotate must be a size like 100M (k, M, G; 1024 to 1099511627776 bytes), got "1T"',
    ],
    [{ rotate: '1' }, 'got "1"'],
    [{ keep: '0' }, 'sink file: keep must be a whole number from 1 to 99, got "0"'],
    [{ keep: '1.5' }, 'got "1.5"'],
    [{ gzip: 'maybe' }, 'sink file: gzip must be one of yes, no, got "maybe"'],
    [{ every: '1w' }, 'got "1w"'],
    [{ constructor: 'x' }, 'no option "constructor"'],
  ] as [Record<string, string>, string][])('refuses %j', (options, message) => {
    expect(() => read(options)).toThrow(message);
  });
});

describe('parseDestination', () => {
  test.each([
    ['syslog:', { transport: 'unix', path: '/dev/log' }],
    ['syslog:/run/x', { transport: 'unix', path: '/run/x' }],
    ['syslog+udp://log.example', { transport: 'udp', host: 'log.example', port: 514 }],
    ['syslog+tcp://192.0.2.1:6514', { transport: 'tcp', host: '192.0.2.1', port: 6514 }],
    ['syslog+tcp://[2001:db8::1]', { transport: 'tcp', host: '2001:db8::1', port: 601 }],
  ])('reads %s', (target, destination) => {
    expect(parseDestination(target)).toEqual(destination);
  });

  test.each([
    'syslog:relative',
    'syslog://host',
    'syslog+udp:host',
    'syslog+udp://',
    'syslog+tcp://h:0',
    'syslog+tcp://h:70000',
    'syslog+tcp://h:x',
  ])('refuses %s', (target) => {
    expect(() => parseDestination(target)).toThrow(/^--sink syslog: expected/);
  });
});
