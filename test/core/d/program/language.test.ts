import { describe, expect, test } from '@jest/globals';
import { event, nexthop, route } from '../events.js';
import { printed, quiet } from './run.js';

/** What the body of BEGIN prints in quiet mode. */
const begin = (body: string): string => quiet(`BEGIN { ${body} }`);

describe('expressions in a program', () => {
  test.each([
    ['trace(1 + 2 * 3)', '7'],
    ['trace((1, 2))', '2'],
    ["trace('a')", '97'],
    ["trace('ab')", '24930'],
    ["trace('\\n')", '10'],
    ['trace((uint8_t)300); trace((char)200); trace((int16_t)-1)', '44-56-1'],
    ['trace((unsigned short)-1); trace((unsigned long long)7)', '655357'],
    ['trace((int)0x1ffffffff)', '-1'],
    ['trace((string)"x")', 'x'],
    ['trace(stringof("x"))', 'x'],
    [
      'trace(sizeof(int)); trace(sizeof (uint8_t)); trace(sizeof "x"); trace(sizeof(string))',
      '41256256',
    ],
    ['trace(sizeof x); x = 1', 'no'],
    ['trace(-1 > (uint64_t)0)', '1'],
    ['trace(-1 > 0U)', '1'],
    ['trace((uint64_t)-1 / 2)', '9223372036854775807'],
    ['trace((uint64_t)-8 % 3)', '2'],
    ['trace((uint64_t)-1 >> 60)', '15'],
    ['trace(-8 >> 1)', '-4'],
    ['trace(1 << 40)', '1099511627776'],
    ['trace(1 ? 2 : 3 ? 4 : 5)', '2'],
    ['trace("b" > "a" ? "yes" : "no")', 'yes'],
    ['trace(NULL == 0)', '1'],
    ['trace(4 / 2)', '2'],
    ['trace(8 /* why */ / 2) // because', 'no'],
  ])('%s', (body, expected) => {
    if (expected === 'no') expect(() => begin(body)).toThrow(/^expected/);
    else expect(begin(body)).toBe(expected);
  });

  test('comments are those of C, and // goes to the end of the line', () => {
    expect(quiet('/* a */ BEGIN // b\n{ trace(1); // c\n /* d\n e */ trace(2) }')).toBe('12');
  });

  test('a predicate ends at the slash before the body, whatever is divided in it', () => {
    expect(quiet('BEGIN /4 / 2 == 2/ { trace("yes") }')).toBe('yes');
    expect(quiet('BEGIN /0/ { trace("no") }')).toBe('');
    expect(quiet('BEGIN/1//* c */{ trace("yes") }')).toBe('yes');
    expect(quiet('BEGIN /strlen("abc")/ { trace(1) } END /"x"/ { trace(2) }')).toBe('12');
  });

  test('a clause that is only a predicate ends where the next one begins', () => {
    const text = printed('route:::add /pid == 123/\nroute:::add { trace("b"); }');
    expect(text.split('\n').filter((line) => line.includes('rtnetlink:add'))).toHaveLength(2);
  });

  test('a first line for the shell and empty statements are passed over', () => {
    expect(quiet('#!/usr/sbin/dtrace -s\nBEGIN { ;; trace(1);; trace(2); }')).toBe('12');
  });
});

