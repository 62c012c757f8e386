import { describe, expect, test } from '@jest/globals';
import { compilePredicate } from '../../../core/d/compile.js';
import { RoutetapError } from '../../../core/errors.js';
import { LOOKUP, REDIRECT, TIMEOUT } from '../format/events.js';
import { event, nexthop, plain, route } from './events.js';

const full = event({
  probe: 'change',
  route: route({
    flags: ['offload'],
    nexthops: [
      nexthop(),
      nexthop({ gateway: null, dev: 'v1', encap: { type: 'mpls', dst: '100/200', ttl: 7 } }),
    ],
    metrics: { mtu: 1400, lock: ['mtu'], congctl: 'cubic' },
  }),
  previous: route({ protocol: 'dhcp', nexthops: [] }),
  cause: {
    kind: 'link-down',
    trigger: { seq: 7, what: 'RTM_NEWLINK', dev: 'v0', address: null, nhid: null },
  },
});

/** The answer for an event of the engine; plain data must give the same. */
function answer(text: string, of = full): boolean {
  const predicate = compilePredicate(text);
  expect(predicate(plain(of))).toBe(predicate(of));
  return predicate(of);
}

function errorOf(text: string): string {
  try {
    compilePredicate(text);
  } catch (error) {
    expect(error).toBeInstanceOf(RoutetapError);
    expect((error as RoutetapError).kind).toBe('usage');
    return (error as RoutetapError).message;
  }
  return 'no error';
}

