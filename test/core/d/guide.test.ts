import { describe, expect, test } from '@jest/globals';
import { compileProgram } from '../../../core/d/program/compile-program.js';
import { LINUXINFO_MEMBERS } from '../../../core/d/linuxinfo.js';
import { ACTION_NAMES } from '../../../core/d/program/action-names.js';
import { AGGREGATING } from '../../../core/d/program/aggregating.js';
import { CONVERSIONS } from '../../../core/d/program/conversions.js';
import { OPTIONS, settingsOf } from '../../../core/d/program/options.js';
import { programFunctions } from '../../../core/d/program/program-functions.js';
import { ProgramState } from '../../../core/d/program/state.js';
import { CSINFO, ROUTEINFO } from '../../../core/d/shapes.js';
import { plainText, recordsOf, runProgram } from './conformance/run-program.js';
import { examples, guide } from './guide-examples.js';

const fences = (language: string): number => guide.split(`\n\`\`\`${language}\n`).length - 1;

describe('the examples of docs/d.md', () => {
  test('are all found', () => {
    expect(examples).toHaveLength(fences('d'));
    expect(examples.length).toBeGreaterThanOrEqual(12);
  });

  test.each(examples)('$heading', async ({ recording, options, program, output }) => {
    const said = runProgram(program, options, await recordsOf(recording));
    expect(said.errors).toEqual([]);
    expect(plainText(said.text).trimEnd()).toBe(plainText(output).trimEnd());
  });
});

describe('docs/d.md', () => {
  test('shows the error its wrong program gets', () => {
    const program = 'route:::add { @[args[4]->route_dest] = count(); }';
    let message = '';
    try {
      compileProgram(program);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(guide).toContain(`routetap: invalid probe specifier ${program}: ${message}\n`);
  });

  test('shows the line a fault gets', async () => {
    const program = 'change /pid == 2839/ { x = 1 / (pid - 2839); }';
    const { errors } = runProgram(program, {}, await recordsOf('inet'));
    expect(errors).toHaveLength(1);
    expect(guide).toContain(`\nroutetap: ${errors.join()}\n`);
  });

  test('has a row for every member of linuxinfo_t, with its type', () => {
    for (const { name, type } of LINUXINFO_MEMBERS) {
      expect(guide).toMatch(new RegExp(`^\\| \`${name}\` +\\| \`${type}\` `, 'm'));
    }
  });

  test('names every member of csinfo_t and routeinfo_t', () => {
    for (const name of [...CSINFO.members.keys(), ...ROUTEINFO.members.keys()]) {
      expect(guide).toContain(`\`${name}\``);
    }
  });

  test('names every function, action and aggregating function', () => {
    const functions = programFunctions(new ProgramState(settingsOf(new Map())));
    for (const name of [...functions.keys(), ...ACTION_NAMES, ...AGGREGATING.keys()]) {
      expect(guide).toContain(`\`${name}(`);
    }
  });

  test('names every conversion of printf()', () => {
    for (const letter of Object.keys(CONVERSIONS)) expect(guide).toContain(`%${letter}`);
  });

  test('names every option that changes something', () => {
    for (const [name, kind] of OPTIONS) if (kind !== 'any') expect(guide).toContain(`\`${name}\``);
  });
});
