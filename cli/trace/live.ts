import { escapeText } from '../../core/format/escape.js';
import { readNames } from '../../sources/names-files.js';
import { followCommand, requireCommand } from '../../sources/trace/follow-command.js';
import { openLiveTrace, type LiveTrace } from '../../sources/trace/live-trace.js';
import { resolveZone } from '../../sources/zones/resolve.js';
import { openTextOutput } from '../d/output.js';
import { watchProcess } from '../d/target.js';
import { EXIT } from '../exit.js';
import { say } from '../say.js';
import { onSignals } from '../stop-signals.js';
import type { TraceOptions } from '../trace-options.js';
import { kernelFilters, lookupChoice } from './choice.js';
import { TracePrinter } from './printer.js';
import { beginLines, endLine } from './words.js';

/** Longest timer Node has. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The namespace to trace, null for all; with a process or a command it is where that is. */
function netnsOf({ zone, pid, command }: TraceOptions): number | null {
  const isAll = zone === null && (pid !== null || command.length > 0);
  return isAll || zone === 'all' ? null : resolveZone(zone ?? 'self').id;
}

/** What the trace ends with. */
interface Companion {
  /** Resolves with a line about how, null for none. */
  readonly ended: Promise<string | null>;
  readonly release: () => void;
}

/** The command, which runs from now on and is followed, or the process of `--pid`; null: neither. */
function startCompanion({ command, pid }: TraceOptions, trace: LiveTrace): Companion | null {
  if (pid !== null) return watchProcess(pid);
  const [program, ...words] = command;
  if (program === undefined) return null;
  const followed = followCommand([program, ...words], (first) => {
    trace.follow(first);
  });
  let isRunning = true;
  const ended = followed.end.then(({ code, signal }) => {
    isRunning = false;
    return code === 0 ? null : `${escapeText(program)} ended with ${String(signal ?? code)}`;
  });
  const release = (): void => {
    if (isRunning) followed.signal('SIGTERM');
  };
  return { ended, release };
}

/** When it is time to end. */
class Ending {
  readonly over: Promise<void>;
  #end: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  readonly #releaseSignals: () => void;
  /** Without anything to read nothing else keeps the process. */
  readonly #alive = setInterval(() => undefined, MAX_DELAY_MS);
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(durationMs: number | null) {
    this.over = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    // It may fail before anyone waits for it.
    this.over.catch(() => undefined);
    this.#releaseSignals = onSignals(this.end, () => undefined);
    this.#timer = durationMs === null ? undefined : setTimeout(this.end, durationMs);
  }

  readonly end = (): void => {
    this.#end();
  };

  with(companion: Companion, log: (line: string) => void): void {
    companion.ended.then((line) => {
      if (line !== null) log(`routetap: ${line}`);
      this.#end();
    }, this.#fail);
  }

  release(): void {
    clearInterval(this.#alive);
    clearTimeout(this.#timer);
    this.#releaseSignals();
  }
}

/** Traces this kernel until a signal, the command's end, `--count` or `--duration`. Resolves with the exit code. */
export async function traceLive(options: TraceOptions): Promise<number> {
  const log = options.isQuiet ? () => undefined : say;
  const [program] = options.command;
  if (program !== undefined) requireCommand(program);
  const names = readNames();
  const netns = netnsOf(options);
  const output = openTextOutput(null);
  const ending = new Ending(options.durationMs);
  void output.whenClosed.then(ending.end);
  let trace: LiveTrace | null = null;
  let companion: Companion | null = null;
  let printer: TracePrinter | null = null;
  try {
    trace = await openLiveTrace({
      mechanisms: options.mechanisms,
      filters: kernelFilters(options, netns),
      choice: lookupChoice(options, () => true),
      names,
      saveFile: options.save,
      onLookup: (lookup) => {
        printer?.take(lookup);
        if (printer?.isEnough === true) ending.end();
      },
      warn: (line) => {
        say(`routetap: ${line}`);
      },
    });
    const { info, ownZone } = trace;
    printer = new TracePrinter({ ...options, output, names, ownZone });
    for (const line of beginLines('tracing route lookups', info, options.isVerbose)) log(line);
    trace.begin();
    companion = startCompanion(options, trace);
    if (companion !== null) ending.with(companion, log);
    await ending.over;
  } finally {
    await trace?.stop();
    companion?.release();
    await output.close();
    if (trace !== null && output.failure === null) {
      const { counters } = trace;
      log(endLine({ printed: printer?.printed ?? 0, counters, unread: output.dropped }));
    }
    // Last: the kernel takes its time.
    trace?.close();
    ending.release();
  }
  if (output.failure !== null) throw output.failure;
  return trace.isSaveBroken ? EXIT.runtime : EXIT.done;
}