describe('values', () => {
  test.each([
    'pid == 123 && tid == 124 && uid == 0 && execname == "ip"',
    '/ pid == 123 /',
    'probename == "change" && probeprov == "route" && zonename == "blue"',
    'timestamp == 1795357266148835123 && walltimestamp > 1795357266148835122',
    'args[1]->cs_pid == 123 && args[1]->cs_zoneid == 4026532281 && args[1]->cs_addr == 0',
    'csinfo.cs_pid == args[1]->cs_pid',
    'args[4]->route_type == RTM_CHANGE && args[4]->route_flags & RTF_GATEWAY',
    'args[4]->route_ifindex == 2 && args[4]->route_interface_index == 2',
    'args[4]->route_destination_address == "10.1.0.0" && routeinfo.route_mtu_metric == 1400',
    'route.family == "inet" && route.dst == "10.1.0.0/16" && route.table == 254',
    'route.protocol == "static" && previous.protocol == "dhcp"',
    'route.nexthops[0].gateway == "192.168.5.2" && route.nexthops[1].gateway == NULL',
    'route.nexthops[2].dev == "" && route.nexthops[2].ifindex == 0',
    'route.nexthops[1].encap.type == "mpls" && route.nexthops[1].encap.dst == "100/200"',
    'route.nexthops[1].encap.ttl > 6 && route.nexthops[0].encap.ttl == 0',
    'route.metrics.mtu == 1400 && route.metrics.window == 0 && route.metrics.congctl == "cubic"',
    'route.metrics.lock[0] == "mtu" && has(route.metrics.lock, "mtu")',
    'route.prefsrc == "" && route.prefsrc == NULL && !route.prefsrc && route.nhid == 0',
    'previous && previous != NULL && process != NULL && route.flags && !previous.nexthops',
    'cause.kind == "link-down" && cause.trigger.dev == "v0" && cause.trigger.nhid == 0',
    'process.comm == "ip" && process.unit == "foo.service" && process.container == ""',
    'seq == 1 && host == "r1" && type == "route" && probe == probename && !inferred',
    'provenance == "rtnetlink" && time == "2026-11-22T14:21:06.148835123Z"',
  ])('%s holds', (text) => {
    expect(answer(text)).toBe(true);
  });

  test('what is missing is 0 or the empty string', () => {
    const bare = event({ process: null, previous: null });
    expect(answer('pid == 0 && execname == "" && process.comm == ""', bare)).toBe(true);
    expect(answer('previous.table == 0 && previous.dst == "" && !previous', bare)).toBe(true);
    expect(answer('cause.trigger == NULL && cause.trigger.what == ""', bare)).toBe(true);
  });

  test('the sections of misses, losing paths and redirects are read by their names in JSON', () => {
    const miss = event({ probe: 'miss', lookup: LOOKUP });
    expect(
      answer(
        'lookup && lookup.src == "10.1.1.5" && lookup->dst == "203.0.113.9" && lookup.sport == 999 && ' +
          'lookup.dport == 53 && lookup.protocol == "udp" && lookup.iif == 2 && lookup.oif == 3 && ' +
          'lookup.mark & 0x10 && lookup.uid == 1000 && lookup.errno == "ENETUNREACH" && ' +
          'lookup.direction == "forward" && lookup.rule == 100 && lookup.table == 254 && lookup.count == 37',
        miss,
      ),
    ).toBe(true);
    const losing = event({ probe: 'losing', timeout: TIMEOUT });
    expect(
      answer(
        'timeout && timeout.protocol == "tcp" && timeout.src == "10.9.1.2" && timeout->dst == "10.9.2.2" && ' +
          'timeout.sport == 53211 && timeout.dport == 7000 && timeout.retransmits == 4 && timeout.rtoMs == 3264 && ' +
          'timeout.srttUs == 210 && timeout.rttvarUs == 105 && timeout.ssthresh == 7 && timeout.mtu == 1500',
        losing,
      ),
    ).toBe(true);
    const redirect = event({ probe: 'redirect', redirect: REDIRECT });
    expect(
      answer(
        'redirect && redirect.author == "10.9.1.1" && redirect.old == "10.9.1.1" && redirect->new == "10.9.1.3" && ' +
          'redirect.accepted == "yes" && redirect.reason == NULL && redirect.expires == 300',
        redirect,
      ),
    ).toBe(true);
  });

  test('a section an event does not have is missing, and so is all of it', () => {
    expect(
      answer(
        '!lookup && timeout == NULL && !redirect && lookup.dst == "" && lookup.src == NULL && ' +
          'timeout.retransmits == 0 && redirect.author == ""',
      ),
    ).toBe(true);
    const bare = event({ probe: 'miss', lookup: { ...LOOKUP, src: null, rule: null } });
    expect(answer('lookup && lookup.src == NULL && lookup.rule == 0', bare)).toBe(true);
  });

  test('the address of a socket is a number, as in DTrace', () => {
    const seen = event({ kernelAddress: '0xffff888012345680' });
    expect(answer('args[1]->cs_addr == 0xffff888012345680 && csinfo.cs_addr', seen)).toBe(true);
  });

  test('the host namespace is called global, as DTrace calls it, when nothing else names it', () => {
    const home = event({ zone: { id: 4026531840, name: null }, initialZone: true });
    expect(answer('zonename == "global" && args[1]->cs_zoneid == 0', home)).toBe(true);
    expect(answer('zonename == ""', event({ zone: { id: 4026532999, name: null } }))).toBe(true);
  });

  test('cheap members are read without building a route, routeinfo or csinfo', () => {
    const guarded = new Proxy(event(), {
      get(target, name) {
        if (name === 'route' || name === 'routeinfo' || name === 'csinfo') {
          throw new Error(`${name} was built`);
        }
        return Reflect.get(target, name, target) as unknown;
      },
    });
    const predicate = compilePredicate(
      'route.dst == "10.1.0.0/16" && route.table == 254 && !previous && pid == 123',
    );
    expect(predicate(guarded)).toBe(true);
  });
});

