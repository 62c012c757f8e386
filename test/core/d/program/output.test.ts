import { describe, expect, test } from '@jest/globals';
import { event, route } from '../events.js';
import { compiled, errorsOf, outputs, printed, quiet, textOf } from './run.js';

const HEADER = 'CPU     ID                    FUNCTION:NAME\n';

describe('the default output', () => {
  test('a line per clause behind columns, whose header comes once with the first line', () => {
    expect(printed('BEGIN { trace(1); } route:::add { trace("x"); }', [event(), event()])).toBe(
      `${HEADER}  0      1                           :BEGIN         1\n` +
        '  0      4                    rtnetlink:add   x                                \n' +
        '  0      4                    rtnetlink:add   x                                \n',
    );
  });

  test('a clause without a body prints its columns alone, and so does an empty one', () => {
    const line = '  0      4                    rtnetlink:add \n';
    expect(printed('route:::add')).toBe(HEADER + line);
    expect(printed('route:::add { }')).toBe(HEADER + line);
    expect(printed('route:::add /pid == 123/')).toBe(HEADER + line);
  });

  test('a clause that only aggregates or assigns prints no line', () => {
    expect(printed('route:::add { @ = count(); x = 1; this->y = 2; }')).toBe('\n                1');
    expect(printed('route:::add { x = 1 }')).toBe('');
  });

  test('an integer takes the columns of its type, and a space stands before it always', () => {
    const text = printed(
      'BEGIN { trace((uint8_t)7); trace((short)7); trace(7); trace(1 << 40); trace(timestamp) }',
    );
    expect(text.split(':BEGIN ')[1]).toBe(
      '   7     7        7    1099511627776 1795357266148835123\n',
    );
  });

  test('strings from outside are escaped, those of the program are not', () => {
    const hostile = event({ process: { ...event().process!, comm: 'a\u001b[2J\nb' } });
    const text = quiet('route:::add { trace(execname); trace("\\n|"); printf("%s", execname) }', [
      hostile,
    ]);
    expect(text.split('\n|')).toHaveLength(2);
    expect(text).not.toContain('\u001b');
    expect(text.replace('\n|', '')).not.toContain('\n');
  });

  test('an empty line stands before the aggregations at the end, even without any', () => {
    expect(textOf(outputs('BEGIN { trace(1) }', [], { options: { quiet: '' } }))).toBe('1\n');
  });
});

