import { describe, expect, test } from '@jest/globals';
import { PROBES } from '../../../../core/event.js';
import { PROBE_TABLE } from '../../../../core/d/program/probes.js';
import { event } from '../events.js';
import { compiled, errorsOf, outputs, quiet, refusal, textOf } from './run.js';

const matched = (text: string): number => compiled(text).matched;

describe('probe descriptions', () => {
  test.each([
    ['route:::add', 1, 'add'],
    ['route:::add, route:::delete,\n route:::change', 3, 'add delete change'],
    ['ip:::route-add,ip:::route-delete', 2, 'add delete'],
    ['route:::', 6, 'add delete change losing miss redirect'],
    ['add', 1, 'add'],
    [':::add', 1, 'add'],
    ['rtnetlink:add', 1, 'add'],
    ['linux::delete', 1, 'delete'],
    ['route:linux:kprobe:miss', 1, 'miss'],
    ['*:::*add', 2, 'add'],
    ['*:::', 15, 'add delete change losing miss redirect'],
    ['route:::[ad]*', 2, 'add delete'],
    ['route:::[!a-c]*', 4, 'delete losing miss redirect'],
    ['r?ute:::mis?', 1, 'miss'],
    ['ip:::route-*', 6, 'add delete change losing miss redirect'],
    ['route::*:add', 1, 'add'],
    ['BEGIN,END,dtrace:::ERROR', 3, ''],
    ['dtrace:::', 3, ''],
    ['tick-1s', 1, ''],
    ['profile:::tick-1sec,profile-97', 2, ''],
    ['route:::add,route:::add', 2, 'add'],
    ['route:::$1', 1, 'change'],
  ])('%s matches %d probes', (text, count, probes) => {
    const program = compiled(`${text} { }`, { args: ['change'] });
    expect(program.matched).toBe(count);
    expect([...program.probes].join(' ')).toBe(probes);
  });

  test('with zdefs a description may match nothing', () => {
    const program = compiled('route:::gone { trace(1) } route:::gone,BEGIN { trace(2) }', {
      options: { zdefs: '' },
    });
    expect(program.matched).toBe(1);
    expect(program.probes.size).toBe(0);
  });

  test('probes are counted over all clauses', () => {
    expect(matched('BEGIN { } route:::add { } route:::add { } END { }')).toBe(4);
  });

  test('an event fires a clause once, as the description that stands for it first', () => {
    expect(quiet('*:::*add { printf("%s:::%s ", probeprov, probename) }')).toBe('route:::add ');
    expect(quiet('ip:::route-add,route:::add { printf("%s:::%s ", probeprov, probename) }')).toBe(
      'ip:::route-add ',
    );
    expect(quiet('route:::add,route:::add { trace(1) } ip:::route-add { trace(2) }')).toBe('12');
  });

  test('the function is what saw the event', () => {
    const records = [event(), event({ provenance: 'dump' }), event({ provenance: 'fentry' })];
    expect(
      quiet(
        'rtnetlink:add { trace(1) } route::d*:add, route::f*:add { trace(probefunc) }',
        records,
      ),
    ).toBe('1dumpfentry');
    expect(quiet('kprobe:add, route:::add { trace(epid) }', records)).toBe('222');
  });

  test('every probe of the page has a number in both spellings', () => {
    const rows = PROBE_TABLE.map(({ id, provider, name }) => `${id} ${provider}:::${name}`);
    expect(rows).toEqual([
      '1 dtrace:::BEGIN',
      '2 dtrace:::END',
      '3 dtrace:::ERROR',
      ...PROBES.map((probe, index) => `${4 + index} route:::${probe}`),
      ...PROBES.map((probe, index) => `${10 + index} ip:::route-${probe}`),
    ]);
  });

  test.each([
    [
      'route:::foo { }',
      'column 1: probe description route:::foo does not match any probes; did you mean route:::add?',
    ],
    [
      'route:::ad',
      'column 1: probe description route:::ad does not match any probes; did you mean route:::add?',
    ],
    [
      'ip:::add { }',
      'column 1: probe description ip:::add does not match any probes; did you mean ip:::route-add?',
    ],
    [
      'rout:::add',
      'column 1: probe description rout:::add does not match any probes; did you mean route:::add?',
    ],
    [
      'BEGIN { }\nsyscall::open:entry { }',
      'line 2, column 1: probe description syscall::open:entry does not match any probes',
    ],
    [
      'begin { }',
      'column 1: probe description begin does not match any probes; did you mean dtrace:::BEGIN?',
    ],
    [
      'route:::[z-a] { }',
      'column 1: probe description route:::[z-a] does not match any probes; did you mean route:::add?',
    ],
    [
      'a:b:c:d:e { }',
      'expected a probe description provider:module:function:name at column 1, got "a:b:c:d:e"',
    ],
    ['tick-1us { }', 'expected a tick of 200us or more at column 1, got tick-1us'],
    ['tick-0 { }', 'expected a tick of 200us or more at column 1, got tick-0'],
    [
      'tick-5foo { }',
      'expected one of ns, nsec, us, usec, ms, msec, s, sec, m, min, h, hour, d, day, hz behind 5 at column 1, got foo',
    ],
  ])('%s is refused', (text, line) => {
    expect(refusal(text)).toBe(line);
  });
});

