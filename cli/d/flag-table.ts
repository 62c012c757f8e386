/** One flag of dtrace(1) as routetap takes it. */
export interface FlagRow {
  readonly letter: string;
  /** What stands for the value in the help; null for a switch. */
  readonly value: string | null;
  readonly help: string;
  /** Means nothing for a recording. */
  readonly isLive?: true;
}

/** Every flag that is taken, in the order the help shows them. */
export const FLAGS: readonly FlagRow[] = [
  { letter: 'n', value: 'PROGRAM', help: 'run this D program; repeatable' },
  { letter: 's', value: 'FILE', help: 'run the D program of a file, - for stdin; repeatable' },
  { letter: 'l', value: null, help: 'list the probes, with -n or -s those they match' },
  { letter: 'q', value: null, help: 'only what the program itself prints' },
  { letter: 'x', value: 'OPT[=VALUE]', help: 'set an option of D; repeatable' },
  { letter: 'o', value: 'FILE', help: 'append the output to a file' },
  {
    letter: 'c',
    value: 'CMD',
    help: 'start CMD, $target is its pid, end when it ends',
    isLive: true,
  },
  { letter: 'p', value: 'PID', help: '$target is PID, end when it ends', isLive: true },
  { letter: 'e', value: null, help: 'compile and end' },
  { letter: 'v', value: null, help: 'report stability, with -l also the types of arguments' },
  { letter: 'w', value: null, help: 'taken and ignored: there are no destructive actions' },
  { letter: 'Z', value: null, help: 'permit probe descriptions that match nothing' },
  { letter: 'V', value: null, help: 'print the version' },
];

/** Flags of dtrace(1) that have no meaning here, and what to write instead. */
export const OTHER_FLAGS: Readonly<Record<string, string>> = {
  b: '-x bufsize=SIZE',
  C: 'a program without preprocessor directives',
  D: 'macro arguments $1, $2, after the program',
  f: "-n ':MODULE:FUNCTION:'",
  F: 'a program that prints what it needs',
  i: "-n 'PROVIDER:MODULE:FUNCTION:NAME'",
  I: 'a program without preprocessor directives',
  m: "-n ':MODULE::'",
  P: "-n 'PROVIDER:::'",
};

const WIDTH = 18;

/** The flags as lines of a help text. */
export const flagsHelp = (): string =>
  FLAGS.map(({ letter, value, help }) => {
    const flag = `-${letter}${value === null ? '' : ` ${value}`}`;
    return `  ${flag.padEnd(WIDTH)} ${help}`;
  }).join('\n');