describe('variables', () => {
  test.each([
    ['x = 5; x += 2; x -= 1; x *= 4; x /= 3; x %= 5; trace(x)', '3'],
    ['x = 5; x <<= 2; x |= 1; x &= 0x1c; x ^= 3; x >>= 1; trace(x)', '11'],
    ['i = 5; trace(i++); trace(i); trace(++i); trace(i--); trace(--i)', '56775'],
    ['n++; n++; trace(n)', '2'],
    ['x = y = 3; trace(x + y)', '6'],
    ['x = 1, 2; trace(x)', '1'],
    ['s = "abc"; trace(s); s = 0; trace(s == ""); s = NULL', 'abc1'],
    ['a[1, "x"] = 5; a[1, "x"]++; trace(a[1, "x"]); trace(a[1, "y"])', '60'],
    ['i = 0; a[i++] += 5; a[i++]++; trace(i); trace(a[0]); trace(a[1])', '251'],
    ['x[1] = "one"; trace(x[1]); x[1] = 0; trace(x[1] == NULL)', 'one1'],
    ['x = 0x7fffffff; x++; trace(x)', '2147483648'],
  ])('%s', (body, expected) => {
    expect(begin(body)).toBe(expected);
  });

  test('declared variables have the width of their type, others 64 bits', () => {
    const declarations =
      'int i; uint8_t b; int64_t w; string s; string names[int, string]; unsigned int u;';
    const body =
      'i = 0x7fffffff; i++; b = 255; b += 2; w = 1 << 40; u = -1; s = "q"; names[1, "a"] = "n"; ' +
      'printf("%d %d %d %u %s %s %s", i, b, w, u, s, names[1, "a"], names[2, "a"]);';
    expect(quiet(`${declarations} BEGIN { ${body} }`)).toBe(
      '-2147483648 1 1099511627776 4294967295 q n ',
    );
  });

  test('an inline constant is its expression under a name', () => {
    expect(
      quiet('inline int N = 3 * 2; inline string S = "x"; BEGIN { trace(N + 1); trace(S) }'),
    ).toBe('7x');
  });

  test('a clause-local variable lives for one event, over all its clauses', () => {
    const text =
      'this string name; route:::add { this->n = this->n + 1; this->name = execname; } ' +
      'route:::add { printf("%d %s;", this->n, this->name); } END { trace(this->n) }';
    expect(() => quiet(text)).toThrow(/assigned or declared before at column 49/);
    const declared = text.replace('this string name;', 'this string name; this int n;');
    expect(quiet(declared, [event(), event()])).toBe('1 ip;1 ip;0');
  });

  test('globals and arrays keep what they hold between events', () => {
    const text =
      'route:::* { total += 1; by[probename] += 1; } END { printf("%d %d", total, by["add"]) }';
    expect(quiet(text, [event(), event({ probe: 'delete' }), event()])).toBe('3 2');
  });

  test('a variable may have the name of a member of the record, which then is hidden', () => {
    expect(
      quiet('route:::add { seq = 7; trace(seq); previous[pid] = 3; trace(previous[123]) }'),
    ).toBe('73');
    expect(quiet('route:::add { trace(seq) }')).toBe('1');
  });

  test('a pointer variable reads the event it was set in', () => {
    const text =
      'route:::add { last = args[4]; this->l = args[5]; trace(this->l->dev); } ' +
      'route:::delete { trace(last->route_destination_address); last = NULL; }';
    expect(
      quiet(text, [event(), event({ probe: 'delete', route: route({ dst: '10.9.0.0/16' }) })]),
    ).toBe('v010.1.0.0');
    expect(
      quiet(
        'routeinfo_t *p; route:::add { p = args[4]; trace(p->route_ifindex); trace((*p).route_seq) }',
      ),
    ).toBe('21');
    expect(
      quiet('route:::add { this->n = route.nexthops[1]; trace(this->n.dev) }', [
        event({ route: route({ nexthops: [nexthop(), nexthop({ dev: 'v9' })] }) }),
      ]),
    ).toBe('v9');
  });
});