describe('ticks', () => {
  const SECOND = 1_000_000_000n;
  const at = (timeNs: bigint) => event({ timeNs });

  test.each([
    ['tick-1s', SECOND],
    ['tick-1sec', SECOND],
    ['tick-250ms', SECOND / 4n],
    ['tick-300msec', (SECOND * 3n) / 10n],
    ['tick-500us', 500_000n],
    ['tick-500usec', 500_000n],
    ['tick-200000ns', 200_000n],
    ['tick-200000nsec', 200_000n],
    ['tick-2m', SECOND * 120n],
    ['tick-2min', SECOND * 120n],
    ['tick-1h', SECOND * 3600n],
    ['tick-1hour', SECOND * 3600n],
    ['tick-1d', SECOND * 86400n],
    ['tick-1day', SECOND * 86400n],
    ['tick-10hz', SECOND / 10n],
    ['tick-10', SECOND / 10n],
    ['profile-97', SECOND / 97n],
    ['profile-1s', SECOND],
  ])('%s is first due after its period', (name, periodNs) => {
    const program = compiled(`${name} { }`);
    expect(program.nextTickNs).toBeNull();
    program.begin(SECOND);
    expect(program.nextTickNs).toBe(SECOND + periodNs);
  });

  test('those due before a record are fired before it, in the order of their time', () => {
    const text =
      'tick-2s { printf("b%d ", timestamp / 1000000000) } tick-1s { printf("a ") } route:::add { printf("r ") }';
    expect(quiet(text, [at(0n), at(4n * SECOND + 1n)])).toBe(
      'r a b2 a a b4 a r '.replace('a b2 a a b4 a', 'a b2 a a b4 a'),
    );
  });

  test('what advance fired is not fired again by a record', () => {
    const program = compiled('tick-1s { n++; } END { printf("%d", n) }', {
      options: { quiet: '' },
    });
    program.begin(0n);
    expect(program.advance(3n * SECOND)).toEqual([]);
    program.record(at(3n * SECOND));
    expect(program.nextTickNs).toBe(4n * SECOND);
    expect(textOf(program.end(3n * SECOND))).toBe('3\n');
  });

  test('after exit no tick is due', () => {
    const program = compiled('tick-1s { exit(0) }');
    program.begin(0n);
    expect(program.advance(10n * SECOND)).toContainEqual({ kind: 'exit', status: 0 });
    expect(program.nextTickNs).toBeNull();
    expect(program.advance(20n * SECOND)).toEqual([]);
  });

  test('a long silence skips ticks and says how many', () => {
    const said = outputs('tick-1s { n++ } END { trace(n) }', [at(0n), at(20_000n * SECOND)], {
      options: { quiet: '' },
    });
    expect(errorsOf(said)).toEqual(['10000 ticks were skipped: no record came for long']);
    expect(textOf(said)).toBe('10000\n');
  });
});
