import { describe, expect, test } from '@jest/globals';
import { RoutetapError } from '../../../../core/errors.js';
import { DError } from '../../../../core/d/d-error.js';
import { LINUXINFO, LINUXINFO_MEMBERS } from '../../../../core/d/linuxinfo.js';
import { REFUSED_CALLS, REFUSED_NAMES } from '../../../../core/d/program/refused.js';
import { compiled, refusal } from './run.js';

const SELF =
  'a route event has no thread that goes on to the next one; use this-> within an event, or an array with pid as its key';

describe('what D has and routetap has not is refused with its reason', () => {
  test.each([
    ['route:::add { self->t = 1; }', `column 15: self->: ${SELF}`],
    ['route:::add { trace(self->t); }', `column 21: self: ${SELF}`],
    ['self int t; route:::add { }', `column 1: self->: ${SELF}`],
    [
      'route:::add { stack(); }',
      "column 15: stack(): routetap sees events, not the kernel's stack",
    ],
    [
      'route:::add { @[ustack()] = count(); }',
      "column 17: ustack(): routetap sees events, not a process's stack",
    ],
    [
      'route:::add { trace(copyinstr(arg0)); }',
      'column 21: copyinstr(): routetap sees events, not memory; their structures are args[1], args[4] and args[5]',
    ],
    ['route:::add { stop(); }', 'column 15: stop(): routetap watches and never acts on the system'],
    [
      'route:::add { speculate(1); }',
      'column 15: speculate(): routetap speculates on nothing; collect in an array and print when it is decided',
    ],
    [
      'route:::add { freopen("x"); }',
      'column 15: freopen(): one program has one output; give it a file with -o FILE',
    ],
    [
      'route:::add { trace(errno); }',
      'column 21: errno: an event is no system call; why a lookup failed is args[5]->errno',
    ],
    [
      'route:::add { trace(curpsinfo->pr_psargs); }',
      'column 21: curpsinfo: an event has no thread of its own; the process behind it is pid, tid, execname, uid',
    ],
    [
      'route:::add { trace(arg1); }',
      'column 21: arg1: it would be an address in the kernel; the arguments are args[1]->…, args[4]->… and args[5]->…',
    ],
    [
      'route:::add { if (pid) { } }',
      'column 15: if: a clause runs from its first statement to its last; use a predicate /…/ before the body, or the operator ?:',
    ],
    [
      'route:::add {\n  while (1) ; }',
      'line 2, column 3: while: a clause runs from its first statement to its last; use a predicate /…/ before the body, or the operator ?:',
    ],
    ['BEGIN { trace(`jiffies); }', "column 15: `: routetap sees events, not the kernel's symbols"],
    [
      'BEGIN { trace(vmlinux`jiffies); }',
      "column 15: vmlinux`: routetap sees events, not the kernel's symbols",
    ],
    [
      'BEGIN { x = xlate <psinfo_t>(1); }',
      "column 13: xlate: routetap's structures are csinfo_t, routeinfo_t and linuxinfo_t, already translated; use args[1], args[4], args[5]",
    ],
    [
      'BEGIN { x = offsetof(int, y); }',
      "column 13: offsetof: routetap's structures are csinfo_t, routeinfo_t and linuxinfo_t, already translated; use args[1], args[4], args[5]",
    ],
    [
      '#include <x.h>\nBEGIN { }',
      'line 1, column 1: #include: routetap runs no C preprocessor; inline int NAME = 1; gives a name to a constant',
    ],
    [
      'BEGIN { trace(args[1]->cs_pid) }',
      'column 15: args[1] may not be referenced in dtrace:::BEGIN',
    ],
    [
      'route:::add,tick-1s { trace(route.dst) }',
      'column 29: route may not be referenced in profile:::tick-1s',
    ],
    ['BEGIN { x = (double)1; }', 'column 14: double: D computes with integers only'],
    ['this int a[int]; BEGIN { }', 'column 10: this->a: only a global variable can be an array'],
  ])('%s', (text, line) => {
    expect(refusal(text)).toBe(line);
  });

  test('every refused name and call has a reason of one line', () => {
    for (const [name, reason] of REFUSED_CALLS) {
      expect(refusal(`BEGIN { ${name}(); }`)).toBe(`column 9: ${name}(): ${reason}`);
    }
    for (const [name, reason] of REFUSED_NAMES) {
      expect(refusal(`BEGIN { trace(${name}); }`)).toBe(`column 15: ${name}: ${reason}`);
    }
  });
});

