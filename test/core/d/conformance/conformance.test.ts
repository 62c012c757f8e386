import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { compileProgram } from '../../../../core/d/program/compile-program.js';
import { RoutetapError } from '../../../../core/errors.js';
import { jsonLine } from '../../../../core/format/json.js';
import { readCases, type Case } from './read-cases.js';
import { plainText, recordsOf, replayed, runProgram } from './run-program.js';

const cases = readCases(path.dirname(fileURLToPath(import.meta.url)));
const topics = [...new Set(cases.map(({ topic }) => topic))];

/** The one line a program is refused with. */
function refusal(one: Case): string {
  try {
    compileProgram(one.program, one.options);
  } catch (error) {
    expect(error).toBeInstanceOf(RoutetapError);
    expect((error as RoutetapError).kind).toBe('usage');
    return (error as RoutetapError).message;
  }
  return 'not refused';
}

/** Each wanted text stands in the line of the same place. */
function expectEach(lines: readonly string[], wanted: readonly string[]): void {
  expect(lines).toHaveLength(wanted.length);
  for (const [index, part] of wanted.entries()) expect(lines[index]).toContain(part);
}

test('there are at least 150 cases, each with a name of its own', () => {
  expect(cases.length).toBeGreaterThanOrEqual(150);
  const names = cases.map(({ topic, name }) => `${topic}: ${name}`);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(topics)('%s', (topic) => {
  test.each(cases.filter((one) => one.topic === topic))('$name', async (one) => {
    if (one.refused !== null) {
      const line = refusal(one);
      expect(line).not.toContain('\n');
      for (const part of one.refused) expect(line).toContain(part);
      return;
    }
    const said = runProgram(one.program, one.options, await recordsOf(one.recording));
    expectEach(said.errors, one.errors);
    if (one.text !== null) expect(plainText(said.text)).toBe(plainText(one.text));
    expect(said.exit ?? 0).toBe(one.exit ?? 0);
  });
});

describe('the lines beside a recording', () => {
  test.each(['six-probes', 'initial-zone'])('%s are what its replay says', async (name) => {
    const line = (record: Parameters<typeof jsonLine>[0]): string =>
      jsonLine(record, { full: false, raw: false });
    expect((await recordsOf(name)).map(line)).toEqual((await replayed(`${name}.rtap`)).map(line));
  });
});
