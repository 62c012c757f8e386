import { describe, expect, test } from '@jest/globals';
import { asksForD, readDRequest } from '../../cli/d/flags.js';

const read = (...words: string[]): ReturnType<typeof readDRequest> => readDRequest(words, {});

describe('which command lines are D', () => {
  test.each([
    [['-n', 'BEGIN'], true],
    [['-qn', 'BEGIN'], true],
    [['-s', 'x.d', '1'], true],
    [['-l'], true],
    [['--zone', '-n', '-l'], true],
    [['--zone', 'all', '-n', 'BEGIN'], true],
    [['--zone=all', '-n', 'BEGIN'], true],
    [['replay', 'trace', '-n', 'BEGIN'], true],
    [['replay', '--count', '1', '-s', 'x.d', 'trace'], true],
    [[], false],
    [['--json'], false],
    [['--zone', '-n'], false],
    [['-V'], false],
    [['-h'], false],
    [['-n', 'BEGIN', '--help'], true],
    [['--help', '-n'], false],
    [['monitor', '-n', 'BEGIN'], false],
    [['replay', 'trace', '--', '-n'], false],
    [['--', '-n'], false],
    [['-k'], false],
  ])('%j: %p', (words, isD) => {
    expect(asksForD(words)).toBe(isD);
  });
});

describe('the flags of D programs', () => {
  test('programs keep their order, arguments may stand between flags', () => {
    const request = read('-n', 'BEGIN', 'one', '-s', 'x.d', '-q', 'two', '--', '-n');
    expect(request.programs).toEqual([
      { flag: 'n', word: 'BEGIN' },
      { flag: 's', word: 'x.d' },
    ]);
    expect(request.args).toEqual(['one', 'two', '-n']);
    expect([...request.switches]).toEqual(['q']);
  });

  test('switches cluster, and a value may be attached', () => {
    const request = read('-qvnBEGIN', '-xaggsortrev', '-x', 'strsize=64', '-oout');
    expect(request.programs).toEqual([{ flag: 'n', word: 'BEGIN' }]);
    expect([...request.switches]).toEqual(['q', 'v']);
    expect(request.options).toEqual({ quiet: '', aggsortrev: '', strsize: '64' });
    expect(request.outputFile).toBe('out');
  });

  test('the value of -x keeps its equals signs', () => {
    expect(read('-n', 'BEGIN', '-x', 'a=b=c').options).toEqual({ a: 'b=c' });
  });

  test('an option may have any name', () => {
    expect(Object.keys(read('-n', 'BEGIN', '-x', '__proto__=1').options)).toEqual(['__proto__']);
  });

  test('-Z sets the option zdefs', () => {
    expect(read('-Zn', 'x:::y').options).toEqual({ zdefs: '' });
  });

  test('the first word after replay is the recording, the rest are arguments', () => {
    const request = read('replay', '-n', 'BEGIN', 'trace', '1', '2');
    expect(request.recording).toBe('trace');
    expect(request.args).toEqual(['1', '2']);
  });

  test('options of the stream go to where they are read', () => {
    const { sources } = read('--zone=all', '-n', 'BEGIN', '--count', '3', '--no-quiet');
    expect([...sources.flags]).toEqual([
      ['zone', ['all']],
      ['count', ['3']],
      ['quiet', ['false']],
    ]);
  });

  test.each<[string[], string]>([
    [['-q'], 'expected a program by -n or -s, or -l, got none'],
    [['-n'], '-n: expected PROGRAM, got nothing'],
    [['-n', '-q'], '-n: expected PROGRAM, got the option -q'],
    [['-n', 'BEGIN', '-k'], '-k: expected one of -n, -s, -l'],
    [['-n', 'BEGIN', '-P', 'route'], "-P: expected -n 'PROVIDER:::', got a flag of dtrace"],
    [['-n', 'BEGIN', '-p', 'x'], '-p: expected a process id, got "x"'],
    [['-n', 'BEGIN', '-p', '0'], '-p: expected a process id, got "0"'],
    [['-n', 'BEGIN', '-p', '1', '-c', 'x'], '-p: expected one of -c and -p, got both'],
    [['-n', 'BEGIN', '-o', 'a', '-o', 'b'], '-o: expected one, got more'],
    [['-n', 'BEGIN', '--json'], '--json: expected an option that goes with D programs'],
    [['-n', 'BEGIN', '--quite'], 'got an unknown one (did you mean --quiet?)'],
    [['-n', 'BEGIN', '--quiet=1'], '--quiet: expected no value, got "1"'],
    [['replay', '-n', 'BEGIN'], 'replay: expected FILE, got nothing'],
    [['replay', 'trace', '-l'], '-l: expected no recording'],
    [['replay', 'trace', '-c', 'x'], '-c: expected a flag that goes with a recording'],
    [['replay', 'trace', '-n', 'BEGIN', '--zone', 'all'], 'D programs over a recording'],
    [['-n', 'BEGIN', '-\u001b'], '-\\x1b: expected one of'],
  ])('%j is refused', (words, line) => {
    expect(() => read(...words)).toThrow(line);
  });
});
