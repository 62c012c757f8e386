import { escapeText } from '../../core/format/escape.js';
import type { TraceZone } from '../../core/trace/model.js';
import { savedNames, type TraceHeader } from '../../core/trace/trace-header.js';
import { readSavedTrace } from '../../sources/trace/saved-trace.js';
import type { TraceCounters } from '../../sources/trace/traced-lookup.js';
import { openTextOutput, type TextOutput } from '../d/output.js';
import { EXIT } from '../exit.js';
import { say } from '../say.js';
import { onSignals } from '../stop-signals.js';
import type { TraceOptions } from '../trace-options.js';
import { lookupChoice } from './choice.js';
import { TracePrinter } from './printer.js';
import { beginLines, endLine } from './words.js';

/** `--zone` over a saved trace: `self` is the namespace routetap ran in. */
function zoneTest(wanted: string | null, { ownZone }: TraceHeader): (zone: TraceZone) => boolean {
  if (wanted === null || wanted === 'all') return () => true;
  if (wanted === 'self') return ({ id }) => id === ownZone;
  return ({ id, name }) => name === wanted || String(id) === wanted;
}

/** Reads the file into the printer until it ends, or the reader of the output leaves. */
async function read(path: string, options: TraceOptions, output: TextOutput): Promise<void> {
  const log = options.isQuiet ? () => undefined : say;
  const counters: TraceCounters = { lost: 0, withoutLookup: 0, dropped: 0 };
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  const release = onSignals(stop, () => undefined);
  void output.whenClosed.then(stop);
  let printer: TracePrinter | null = null;
  let header: TraceHeader | null = null;
  try {
    await readSavedTrace(path, {
      onHeader: (found) => {
        header = found;
        const { info, ownZone, host } = found;
        printer = new TracePrinter({ ...options, output, names: savedNames(found), ownZone });
        const who = `saved on ${escapeText(host)}, Linux ${escapeText(info.kernel)}`;
        for (const line of beginLines(who, info, options.isVerbose)) log(line);
      },
      choice: () =>
        lookupChoice(options, header === null ? () => true : zoneTest(options.zone, header)),
      counters,
      onLookup: (lookup) => {
        printer?.take(lookup);
        if (printer?.isEnough === true) stop();
      },
      patience: () => (output.isFull ? output.room() : null),
      signal: stopping.signal,
    });
  } finally {
    await output.close();
    release();
    const shown = printer as TracePrinter | null;
    if (shown !== null) {
      log(endLine({ printed: shown.printed, counters, unread: output.dropped }));
    }
  }
}

/** Shows a saved trace. Resolves with the exit code; rejects when the file is none, or is broken: after what it holds. */
export async function traceSaved(path: string, options: TraceOptions): Promise<number> {
  const output = openTextOutput(null);
  await read(path, options, output);
  if (output.failure !== null) throw output.failure;
  return EXIT.done;
}
