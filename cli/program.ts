import { Command, CommanderError, Option } from 'commander';
import { nearestName } from '../core/d/nearest-name.js';
import { usageError } from '../core/errors.js';
import { escapeText } from '../core/format/escape.js';
import type { GivenFlags, OptionSources } from './config.js';
import { flagsHelp } from './d/flag-table.js';
import { asksForD } from './d/flags.js';
import { EXIT } from './exit.js';
import type { GetFlags } from './get-options.js';
import { STREAM_OPTIONS, type OptionRow } from './stream-options.js';
import type { TraceFlags } from './trace-options.js';
import { got } from './say.js';
import { version } from '../sources/version.js';

const EXAMPLES = `
Examples:
  routetap                                     every route event of this namespace
  routetap --json | jq -c .route               as JSON Lines
  routetap --zone all --probe delete           what vanishes, in every namespace
  routetap --where 'route.priority > 100'      only events a D predicate holds for
  routetap --sink file:/var/log/routes.json    into a file
  routetap replay trace.rtap                   a recording again
  routetap get 192.0.2.1 --mark 7              which rule, table and route it takes
  routetap trace --dst 192.0.2.1               the kernel's lookups of it, as call trees
  routetap trace --explain -- ssh host         those of one command, each step explained
  routetap -n 'route:::add { @[execname] = count(); }'

D programs, with the flags of dtrace; what follows is $1, $2…:
${flagsHelp()}

Options of the default command: routetap monitor --help.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a privilege or kernel feature is missing.`;

const isLeft = (row: OptionRow): boolean => row.isLive !== true;

/** `--probe --json`: the parser would take the option for the value that was forgotten. */
function refuseOption(row: OptionRow, text: string): void {
  const isOption = STREAM_OPTIONS.some(({ name }) => text === `--${name}`) || text === '--config';
  if (!isOption) return;
  throw usageError(`--${row.name}: expected ${row.value}, got the option ${text}`);
}

function addStreamOptions(command: Command, rows: readonly OptionRow[]): Command {
  for (const row of rows) {
    if (row.value === null) {
      command.addOption(new Option(`--${row.name}`, row.help));
      // Takes back what a config file or the environment switched on.
      command.addOption(new Option(`--no-${row.name}`).hideHelp());
    } else {
      const collect = (text: string, before: readonly string[] | undefined): readonly string[] => {
        refuseOption(row, text);
        return [...(before ?? []), text];
      };
      command.addOption(new Option(`--${row.name} <${row.value}>`, row.help).argParser(collect));
    }
  }
  return command.addOption(new Option('--config <FILE>', 'read this config file and no other'));
}

/** The texts commander collected, by option name. */
function optionSources(command: Command, rows: readonly OptionRow[]): OptionSources {
  const flags = new Map<string, readonly string[]>();
  for (const row of rows) {
    const key = row.name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    if (command.getOptionValueSource(key) !== 'cli') continue;
    const value: unknown = command.getOptionValue(key);
    flags.set(row.name, Array.isArray(value) ? (value as string[]) : [String(value)]);
  }
  const config: unknown = command.getOptionValue('config');
  return {
    flags: flags satisfies GivenFlags,
    environment: process.env,
    configFile: typeof config === 'string' ? config : null,
  };
}

/** Exit code of a command that ends without an error. */
interface Ended {
  code: number;
}

function addGet(program: Command, ended: Ended): void {
  program
    .command('get')
    .argument('<ADDR>', 'IPv4 or IPv6 address')
    .description('explain which rule, table, route and nexthop an address takes')
    .option('--from <ADDR>', 'source address')
    .option('--iif <NAME>', 'as if received on this interface')
    .option('--oif <NAME>', 'as if bound to this interface')
    .option('--mark <N>', 'fwmark, decimal or 0x…')
    .option('--uid <N>', 'user of the sending socket (default: who runs routetap)')
    .option('--ipproto <NAME>', 'tcp, udp, icmp, icmpv6 or a number')
    .option('--sport <N>', 'source port')
    .option('--dport <N>', 'destination port')
    .option('--tos <N>', 'type of service, traffic class; decimal or 0x…')
    .option('--zone <NAME>', 'network namespace (default: self)')
    .option('--json', 'as one JSON object')
    .option('--explain', 'every route that covers the address, on a line of its own')
    .action(async (target: string, flags: GetFlags) => {
      ended.code = await (await import('./get.js')).get(target, flags);
    });
}

function addTrace(program: Command, ended: Ended): void {
  program
    .command('trace')
    .argument('[COMMAND...]', 'trace this command and what it starts, and end with it')
    .description("the kernel's route lookups as call trees")
    .option('--dst <PREFIX>', 'only lookups of this address, or inside this prefix')
    .option('--src <PREFIX>', 'only lookups from this address or prefix')
    .option('--pid <PID>', 'only those this process makes; ends with it')
    .option('--dev <NAME>', 'only those that meet this interface')
    .option('--zone <NAME>', 'network namespace (default: self; with a process: all)')
    .option('--input', 'only packets received')
    .option('--output', 'only packets sent')
    .option('--follow <FUNCTION>', 'only this function and what it calls')
    .option('--explain', 'a sentence on what each function does')
    .option('--json', 'JSON Lines, one object per lookup')
    .option('--save <FILE>', 'also save the trace, for --load')
    .option('--load <FILE>', 'show a saved trace; needs no privilege')
    .option('--bpf <MODE>', 'auto, or only fentry, kprobe or tracepoint (default: auto)')
    .option('--count <N>', 'stop after N lookups')
    .option('--duration <TIME>', 'stop after this time, e.g. 500ms, 10s, 5m')
    .option('--quiet', 'nothing on stderr but errors')
    .option('--verbose', 'also why functions are left out, on stderr')
    // What stands behind the command's name is the command's.
    .passThroughOptions()
    .action(async (command: readonly string[], flags: TraceFlags) => {
      ended.code = await (await import('./trace.js')).trace(command, flags);
    });
}

