import { describe, expect, test } from '@jest/globals';
import { listProbes } from '../../cli/d/list.js';
import type { ProgramText } from '../../cli/d/program-text.js';
import { PROBE_TABLE } from '../../core/d/program/probes.js';

const program = (text: string): ProgramText => ({ kind: 'description', name: text, text });

const list = (texts: readonly string[], isVerbose = false): string[] =>
  listProbes(texts.map(program), ['m*'], isVerbose).text.trimEnd().split('\n');

describe('the list of probes', () => {
  test('begins with the columns of dtrace -l, and says who serves each, how stable it is, and its arguments', () => {
    const [header, ...rows] = list([]);
    expect(header).toBe(
      '   ID   PROVIDER            MODULE                          FUNCTION NAME           MECHANISM            STABILITY              ARGUMENTS',
    );
    expect(rows).toHaveLength(PROBE_TABLE.length);
    expect(rows[0]).toBe(
      '    1     dtrace                                                     BEGIN          routetap             Stable/Stable/Common',
    );
    expect(rows.find((row) => row.includes(' add '))).toBe(
      '    4      route             linux                                   add            rtnetlink            Evolving/Evolving/ISA  args[1] csinfo_t *, args[4] routeinfo_t *, args[5] linuxinfo_t *',
    );
  });

  test('is of what the descriptions match, in their order, also of programs with a body', () => {
    const rows = list(['ip:::route-a*, BEGIN { trace(1); }', 'tick-1s']).slice(1);
    expect(rows.map((row) => row.slice(0, 90).trim().split(/\s+/).slice(0, 5).join(' '))).toEqual([
      expect.stringMatching(/^\d+ ip linux route-add /) as unknown,
      expect.stringMatching(/^1 dtrace BEGIN /) as unknown,
      expect.stringMatching(/^\d+ profile tick-1s /) as unknown,
    ]);
  });

  test('takes the arguments for what descriptions leave open', () => {
    const rows = list(['route:::$1']).slice(1);
    expect(rows.map((row) => row.slice(69, 73))).toEqual(['miss']);
  });

  test('with -v each has its stability, its argument types and its mechanisms below', () => {
    const text = list(['route:::add'], true).slice(2).join('\n');
    expect(text).toContain(
      `
\tProbe Description Attributes
\t\tIdentifier Names: Evolving
\t\tData Semantics:   Evolving
\t\tDependency Class: ISA

\tArgument Attributes
\t\tIdentifier Names: Evolving
\t\tData Semantics:   Evolving
\t\tDependency Class: ISA

\tArgument Types
\t\targs[0]: void
\t\targs[1]: csinfo_t *
\t\targs[2]: void
\t\targs[3]: void
\t\targs[4]: routeinfo_t *
\t\targs[5]: linuxinfo_t *

\tMechanism
\t\tinet: rtnetlink`,
    );
    expect(text).toMatch(/^\t\tinet6: rtnetlink/m);
  });

  test('what matches nothing is named, and what was probably meant', () => {
    const { text, misses } = listProbes([program('route:::ad, route:::delete')], [], false);
    expect(text.trimEnd().split('\n')).toHaveLength(2);
    expect(misses).toEqual([
      'routetap: failed to match route:::ad: probe description route:::ad does not match any probes; did you mean route:::add?',
    ]);
  });

  test('a program that can not be read is named with the place', () => {
    expect(() => list(['route:::add {'])).toThrow(
      /^invalid probe specifier route:::add \{: .*column 14/,
    );
  });
});
