/**
 * iproute2's name files. As `ip` does: /etc overrules the files iproute2 brings (/usr/share since 6.5,
 * /usr/lib in some distributions), whole file by whole file; then the `.d` directories' *.conf.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { namesFrom, type Names } from '../core/names/names.js';

/** Directories in the order of their say: the first that has a file wins. */
const DIRECTORIES: readonly string[] = [
  '/etc/iproute2',
  '/usr/share/iproute2',
  '/usr/lib/iproute2',
];

/** A name file is a few kilobytes; one that is larger is no name file. */
const MAX_FILE_BYTES = 1 << 20;

function read(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length <= MAX_FILE_BYTES ? text : null;
  } catch {
    // Missing or unreadable: the next directory, in the end the built-in names.
    return null;
  }
}

function confFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.conf') && !name.startsWith('.'));
  } catch {
    return [];
  }
}

function texts(name: string, directories: readonly string[]): readonly string[] {
  const main = directories.map((directory) => join(directory, name));
  const conf = new Map<string, string>();
  for (const directory of directories.toReversed()) {
    for (const file of confFiles(join(directory, `${name}.d`))) {
      conf.set(file, join(directory, `${name}.d`, file));
    }
  }
  const first = main.map(read).find((text) => text !== null);
  const rest = [...conf.keys()].sort().map((file) => read(conf.get(file) ?? ''));
  return [first, ...rest].filter((text) => typeof text === 'string');
}

/** The names on this machine. Never fails: without files the built-in names stay. */
export function readNames(directories: readonly string[] = DIRECTORIES): Names {
  return namesFrom({
    protos: texts('rt_protos', directories),
    scopes: texts('rt_scopes', directories),
    tables: texts('rt_tables', directories),
    realms: texts('rt_realms', directories),
  });
}
