import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blame, matchedLine, readPrograms, type ProgramText } from '../../cli/d/program-text.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-d-${process.pid}-`));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function described(word: string): Promise<ProgramText> {
  const [program] = await readPrograms([{ flag: 'n', word }]);
  if (program === undefined) throw new Error('no program');
  return program;
}

describe('programs as text', () => {
  test('a description is the text up to the body, the spaces before it included', async () => {
    const program = await described('route:::add,route:::delete { trace(pid); }');
    expect(matchedLine(program, 2)).toBe(
      "routetap: description 'route:::add,route:::delete ' matched 2 probes",
    );
  });

  test('or up to the predicate; one probe is one probe', async () => {
    const program = await described('route:::add/pid == 1/{ trace(pid); }');
    expect(matchedLine(program, 1)).toBe("routetap: description 'route:::add' matched 1 probe");
  });

  test('lines about programs are one line, whatever stands in them', async () => {
    const program = await described('route:::add,\n  route:::\u001bx\n{}');
    expect(program.name).toBe('route:::add, route:::\\x1bx ');
    expect(blame(program)).toBe('invalid probe specifier route:::add, route:::\\x1bx {}');
  });

  test('the interpreter line of a script is left out and the lines keep their numbers', async () => {
    const path = join(folder, 'x.d');
    writeFileSync(path, '\ufeff#!/usr/bin/env -S routetap -s\nBEGIN\n{}\n');
    const [program] = await readPrograms([{ flag: 's', word: path }]);
    expect(program).toEqual({ kind: 'script', name: path, text: '\nBEGIN\n{}\n' });
  });

  test('no more than a little past the limit of a program is read', async () => {
    const [program] = await readPrograms([{ flag: 's', word: '/dev/zero' }]);
    expect(program?.text.length).toBe(65_537);
  });

  test('a script that can not be read is named', async () => {
    await expect(readPrograms([{ flag: 's', word: join(folder, 'none') }])).rejects.toThrow(
      `failed to open script ${join(folder, 'none')}: expected a readable file, got ENOENT`,
    );
    await expect(readPrograms([{ flag: 's', word: folder }])).rejects.toThrow('got EISDIR');
  });
});