describe('operators', () => {
  test.each([
    ['1 + 2 * 3 == 7 && (1 + 2) * 3 == 9', true],
    ['10 - 4 - 3 == 3 && 100 / 10 / 5 == 2', true],
    ['7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1', true],
    ['0x10 == 16 && 010 == 8 && 16UL == 0x10', true],
    ['~0 == -1 && ~5 == -6 && +3 == 3 && - -3 == 3', true],
    ['(6 & 3) == 2 && (6 | 3) == 7 && (6 ^ 3) == 5', true],
    ['1 << 4 == 16 && 256 >> 4 == 16 && -16 >> 2 == -4', true],
    ['6 & 3 == 3', false],
    ['1 || 0 && 0', true],
    ['(1 ^^ 0) && !(1 ^^ 1) && !(0 ^^ 0)', true],
    ['0 || 1 ^^ 1 && 0', true],
    ['1 ? 0 : 1', false],
    ['0 ? 0 : 0 ? 0 : 1', true],
    ['(1 ? "a" : "b") == "a"', true],
    ['"a" < "b" && "b" >= "b" && "b" > "a" && "a" <= "a" && "a" != "b"', true],
    ['(1 == 1) + (2 == 2) == 2', true],
    ['!0 && !"" && "x" && 3', true],
    ['"\\x41\\102\\t" == "AB\t"', true],
    ['/* why */ 1 /* because */', true],
    ['4 / 2 == 2', true],
    ['/4 / 2/', true],
  ])('%s is %s', (text, expected) => {
    expect(answer(text)).toBe(expected);
  });

  test('integers have 64 bits and a sign, exactly', () => {
    expect(answer('9223372036854775807 + 1 == -9223372036854775807 - 1')).toBe(true);
    expect(answer('0xffffffffffffffff == -1')).toBe(true);
    expect(answer('9007199254740992 + 1 == 9007199254740993')).toBe(true);
    expect(answer('9007199254740993 != 9007199254740992')).toBe(true);
    expect(answer('4294967296 * 4294967296 == 0 && 3037000500 * 3037000500 < 0')).toBe(true);
    expect(answer('1 << 63 < 0 && 1 << 64 == 1 && 0xf0000000 & 0x80000000')).toBe(true);
    expect(answer('timestamp - 1795357266148835000 == 123')).toBe(true);
  });

  test('a division by zero makes the predicate false, as a fault does in DTrace', () => {
    expect(answer('1 / route.priority == 0')).toBe(false);
    expect(answer('!(1 % route.priority)')).toBe(false);
    expect(answer('route.priority && 1 / route.priority || 1')).toBe(true);
  });
});

describe('functions', () => {
  test.each([
    ['within(route.dst, "10.0.0.0/8")', true],
    ['within(route.dst, "10.1.0.0/16")', true],
    ['within(route.dst, "10.1.0.0/17")', false],
    ['within(route.dst, "0.0.0.0/0")', true],
    ['within(route.dst, "::/0")', false],
    ['within(route.dst, "default")', false],
    ['within("0.0.0.0/0", "default") && within("::/0", "default")', true],
    ['within("2001:db8::1", "2001:db8::/31") && !within("2001:dba::1", "2001:db8::/31")', true],
    ['within(route.prefsrc, "0.0.0.0/0")', false],
    ['within("192.168.5.2", strjoin(route.nexthops[0].gateway, "/32"))', true],
    ['within(route.dst, host)', false],
    ['strlen(execname) == 2 && strlen("") == 0', true],
    ['strstr(process.exe, "sbin") == "sbin/ip" && strstr(execname, "x") == NULL', true],
    [
      'index(route.dst, "1.0") == 3 && index(route.dst, "x") == -1 && index("aa", "a", 1) == 1',
      true,
    ],
    ['substr(route.dst, 3, 3) == "1.0" && substr(route.dst, -3) == "/16"', true],
    ['tolower("AbC") == "abc" && toupper(execname) == "IP"', true],
    ['has(route.flags, "offload") && !has(route.flags, "trap")', true],
  ])('%s is %s', (text, expected) => {
    expect(answer(text)).toBe(expected);
  });
});