test.each([
  ['struct foo { int x; }; BEGIN { }', 'struct'],
  ['typedef int foo; BEGIN { }', 'typedef'],
  ['translator foo < bar > { }; BEGIN { }', 'translator'],
])('%s is no declaration of a program', (text, word) => {
  expect(refusal(text)).toBe(
    `column 1: ${word}: a program declares variables and inline constants only; its structures are csinfo_t, routeinfo_t and linuxinfo_t`,
  );
});

describe('errors point at the place and name what was meant', () => {
  test.each([
    ['', 'expected a probe description at column 1, got the end'],
    ['int x;', 'expected a probe description at column 7, got the end'],
    ['BEGIN {', 'expected ";" or a value or "}" at column 8, got the end'],
    ['BEGIN { trace(1) trace(2) }', 'expected an operator or ";" or "}" at column 18, got "trace"'],
    [
      'BEGIN { trace("a }',
      'expected a string with its closing quote and known escapes at column 15, got "\\"a }"',
    ],
    ['BEGIN { trace(foo) }', 'expected a variable at column 15, got "foo"'],
    [
      'BEGIN { trace(exename) }',
      'expected a variable at column 15, got "exename"; did you mean "execname"?',
    ],
    [
      'BEGIN { total = 1; trace(totl) }',
      'expected a variable at column 26, got "totl"; did you mean "total"?',
    ],
    [
      'BEGIN { trace(x); x = 1 }',
      'expected a variable that was assigned or declared before at column 15, got "x"',
    ],
    [
      'BEGIN { trace(this->x) }',
      'expected a variable that was assigned or declared before at column 21, got "this->x"',
    ],
    [
      'BEGIN { prntf("x") }',
      'expected a function at column 9, got "prntf"; did you mean "printf"?',
    ],
    [
      'BEGIN { x = printf("x") }',
      'expected printf() as a statement of its own at column 13, got it in an expression',
    ],
    [
      'BEGIN { x = count() }',
      'expected count() behind @name = at column 13, got it in an expression',
    ],
    ['BEGIN { trace(printf) }', 'expected a call printf(…) at column 15, got "printf" alone'],
    ['BEGIN { trace() }', 'expected trace() with 1 parameter at column 9, got 0'],
    [
      'route:::add { trace(args[4]) }',
      'expected an integer or a string (print() shows structures) at column 26, got a whole routeinfo_t',
    ],
    [
      'route:::add { trace(args[4]->route_dest) }',
      'expected a member of routeinfo_t at column 30, got "route_dest"; did you mean "route_destination_address"?',
    ],
    [
      'route:::add { trace(args[5]->tabel) }',
      'expected a member of linuxinfo_t at column 30, got "tabel"; did you mean "table"?',
    ],
    [
      'route:::add { trace(args[3]) }',
      'expected args[1] (csinfo_t *), args[4] (routeinfo_t *) or args[5] (linuxinfo_t *) at column 26, got args[3], which is void',
    ],
    [
      'route:::add { trace(args) }',
      'expected args[1], args[4] or args[5] at column 21, got "args" alone',
    ],
    [
      'route:::add { trace(dst) }',
      'expected a variable at column 21, got "dst"; did you mean "route.dst"?',
    ],
    ['BEGIN { printf("%d", "x") }', 'expected an integer for %d at column 17, got the string "x"'],
    ['BEGIN { printf("%s") }', 'expected a string for %s at column 17, got no parameters'],
    [
      'BEGIN { printf(execname) }',
      'expected a format in double quotes for printf() at column 16, got an expression',
    ],
    [
      'BEGIN { pid = 1 }',
      'expected a variable of the program at column 9, got "pid", which is D\'s own and only read',
    ],
    [
      'BEGIN { RTM_ADD = 1 }',
      'expected a variable of the program at column 9, got "RTM_ADD", which is D\'s own and only read',
    ],
    [
      'BEGIN { 1 = 2 }',
      'expected a variable of the program at column 9, got what can only be read',
    ],
    [
      'route:::add { args[4]->route_seq = 1 }',
      'expected a variable of the program at column 24, got what can only be read',
    ],
    ['BEGIN { x = 5; x = "a" }', 'expected an integer at column 20, got the string "a"'],
    ['BEGIN { s = "a"; s = 5 }', 'expected a string at column 22, got the integer 5'],
    ['BEGIN { s = "a"; s++ }', 'expected an integer at column 18, got a string'],
    ['BEGIN { s = "a"; s += 1 }', 'expected an integer at column 18, got a string'],
    [
      'BEGIN { x = NULL }',
      'expected a variable that has a type already at column 9, got one without',
    ],
    [
      'int x; int x; BEGIN { }',
      'expected a new name at column 12, got "x", which is declared already',
    ],
    [
      'int pid; BEGIN { }',
      'expected a variable of the program at column 5, got "pid", which is D\'s own and only read',
    ],
    ['struct foo x; BEGIN { }', 'expected an integer type or string at column 1, got "struct foo"'],
    ['BEGIN { a[1] = 2; a["x"] = 3 }', 'expected an integer at column 21, got the string "x"'],
    ['BEGIN { a[1] = 2; a[1, 2] = 3 }', 'expected 1 key, as before at column 21, got 2'],
    [
      'BEGIN { a[1] = 2; trace(a) }',
      'expected an element a[…] at column 25, got the whole array "a"',
    ],
    [
      'BEGIN { a = 1; a[1] = 2 }',
      'expected an array at column 16, got the variable "a", which is none',
    ],
    ['inline int N = 1; BEGIN { N = 2 }', 'expected a variable at column 27, got the constant "N"'],
    [
      'BEGIN { @a; }',
      'expected @a = and an aggregating function such as count() at column 9, got none',
    ],
    [
      'BEGIN { @a = cont() }',
      'expected an aggregating function at column 14, got "cont"; did you mean "count"?',
    ],
    ['BEGIN { @a = count(1) }', 'expected count() with 0 parameters at column 14, got 1'],
    ['BEGIN { @a = sum("x") }', 'expected an integer at column 18, got the string "x"'],
    ['BEGIN { @a = count(); @a = sum(3) }', 'expected count(), as before at column 28, got sum()'],
    ['BEGIN { @a[1] = count(); @a = count() }', 'expected 1 key, as before at column 26, got 0'],
    [
      'BEGIN { @a[1] = count(); @a["x"] = count() }',
      'expected an integer at column 29, got the string "x"',
    ],
    [
      'BEGIN { @a = lquantize(5, 10, 0, 1) }',
      'expected a limit above the base 10 at column 31, got 0',
    ],
    [
      'BEGIN { @a = lquantize(5, 0, pid) }',
      'expected a constant at column 30, got what events change',
    ],
    [
      'BEGIN { @a = lquantize(5, 0, 10); @a = lquantize(5, 0, 20) }',
      'expected lquantize() with the same constants as before at column 40, got others',
    ],
    [
      'BEGIN { @a = count(); printa(@b) }',
      'expected an aggregation that was assigned before at column 30, got "@b"; did you mean "@a"?',
    ],
    [
      'BEGIN { @a[1] = count(); printa(@a[1]) }',
      'expected the whole aggregation @a at column 33, got an element of it',
    ],
    [
      'BEGIN { @a[1] = count(); @b["x"] = count(); printa(@a, @b) }',
      'expected an aggregation with the same keys as the first at column 56, got one with others',
    ],
    [
      'BEGIN { clear(1) }',
      'expected an aggregation such as @name for clear() at column 15, got the integer 1',
    ],
    [
      'BEGIN { trace(@a) }',
      'expected a value at column 15, got the aggregation @a, which only actions take',
    ],
    ['BEGIN { trace($1) }', 'column 15: macro argument $1 is not defined'],
    ['BEGIN { trace($$2) }', 'column 15: macro argument $$2 is not defined'],
    ['tick-$1 { }', 'column 6: macro argument $1 is not defined'],
    [
      '#pragma D option quit\nBEGIN { }',
      'expected an option at line 1, column 18, got "quit"; did you mean "quiet"?',
    ],
    [
      '#pragma D option strsize=big\nBEGIN { }',
      'expected strsize=SIZE such as 4k or 2m at line 1, column 18, got "big"',
    ],
    [
      '#pragma D option quiet=maybe\nBEGIN { }',
      'expected quiet alone, or with true or false at line 1, column 18, got "maybe"',
    ],
  ])('%s', (text, line) => {
    expect(refusal(text)).toBe(line);
  });

  test('macro arguments of the wrong kind, and near names', () => {
    expect(refusal('BEGIN { trace($1) }', { args: ['10/8'] })).toBe(
      'expected an integer or a name at column 15, got "10/8" for $1; did you mean "$$1"?',
    );
    expect(refusal('BEGIN { trace($tagret) }', { target: 1 })).toBe(
      'column 15: macro argument $tagret is not defined; did you mean $target?',
    );
  });

  test('an option of the command line is checked as one of the program', () => {
    expect(refusal('BEGIN', { options: { aggsortrv: '' } })).toBe(
      '-x aggsortrv: expected an option, got "aggsortrv"; did you mean "aggsortrev"?',
    );
    expect(refusal('BEGIN', { options: { aggsortpos: 'x' } })).toBe(
      '-x aggsortpos: expected aggsortpos=NUMBER, got "x"',
    );
  });

  test("options about DTrace's own buffers are taken", () => {
    const text =
      '#pragma D option bufsize=4m\n#pragma D option switchrate=10hz\n#pragma D depends_on library ip.d\n#pragma ident "x"\nBEGIN';
    expect(refusal(text)).toBe('no error');
  });

  test('the error itself is the cause, for who joins programs', () => {
    try {
      compiled('BEGIN { trace(foo) }');
      throw new Error('it was taken');
    } catch (error) {
      expect(error).toBeInstanceOf(RoutetapError);
      const { cause } = error as RoutetapError;
      expect(cause).toBeInstanceOf(DError);
      expect((cause as DError).at).toBe(14);
    }
  });
});