describe('built-in variables', () => {
  test('the process behind an event, 0 and "" where there is none', () => {
    const text = 'route:::add { printf("%d %d %d %s %s;", pid, tid, uid, execname, zonename) }';
    expect(quiet(text, [event(), event({ process: null })])).toBe('123 124 0 ip blue;0 0 0  blue;');
  });

  test("time is the event's, in nanoseconds", () => {
    expect(quiet('route:::add { trace(timestamp); trace(timestamp == walltimestamp) }')).toBe(
      '17953572661488351231',
    );
  });

  test('the probe by its four parts and numbers; the function is what saw the event', () => {
    const text =
      'route:::add,BEGIN { printf("%s:%s:%s:%s %d %d %d;", probeprov, probemod, probefunc, probename, id, epid, cpu) }';
    expect(quiet(text)).toBe('dtrace:::BEGIN 1 2 0;route:linux:rtnetlink:add 4 1 0;');
  });

  test('macro arguments are constants; $$ makes them strings', () => {
    const options = {
      args: ['5', 'pid', '"x y"', '10.0.0.0/8', '-3'],
      target: 77,
      macros: { uid: '1000' },
    };
    expect(
      quiet(
        'route:::add { trace($1 + 1); trace($2); trace($3); trace($$4); trace($5) }',
        undefined,
        options,
      ),
    ).toBe('6123x y10.0.0.0/8-3');
    expect(quiet('BEGIN { trace($target); trace($$1); trace($uid) }', undefined, options)).toBe(
      '7751000',
    );
    expect(quiet('#pragma D option defaultargs\nBEGIN { trace($9); trace($$9) }')).toBe('0');
  });

  test('args[5] tells what routeinfo_t has no member for', () => {
    const changed = event({
      probe: 'change',
      previous: route({
        protocol: 'dhcp',
        priority: 7,
        nexthops: [nexthop({ gateway: '10.0.0.9', dev: 'v7' })],
      }),
      cause: {
        kind: 'link-down',
        trigger: { seq: 7, what: 'RTM_NEWLINK', dev: 'v0', address: null, nhid: null },
      },
    });
    const text =
      'route:::change { printf("%s %d %s %d %s %s %s %d %s %s %s %s", args[5]->dst, args[5]->table, args[5]->protocol, ' +
      'args[5]->nexthops, args[5]->previous_gateway, args[5]->previous_dev, args[5]->previous_protocol, ' +
      'args[5]->previous_priority, args[5]->cause, args[5]->trigger, args[5]->unit, args[5].provenance) }';
    expect(quiet(text, [changed])).toBe(
      '10.1.0.0/16 254 static 1 10.0.0.9 v7 dhcp 7 link-down RTM_NEWLINK foo.service rtnetlink',
    );
  });
});

describe('functions', () => {
  test.each([
    ['strjoin("a", "b")', 'ab'],
    ['substr("abcdef", 2, 3)', 'cde'],
    ['strchr("a.b.c", \'.\')', '.b.c'],
    ['strrchr("a.b.c", \'.\')', '.c'],
    ['strstr("abc", "x")', ''],
    ['lltostr(-5)', '-5'],
    ['lltostr(255, 16)', '0xff'],
    ['lltostr(8, 8)', '010'],
    ['basename("/a/b//")', 'b'],
    ['dirname("/a/b/")', '/a'],
    ['dirname("a")', '.'],
    ['basename("/")', '/'],
    ['cleanpath("/a/../../b//./c")', '/b/c'],
    ['inet_ntoa(0x0100007f)', '127.0.0.1'],
    ['inet_ntoa(htonl(0x0a010203))', '10.1.2.3'],
    ['inet_ntoa("10.1.0.0/16")', '10.1.0.0'],
    ['inet_ntoa6("2001:DB8:0:0::1")', '2001:db8::1'],
    ['inet_ntop(AF_INET6, "2001:db8:0::1")', '2001:db8::1'],
    ['tolower("ABC")', 'abc'],
  ])('%s is a string', (call, expected) => {
    expect(begin(`trace(${call})`)).toBe(expected);
  });

  test.each([
    ['strlen("abc")', '3'],
    ['index("abcabc", "c", 3)', '5'],
    ['rindex("abcabc", "b")', '4'],
    ['rindex("abcabc", "b", 3)', '1'],
    ['strtoll("42x")', '42'],
    ['strtoll("-0x1f", 16)', '-31'],
    ['htons(0x1234)', '13330'],
    ['ntohl(0x01000000)', '1'],
    ['htonll(1)', '72057594037927936'],
    ['rand() >= 0', '1'],
    ['within("10.1.0.0/16", "10.0.0.0/8")', '1'],
  ])('%s is an integer', (call, expected) => {
    expect(begin(`trace(${call})`)).toBe(expected);
  });

  test('strtok goes on where it stopped', () => {
    expect(
      begin(
        'trace(strtok("a,,b;c", ",;")); trace(strtok(NULL, ",;")); trace(strtok(NULL, ",;")); trace(strtok(NULL, ",")  == "")',
      ),
    ).toBe('abc1');
  });

  test('a string is cut at strsize, its NUL counted', () => {
    const options = { options: { strsize: '8' } };
    expect(
      quiet(
        'BEGIN { s = "0123"; s = strjoin(s, s); trace(s); trace(strlen(s)); }',
        undefined,
        options,
      ),
    ).toBe('01230127');
    expect(quiet('BEGIN { trace("ääää") }', undefined, options)).toBe('äää');
  });
});