describe('errors are one line with the place, what was expected and what was got', () => {
  test.each([
    [
      'args[4]->route_mtu == 1',
      'expected a member of routeinfo_t at column 10, got "route_mtu"; did you mean "route_mtu_metric"?',
    ],
    ['args[4]->rt', 'expected a member of routeinfo_t at column 10, got "rt"'],
    [
      'args[1]->cs_pdi',
      'expected a member of csinfo_t at column 10, got "cs_pdi"; did you mean "cs_pid"?',
    ],
    [
      'route.protcol',
      'expected a member of route_t at column 7, got "protcol"; did you mean "protocol"?',
    ],
    [
      'lookup.dprot',
      'expected a member of lookup_t at column 8, got "dprot"; did you mean "dport"?',
    ],
    ['route.__proto__', 'expected a member of route_t at column 7, got "__proto__"'],
    ['constructor', 'expected a variable or a member of the record at column 1, got "constructor"'],
    [
      'exename == "ip"',
      'expected a variable or a member of the record at column 1, got "exename"; did you mean "execname"?',
    ],
    [
      'dst == "x"',
      'expected a variable or a member of the record at column 1, got "dst"; did you mean "route.dst"?',
    ],
    [
      'rtoMs > 1000',
      'expected a variable or a member of the record at column 1, got "rtoMs"; did you mean "timeout.rtoMs"?',
    ],
    [
      'route_seq',
      'expected a variable or a member of the record at column 1, got "route_seq"; did you mean "args[4]->route_seq"?',
    ],
    [
      'args[0]',
      'expected args[1] (csinfo_t *) or args[4] (routeinfo_t *) at column 6, got args[0], which is void',
    ],
    ['args', 'expected args[1] or args[4] at column 1, got "args" alone'],
    ['pid = 1', 'expected an operator or the end at column 5, got "="; did you mean "=="?'],
    [
      'pid == 1 and uid',
      'expected an operator or the end at column 10, got "and"; did you mean "&&"?',
    ],
    ['pid ==', 'expected a value at column 7, got the end'],
    ['', 'expected a value at column 1, got the end'],
    ['(pid', 'expected an operator or ")" at column 5, got the end'],
    ['strlen(execname', 'expected an operator or "," or ")" at column 16, got the end'],
    ["execname == 'ip'", 'expected a string in double quotes at column 13, got "\'ip\'"'],
    [
      'execname == "ip',
      'expected a string with its closing quote and known escapes at column 13, got "\\"ip"',
    ],
    [
      'pid == 1\n  && uid = 2',
      'expected an operator or the end at line 2, column 10, got "="; did you mean "=="?',
    ],
    ['pid == 0x', 'expected a value at column 8, got "0x"'],
    ['pid == 089', 'expected a value at column 8, got "089"'],
    ['route.table == "main"', 'expected an integer at column 16, got the string "main"'],
    ['route.dst == 10', 'expected a string at column 14, got the integer 10'],
    ['route.dst + 1', 'expected an integer at column 7, got a string'],
    ['route == 1', 'expected an integer or a string at column 1, got a whole route_t'],
    ['route.flags == "dead"', 'expected an integer or a string at column 7, got a list'],
    ['route.nexthops.dev == "x"', 'expected a struct at column 7, got a list (take one by [0])'],
    ['pid.x', 'expected a struct at column 1, got an integer'],
    ['pid[0]', 'expected a list at column 1, got an integer'],
    ['strlem("x")', 'expected a function at column 1, got "strlem"; did you mean "strlen"?'],
    ['strlen()', 'expected strlen() with 1 parameter at column 1, got 0'],
    ['substr("x")', 'expected substr() with 2 or 3 parameters at column 1, got 1'],
    ['strlen(1)', 'expected a string at column 8, got the integer 1'],
    ['strlen', 'expected a call strlen(…) at column 1, got "strlen" alone'],
    [
      'within(route.dst, "10/8")',
      'expected a prefix such as "10.0.0.0/8" at column 19, got "10/8"',
    ],
    ['has(execname, "x")', 'expected a list such as route.flags at column 5, got a string'],
    ['execname < NULL', 'expected == or != with NULL at column 1, got "<"'],
    ['NULL', 'expected a condition at column 1, got NULL'],
    ['1 ? "a" : 2', 'expected a string at column 11, got the integer 2'],
  ])('%s', (text, line) => {
    expect(errorOf(text).replace(/^--where: /, '')).toBe(line);
  });

  test('control characters in the text are escaped', () => {
    expect(errorOf('pid \u001b[31m')).toBe(
      '--where: expected an operator or the end at column 5, got "\\u001b"',
    );
  });

  test('the option can be named by the caller', () => {
    expect(() => compilePredicate('x', 'filter.where')).toThrow(/^filter\.where: expected/);
  });

  test('deep nesting is an answer or an error, soon, and never a crash', () => {
    const nested = (depth: number): string => '('.repeat(depth) + '1' + ')'.repeat(depth);
    expect(compilePredicate(nested(200))(full)).toBe(true);
    expect(() => compilePredicate('!'.repeat(100_000))).toThrow(/^--where: expected the end/);
    for (const text of [nested(2000), '-'.repeat(4000) + '1', '('.repeat(4000)]) {
      try {
        expect(typeof compilePredicate(text)(full)).toBe('boolean');
      } catch (error) {
        expect(error).toBeInstanceOf(RoutetapError);
      }
    }
  });
});