describe('hostile programs meet a limit', () => {
  const nested = (depth: number): string =>
    `BEGIN { x = ${'('.repeat(depth)}1${')'.repeat(depth)} }`;

  test('nesting up to 190 levels is taken, more than 200 is refused at the place', () => {
    expect(refusal(nested(190))).toBe('no error');
    expect(refusal(nested(300))).toBe(
      'expected at most 200 levels of nesting at column 212, got more',
    );
    expect(refusal('('.repeat(60_000))).toBe(
      'expected at most 200 levels of nesting at column 201, got more',
    );
  });

  test.each([
    ['signs', `BEGIN { x = ${'-'.repeat(60_000)}1 }`],
    ['signs apart', `BEGIN { x = ${'- '.repeat(30_000)}1 }`],
    ['a sum', `BEGIN { x = ${'1+'.repeat(30_000)}1 }`],
    ['conditions', `BEGIN { x = ${'1?'.repeat(20_000)}1 }`],
    ['assignments', `BEGIN { ${'x='.repeat(20_000)}1 }`],
    ['casts', `BEGIN { x = ${'(int)'.repeat(9_000)}1 }`],
    ['sizeof', `BEGIN { x = ${'sizeof '.repeat(9_000)}1 }`],
    ['subscripts', `BEGIN { x = ${'a['.repeat(20_000)}1 }`],
    ['a long member chain', `route:::add { x = route${'.x'.repeat(20_000)} }`],
    ['types', 'int '.repeat(16_000)],
    ['keys of keys', `BEGIN { ${'@a['.repeat(150)}1 }`],
    ['sizes of sizes', `BEGIN { x = ${'sizeof('.repeat(150)}1 }`],
    ['calls in casts', `BEGIN { x = ${'(int)f(a[(1?(2,'.repeat(28)} }`],
    ['an unfinished comment', '/* '.repeat(20_000)],
    ['unfinished strings', '"\\'.repeat(30_000)],
    ['a long program', `BEGIN { ${' '.repeat(70_000)} }`],
    ['a glob of stars', `${'*a'.repeat(2_000)}b { }`],
    ['a huge number in a tick', `tick-${'9'.repeat(1_000)}s { }`],
  ])('%s without end', (_, text) => {
    expect(refusal(text)).not.toBe('no error');
  });

  test('very many clauses are compiled', () => {
    const program = compiled('*;'.repeat(20_000));
    expect(program.matched).toBe(20_000 * 15);
  });

  test('a sum of 500 is taken', () => {
    expect(refusal(`BEGIN { x = ${'1+'.repeat(500)}1 }`)).toBe('no error');
  });

  test('strsize has an upper limit', () => {
    expect(refusal('BEGIN', { options: { strsize: '1g' } })).toBe(
      '-x strsize: expected a strsize of at most 65536, got "1g"',
    );
  });
});

test('every member of linuxinfo_t has a type and a meaning', () => {
  expect(LINUXINFO_MEMBERS.map(({ name }) => name)).toEqual([...LINUXINFO.members.keys()]);
  for (const { type, meaning } of LINUXINFO_MEMBERS) {
    expect(type).toMatch(/^(string|int|u?int\d+_t|[pu]id_t)$/);
    expect(meaning).not.toBe('');
  }
});