describe('actions', () => {
  test('printf prints by its format', () => {
    expect(
      quiet('route:::add { printf("%-6s|%5d|%x\\n", probename, pid, args[4]->route_flags) }'),
    ).toBe('add   |  123|803\n');
  });

  test('print shows a value with its type, and a structure member by member', () => {
    expect(
      quiet('BEGIN { print(10); print(0); print(1 << 40); print("a"); print((uint8_t)-1) }'),
    ).toBe('int 0xa\nint 0\nint64_t 0x10000000000\nstring "a"\nuint8_t 0xff\n');
    expect(quiet('route:::add { print(*args[1]) }')).toBe(
      'csinfo_t {\n    uintptr_t cs_addr = 0\n    uint64_t cs_cid = 0\n    pid_t cs_pid = 0x7b\n' +
        '    zoneid_t cs_zoneid = 0xf00001b9\n}\n',
    );
    const text = quiet('route:::add { print(args[4]) }');
    expect(text).toMatch(/^routeinfo_t \{\n {4}uint8_t route_version = 0x3\n/);
    expect(text).toContain('    string route_destination_address = [ "10.1.0.0" ]\n');
    expect(text).toBe(quiet('route:::add { print(*args[4]) }'));
  });

  test('print shows lists and what stands in them', () => {
    const text = quiet('route:::add { print(route) }');
    expect(text).toContain('nexthop_t [] nexthops = [ {\n');
    expect(quiet('route:::add { print(previous) }')).toBe('route_t NULL\n');
  });

  test('exit ends the program with its status: its clause goes on, only END follows', () => {
    const text =
      'BEGIN { exit(3); trace(1); } BEGIN { trace(2) } route:::add { trace(3) } END { trace(4) }';
    const said = outputs(text, [event()], { options: { quiet: '' } });
    expect(said).toEqual([
      { kind: 'text', text: '1' },
      { kind: 'exit', status: 3 },
      { kind: 'text', text: '4' },
      { kind: 'text', text: '\n' },
    ]);
  });

  test('exit in a route clause keeps the following clauses from the same event', () => {
    const program = compiled('route:::add { exit(0) } route:::add { @ = count() }');
    program.begin(0n);
    expect(program.exitStatus).toBeNull();
    expect(program.record(event())).toContainEqual({ kind: 'exit', status: 0 });
    expect(program.exitStatus).toBe(0);
    expect(program.record(event())).toEqual([]);
    expect(textOf(program.end(1n))).toBe('\n');
  });
});

describe('aggregations', () => {
  test("the page's example and Solaris' print their tables", () => {
    const records = [event(), event({ probe: 'delete' }), event({ initialZone: true })];
    expect(
      printed(
        'route:::add,route:::delete,route:::change { @[probename, args[1]->cs_zoneid, args[1]->cs_pid] = count(); }',
        records,
      ),
    ).toBe(
      '\n' +
        `  ${'add'.padEnd(50)}        0      123                1\n` +
        `  ${'add'.padEnd(50)} 4026532281      123                1\n` +
        `  ${'delete'.padEnd(50)} 4026532281      123                1`,
    );
    expect(
      printed(
        'ip:::route-add,ip:::route-delete { @events[args[4]->route_destination_address] = count(); }',
        records,
      ),
    ).toBe(`\n  ${'10.1.0.0'.padEnd(50)}                3`);
  });

  test('every aggregating function aggregates', () => {
    const records = [1, 2, 3, 10].map((priority) => event({ route: route({ priority }) }));
    const text = quiet(
      'route:::add { this->p = args[5]->priority; @c = count(); @s = sum(this->p); @a = avg(this->p); @l = min(this->p); ' +
        '@h = max(this->p); @d = stddev(this->p); @q = quantize(this->p); @n = lquantize(this->p, 0, 10, 5); ' +
        '@g = llquantize(this->p, 10, 0, 2, 10); } ' +
        'END { printa("%@d ", @c); printa("%@d ", @s); printa("%@d ", @a); printa("%@d ", @l); printa("%@d ", @h); printa("%@d", @d) }',
      records.slice(),
    );
    const [scalars] = text.split('\n');
    expect(scalars).toBe('4 16 4 1 10 3');
    expect(text.match(/value {2}-+ Distribution -+ count/g)).toHaveLength(3);
  });

  test('what printa showed is not printed again at the end', () => {
    const text =
      'route:::add { @a[pid] = count(); @b[pid] = sum(2) } END { printa("%d %@d\\n", @a) }';
    expect(quiet(text)).toBe('123 1\n\n      123                2');
  });

  test('several aggregations are shown side by side', () => {
    const text =
      'route:::add { @a[pid] = count(); @b[pid] = sum(2) } END { printa("%d %@d %@d\\n", @a, @b) }';
    expect(quiet(text)).toBe('123 1 2\n');
    expect(quiet(text.replace('"%d %@d %@d\\n", ', ''))).toBe(
      '\n      123                1                2\n',
    );
  });

  test('clear, trunc, normalize and denormalize change what is shown', () => {
    const fill = 'BEGIN { @a["x"] = sum(1000); @a["y"] = sum(2000); ';
    expect(
      quiet(
        `${fill} normalize(@a, 10); printa("%s %@d,", @a); denormalize(@a); printa("%s %@d,", @a) }`,
      ),
    ).toBe('x 100,y 200,x 1000,y 2000,');
    expect(quiet(`${fill} trunc(@a, 1); printa("%s %@d,", @a) }`)).toBe('y 2000,');
    expect(quiet(`${fill} trunc(@a); printa("%s %@d,", @a) }`)).toBe('');
    expect(quiet(`${fill} clear(@a); printa("%s %@d,", @a) }`)).toBe('x 0,y 0,');
  });

  test('the options sort', () => {
    const fill =
      'BEGIN { @[1, "b"] = sum(1); @[2, "a"] = sum(2); @[3, "c"] = sum(0) } END { printa("%d%s ", @) }';
    expect(quiet(fill)).toBe('3c 1b 2a ');
    expect(quiet(fill, [], { options: { aggsortrev: '' } })).toBe('2a 1b 3c ');
    expect(quiet(fill, [], { options: { aggsortkey: '' } })).toBe('1b 2a 3c ');
    expect(quiet(`#pragma D option aggsortkey\n#pragma D option aggsortkeypos=1\n${fill}`)).toBe(
      '2a 1b 3c ',
    );
    expect(
      quiet(`#pragma D option aggsortkey=true\n${fill}`, [], { options: { aggsortkey: 'false' } }),
    ).toBe('3c 1b 2a ');
  });

  test('keys that find no room are dropped and told', () => {
    const said = outputs(
      'route:::add { @[seq] = count(); a[seq] = 1 }',
      [1, 2, 3].map((seq) => event({ seq })),
      {
        options: { aggsize: '80', dynvarsize: '40' },
      },
    );
    expect(errorsOf(said)).toEqual(['1 aggregation drop', '2 dynamic variable drops']);
  });

  test('an element set to 0 makes room for another', () => {
    const said = outputs(
      'route:::add { a[seq] = 1; a[seq] = 0; }',
      [1, 2, 3].map((seq) => event({ seq })),
      {
        options: { dynvarsize: '40' },
      },
    );
    expect(errorsOf(said)).toEqual([]);
  });
});

describe('faults', () => {
  test('a division by zero drops what its clause printed, is told, and ends nothing', () => {
    const said = outputs(
      'route:::add { x++; printf("lost"); trace(1 / (pid - 123)); @ = count() } route:::add { trace(x) }',
      [event(), event()],
      {
        options: { quiet: '' },
      },
    );
    expect(errorsOf(said)).toEqual(
      Array.from(
        { length: 2 },
        () =>
          'error on enabled probe ID 1 (ID 4: route:linux:rtnetlink:add): divide-by-zero in action #3',
      ),
    );
    expect(textOf(said)).toBe('12\n');
  });

  test('a member of what is missing is an invalid address', () => {
    const line = (where: string): string =>
      `error on enabled probe ID 1 (ID 4: route:linux:rtnetlink:add): invalid address (0x0) in ${where}`;
    expect(errorsOf(outputs('route:::add { trace(previous->dst) }'))).toEqual([line('action #1')]);
    expect(errorsOf(outputs('route:::add { x = lookup.dport; }'))).toEqual([line('action #1')]);
    expect(errorsOf(outputs('route:::add /route.nexthops[7].dev == "x"/ { }'))).toEqual([
      line('predicate'),
    ]);
    expect(errorsOf(outputs('routeinfo_t *p; route:::add { x = p->route_seq; }'))).toEqual([
      line('action #1'),
    ]);
    expect(
      errorsOf(outputs('route:::add /previous && previous->dst == "x"/ { trace(process->comm) }')),
    ).toEqual([]);
  });

  test('ERROR runs before the fault is told, and knows which it was', () => {
    const said = outputs(
      'BEGIN { x = 1; trace(1 / 0) } ERROR { printf("%d %d %d %d", arg1, arg2, arg4, arg5) } END { trace(arg4) }',
      [],
      {
        options: { quiet: '' },
      },
    );
    expect(said).toEqual([
      { kind: 'text', text: '1 2 4 0' },
      {
        kind: 'error',
        line: 'error on enabled probe ID 1 (ID 1: dtrace:::BEGIN): divide-by-zero in action #2',
      },
      { kind: 'text', text: '0' },
      { kind: 'text', text: '\n' },
    ]);
  });

  test('a fault in ERROR is told and fires nothing more', () => {
    const said = outputs('BEGIN { trace(1 / 0) } ERROR { trace(2 / 0) }', []);
    expect(errorsOf(said)).toEqual([
      'error on enabled probe ID 2 (ID 3: dtrace:::ERROR): divide-by-zero in action #1',
      'error on enabled probe ID 1 (ID 1: dtrace:::BEGIN): divide-by-zero in action #1',
    ]);
  });

  test('ERROR may end the program', () => {
    expect(outputs('BEGIN { trace(1 / 0) } ERROR { exit(9) }', [])).toContainEqual({
      kind: 'exit',
      status: 9,
    });
  });

  test('a clause that prints without end is dropped and told', () => {
    const body = `printf("%1000s", "x");`.repeat(1100);
    const said = outputs(`BEGIN { ${body} } END { trace(1) }`, [], { options: { quiet: '' } });
    expect(errorsOf(said)).toEqual(['1 drop: a clause of dtrace:::BEGIN printed too much']);
    expect(textOf(said)).toBe('1\n');
  });
});
