import { nearestName } from '../nearest-name.js';
import { DEFAULT_ORDER, type SortOrder } from './aggregations.js';

type OptionKind = 'switch' | 'number' | 'size' | 'any';

/**
 * Options of `-x` and `#pragma D option`. Those of kind `any` are about DTrace's buffers and kernel side; programs
 * set them, so they are taken, and have nothing to change here.
 */
export const OPTIONS: ReadonlyMap<string, OptionKind> = new Map<string, OptionKind>([
  ['quiet', 'switch'],
  ['aggsortkey', 'switch'],
  ['aggsortrev', 'switch'],
  ['aggsortpos', 'number'],
  ['aggsortkeypos', 'number'],
  ['defaultargs', 'switch'],
  ['zdefs', 'switch'],
  ['strsize', 'size'],
  ['aggsize', 'size'],
  ['dynvarsize', 'size'],
  ...(
    'aggrate amin bufpolicy bufresize bufsize cleanrate cpu destructive flowindent jstackframes jstackstrsize ' +
    'nspec specsize stackframes stackindent statusrate strip switchrate temporal unodefs ustackframes'
  )
    .split(' ')
    .map((name): [string, OptionKind] => [name, 'any']),
]);

/** What DTrace's sizes stand for, so that its numbers scale the limits here. */
const BYTES_PER_KEY = 40;
const MAX_KEYS = 100_000;
const STRING_BYTES = 256;
/** A string is copied at every step; longer ones would make a program slow without saying more. */
const MAX_STRING_BYTES = 65_536;

/** What the options of a program say. */
export interface Settings {
  readonly isQuiet: boolean;
  readonly order: SortOrder;
  readonly defaultArgs: boolean;
  /** A description may match no probe. */
  readonly mayMatchNone: boolean;
  /** Longest string in bytes, the NUL at its end counted as DTrace does. */
  readonly stringBytes: number;
  readonly maxAggregationKeys: number;
  readonly maxVariables: number;
}

/** An option that is none, or a value that does not fit: what was expected, what was got. */
export class OptionError extends Error {
  readonly expected: string;
  readonly got: string;
  readonly suggestion: string | null;

  constructor(expected: string, got: string, suggestion: string | null = null) {
    super(`expected ${expected}, got ${got}`);
    this.name = 'OptionError';
    this.expected = expected;
    this.got = got;
    this.suggestion = suggestion;
  }
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

function sizeOf(text: string): number | null {
  const [, digits, unit = ''] = /^(\d{1,12})([kmgt]?)b?$/i.exec(text) ?? [];
  return digits === undefined ? null : Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
}

const ON = new Set(['', '1', 'true', 'on', 'yes', 'set', 'enable', 'enabled']);
const OFF = new Set(['0', 'false', 'off', 'no', 'unset', 'disable', 'disabled']);

/** Throws an OptionError when there is no such option, or not with such a value. */
export function checkOption(name: string, value: string): void {
  const kind = OPTIONS.get(name);
  if (kind === undefined) {
    throw new OptionError('an option', JSON.stringify(name), nearestName(name, OPTIONS.keys()));
  }
  const got = JSON.stringify(value);
  if (kind === 'switch' && !ON.has(value) && !OFF.has(value)) {
    throw new OptionError(`${name} alone, or with true or false`, got);
  }
  if (kind === 'number' && !/^\d{1,6}$/.test(value)) throw new OptionError(`${name}=NUMBER`, got);
  if (kind === 'size' && (sizeOf(value) ?? 0) === 0) {
    throw new OptionError(`${name}=SIZE such as 4k or 2m`, got);
  }
  if (name === 'strsize' && (sizeOf(value) ?? 0) > MAX_STRING_BYTES) {
    throw new OptionError(`a strsize of at most ${MAX_STRING_BYTES}`, got);
  }
}

/** The settings of checked options; what is set on the command line stands before what a program says. */
export function settingsOf(options: ReadonlyMap<string, string>): Settings {
  const isOn = (name: string): boolean => ON.has(options.get(name) ?? '0');
  const number = (name: string, missing: number): number => Number(options.get(name) ?? missing);
  const keys = (name: string): number => {
    const bytes = sizeOf(options.get(name) ?? '');
    return bytes === null
      ? MAX_KEYS
      : Math.max(1, Math.min(2 ** 24, Math.floor(bytes / BYTES_PER_KEY)));
  };
  return {
    isQuiet: isOn('quiet'),
    order: {
      ...DEFAULT_ORDER,
      byKey: isOn('aggsortkey'),
      reversed: isOn('aggsortrev'),
      position: number('aggsortpos', 0),
      keyPosition: number('aggsortkeypos', 0),
    },
    defaultArgs: isOn('defaultargs'),
    mayMatchNone: isOn('zdefs'),
    stringBytes: sizeOf(options.get('strsize') ?? '') ?? STRING_BYTES,
    maxAggregationKeys: keys('aggsize'),
    maxVariables: keys('dynvarsize'),
  };
}
