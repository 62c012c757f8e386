import { nearestName } from '../../core/d/nearest-name.js';
import { usageError } from '../../core/errors.js';
import { escapeText } from '../../core/format/escape.js';
import type { OptionSources } from '../config.js';
import { got } from '../say.js';
import type { OptionRow } from '../stream-options.js';
import { STREAM_OPTIONS } from '../stream-options.js';
import { FLAGS, OTHER_FLAGS, type FlagRow } from './flag-table.js';

/** Where a program comes from: `-n` has its text, `-s` the path of its file. */
export interface ProgramWord {
  readonly flag: 'n' | 's';
  readonly word: string;
}

/** A command line of D programs. */
export interface DRequest {
  readonly programs: readonly ProgramWord[];
  /** Switches given, by letter. */
  readonly switches: ReadonlySet<string>;
  /** `-x` and `-q`: options of D by name, empty for those without a value. */
  readonly options: Readonly<Record<string, string>>;
  /** `-o`. */
  readonly outputFile: string | null;
  /** `-c`. */
  readonly command: string | null;
  /** `-p`. */
  readonly pid: number | null;
  /** A recording to run over; null: the kernel. */
  readonly recording: string | null;
  /** `$1`, `$2`… */
  readonly args: readonly string[];
  readonly sources: OptionSources;
}

/** Stream options that are about records written, which a D program writes none of. */
const WITHOUT_MEANING: ReadonlySet<string> = new Set([
  'json',
  'full',
  'raw',
  'sink',
  'snapshot',
  'probe',
]);

/** The stream options that go with D programs. */
export const dOptions = (isReplay: boolean): readonly OptionRow[] =>
  STREAM_OPTIONS.filter(
    ({ name, isLive }) => !WITHOUT_MEANING.has(name) && !(isReplay && isLive === true),
  );

const flagOf = (letter: string): FlagRow | undefined => FLAGS.find((row) => row.letter === letter);

const takesValue = (name: string): boolean =>
  name === 'config' || STREAM_OPTIONS.some((row) => row.name === name && row.value !== null);

/** Do these arguments ask for a D program or the list of probes? `replay FILE -n …` does too. */
export function asksForD(words: readonly string[]): boolean {
  const isReplay = words[0] === 'replay';
  if (!isReplay && words[0]?.startsWith('-') !== true) return false;
  for (let at = isReplay ? 1 : 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--' || word === '--help' || word === '-h') return false;
    if (word.startsWith('--')) {
      if (takesValue(word.slice(2))) at += 1;
    } else if (word !== '-V' && /^-[A-Za-z]/.test(word)) {
      return flagOf(word[1] ?? '') !== undefined;
    }
  }
  return false;
}

/** A value that was forgotten: what stands in its place is an option. No program and no command begins with a dash. */
function refuseOption(name: string, value: string, text: string): void {
  if (text === '-' || !text.startsWith('-')) return;
  throw usageError(`${name}: expected ${value}, got the option ${escapeText(text)}`);
}

/** Reads words as getopt(3) does: flags and arguments in any order, `--` ends the flags. */
class WordReader {
  readonly #words: readonly string[];
  readonly #isReplay: boolean;
  readonly #rows: readonly OptionRow[];
  #at: number;
  readonly programs: ProgramWord[] = [];
  readonly switches = new Set<string>();
  /** Without a prototype: a name such as `__proto__` is a key like any other. */
  readonly options = Object.create(null) as Record<string, string>;
  readonly rest: string[] = [];
  readonly texts = new Map<string, string[]>();
  readonly values = new Map<string, string>();

  constructor(words: readonly string[]) {
    this.#isReplay = words[0] === 'replay';
    this.#rows = dOptions(this.#isReplay);
    this.#words = words;
    this.#at = this.#isReplay ? 1 : 0;
  }

  get isReplay(): boolean {
    return this.#isReplay;
  }