function buildProgram(ended: Ended): Command {
  const program = new Command('routetap')
    .description(
      'Shows every routing event on this machine: what changed, what stood there before, who did it.',
    )
    .version(version())
    .addHelpText('after', EXAMPLES)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });

  const monitor = program.command('monitor', { isDefault: true });
  addStreamOptions(monitor, STREAM_OPTIONS)
    .description('stream route events (the default command)')
    .action(async () => {
      const sources = optionSources(monitor, STREAM_OPTIONS);
      await (await import('./monitor.js')).monitor(sources);
    });

  const rows = STREAM_OPTIONS.filter(isLeft);
  const replay = program.command('replay');
  addStreamOptions(replay, rows)
    .argument(
      '<FILE>',
      'a recording of routetap or rtmon, or a pcap of an nlmon device; - for stdin',
    )
    .description('feed a recording through the same pipeline')
    .addHelpText(
      'after',
      '\nD programs run over it too: -n, -s, -q, -x, -o, -v, -e, -Z of routetap --help.',
    )
    .action(async (file: string) => {
      const sources = optionSources(replay, rows);
      await (await import('./replay.js')).replay(file, sources);
    });

  program
    .command('doctor')
    .description('what this machine can see, probe by probe, and why not')
    .option('--json', 'as one JSON object')
    .action(async (options: { readonly json?: boolean }) => {
      (await import('./doctor.js')).doctor(options.json === true);
    });

  const demo = program.command('demo');
  addStreamOptions(demo, rows)
    .description('make real events in throw-away network namespaces and show them')
    .action(async () => {
      const sources = optionSources(demo, rows);
      await (await import('./demo.js')).demo(sources);
    });

  addGet(program, ended);
  addTrace(program, ended);

  for (const command of program.commands) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  return program;
}

/** One line of ours for what commander found wrong. */
function usageLine(error: CommanderError, command: string, args: readonly string[]): string {
  const text = error.message.replace(/^error: /, '');
  const [what = '', ...hints] = text.split('\n');
  const hint = hints.length === 0 ? '' : ` ${hints.join(' ').replace(/Did/, 'did')}`;
  const [, quotedPart = ''] = /'([^']*)'/.exec(what) ?? [];
  switch (error.code) {
    case 'commander.unknownOption': {
      const [, name = '', value] = /^(--[a-z-]+)=(.*)$/s.exec(quotedPart) ?? [];
      if (SWITCHES.has(name)) return `${name}: expected no value, got ${got(value)}`;
      return `${escapeText(quotedPart)}: expected an option listed by routetap ${command} --help, got an unknown one${hint}`;
    }
    case 'commander.excessArguments': {
      if (command === 'get') {
        const [, count = 'more'] = /but got (\d+)/.exec(what) ?? [];
        return `get: expected one ADDR, got ${count}`;
      }
      const words = args.filter((word) => !word.startsWith('-'));
      const last = got(words.at(-1));
      return command === 'replay'
        ? `replay: expected one FILE, got more: ${last}`
        : `${command}: expected no argument, got ${last}`;
    }
    case 'commander.optionMissingArgument': {
      const [flag = '', value = ''] = quotedPart.split(/\s+/);
      return `${flag}: expected ${value.replace(/[<>]/g, '')}, got nothing`;
    }
    case 'commander.missingArgument':
      return `expected ${quotedPart}, got nothing`;
    default:
      return `${what}${hint}`;
  }
}

const SWITCHES: ReadonlySet<string> = new Set([
  ...STREAM_OPTIONS.filter(({ value }) => value === null).map(({ name }) => `--${name}`),
  '--explain',
  '--input',
  '--output',
]);

/** A word in a command's place that is none. Commander would take it for an argument of the default command. */
function checkCommand(program: Command, args: readonly string[]): void {
  const word = args[0] === 'help' ? args[1] : args[0];
  if (word === undefined || word.startsWith('-')) return;
  const names = [...program.commands.map((command) => command.name()), 'help'];
  if (names.includes(word)) return;
  const near = nearestName(word, names);
  const hint = near === null ? '' : ` (did you mean ${near}?)`;
  throw usageError(`expected a command of ${names.join(', ')}, got ${got(word)}${hint}`);
}

/**
 * Runs the command these arguments ask for; resolves with the exit code. Throws a RoutetapError, usage for wrong
 * arguments.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  if (asksForD(args)) return (await import('./d.js')).runD(args);
  const ended: Ended = { code: EXIT.done };
  const program = buildProgram(ended);
  checkCommand(program, args);
  try {
    await program.parseAsync(args, { from: 'user' });
    return ended.code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version came out as asked.
    if (error.exitCode === 0) return EXIT.done;
    const [word = ''] = args;
    const command = word.startsWith('-') || word === '' ? 'monitor' : word;
    throw usageError(usageLine(error, command, args));
  }
}