  read(): void {
    while (this.#at < this.#words.length) {
      const word = this.#words[this.#at++] ?? '';
      if (word === '--') {
        this.rest.push(...this.#words.slice(this.#at));
        return;
      }
      if (word.startsWith('--')) this.#long(word.slice(2));
      else if (word.startsWith('-') && word !== '-') this.#cluster(word.slice(1));
      else this.rest.push(word);
    }
  }

  #value(name: string, value: string): string {
    if (this.#at >= this.#words.length) throw usageError(`${name}: expected ${value}, got nothing`);
    const text = this.#words[this.#at++] ?? '';
    refuseOption(name, value, text);
    return text;
  }

  #long(word: string): void {
    const [, name = '', text] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === 'config') {
      this.values.set('config', text ?? this.#value('--config', 'FILE'));
      return;
    }
    const isOff = name.startsWith('no-');
    const row = this.#rows.find((one) => one.name === (isOff ? name.slice(3) : name));
    if (row === undefined || (isOff && row.value !== null)) throw this.#unknown(name);
    if (row.value !== null) {
      const texts = this.texts.get(name) ?? [];
      this.texts.set(name, [...texts, text ?? this.#value(`--${name}`, row.value)]);
      return;
    }
    if (text !== undefined) throw usageError(`--${name}: expected no value, got ${got(text)}`);
    this.texts.set(row.name, [String(!isOff)]);
  }

  #unknown(name: string): Error {
    const shown = `--${escapeText(name)}`;
    if (STREAM_OPTIONS.some((row) => row.name === name)) {
      const what = this.#isReplay ? 'D programs over a recording' : 'D programs';
      return usageError(
        `${shown}: expected an option that goes with ${what}, got one of routetap monitor`,
      );
    }
    const names = this.#rows.map((row) => row.name);
    const near = nearestName(name, names);
    const hint = near === null ? '' : ` (did you mean --${near}?)`;
    return usageError(
      `${shown}: expected an option of routetap monitor or a flag of dtrace, got an unknown one${hint}`,
    );
  }

  /** `-qn PROGRAM`: switches, and at the end a flag whose value is what follows. */
  #cluster(letters: string): void {
    for (let at = 0; at < letters.length; at += 1) {
      const letter = letters[at] ?? '';
      const row = flagOf(letter);
      if (row === undefined) throw unknownFlag(letter);
      if (this.#isReplay && row.isLive === true) {
        throw usageError(`-${letter}: expected a flag that goes with a recording, got a live one`);
      }
      if (row.value === null) {
        this.switches.add(letter);
        continue;
      }
      const attached = letters.slice(at + 1);
      this.#flag(row, attached === '' ? this.#value(`-${letter}`, row.value) : attached);
      return;
    }
  }

  #flag({ letter }: FlagRow, text: string): void {
    if (letter === 'n' || letter === 's') {
      this.programs.push({ flag: letter, word: text });
    } else if (letter === 'x') {
      const [, name = '', value = ''] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
      this.options[name] = value;
    } else {
      if (this.values.has(letter)) throw usageError(`-${letter}: expected one, got more`);
      this.values.set(letter, text);
    }
  }
}

function unknownFlag(letter: string): Error {
  const instead = OTHER_FLAGS[letter];
  return usageError(
    instead === undefined
      ? `-${escapeText(letter)}: expected one of -${FLAGS.map((row) => row.letter).join(', -')}, got an unknown flag`
      : `-${letter}: expected ${instead}, got a flag of dtrace that has no meaning here`,
  );
}

/** PID_MAX_LIMIT (include/linux/threads.h). */
const MAX_PID = 4_194_304;

function readPid(text: string | undefined): number | null {
  if (text === undefined) return null;
  const pid = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (pid >= 1 && pid <= MAX_PID) return pid;
  throw usageError(`-p: expected a process id, got ${got(text)}`);
}

/** Reads the arguments of a D command line. Throws a usage RoutetapError naming the flag. */
export function readDRequest(words: readonly string[], environment: NodeJS.ProcessEnv): DRequest {
  const reader = new WordReader(words);
  reader.read();
  const { programs, switches, values, rest, isReplay } = reader;
  if (programs.length === 0 && !switches.has('l') && !switches.has('V')) {
    throw usageError('expected a program by -n or -s, or -l, got none');
  }
  if (values.has('c') && values.has('p')) {
    throw usageError('-p: expected one of -c and -p, got both');
  }
  const [recording, ...afterRecording] = rest;
  if (isReplay && recording === undefined) {
    throw usageError('replay: expected FILE, got nothing');
  }
  if (isReplay && switches.has('l')) {
    throw usageError('-l: expected no recording: it lists what this machine has');
  }
  if (switches.has('q')) reader.options['quiet'] = '';
  if (switches.has('Z')) reader.options['zdefs'] = '';
  return {
    programs,
    switches,
    options: reader.options,
    outputFile: values.get('o') ?? null,
    command: values.get('c') ?? null,
    pid: readPid(values.get('p')),
    recording: isReplay ? (recording ?? null) : null,
    args: isReplay ? afterRecording : rest,
    sources: { flags: reader.texts, environment, configFile: values.get('config') ?? null },
  };
}
