import { hostname } from 'node:os';
import { PROBES } from '../core/event.js';
import { objectsFor } from '../sources/bpf/choice.js';
import { readNames } from '../sources/names-files.js';
import { routeBatches } from '../sources/routes.js';
import { resolveOptions, type OptionSources } from './config.js';
import { cappedReceiveBuffer } from './doctor/machine.js';
import { compileFilters, type Filters } from './filters.js';
import { loadSinks } from './load-sinks.js';
import { errorLine, say } from './say.js';
import type { StreamOptions } from './stream-options.js';
import { runStream } from './stream.js';
import { rowsOf, unseenLine } from './unseen-line.js';

function bufferNote({ receiveBufferBytes }: StreamOptions): string | null {
  const bytes = cappedReceiveBuffer(receiveBufferBytes);
  if (bytes === null) return null;
  return `routetap: without CAP_NET_ADMIN the receive buffer has ${bytes} bytes at most; see routetap doctor`;
}

/** What can't be changed while the sockets are open, and `rest` of other options. */
const keepFixed = (fixed: StreamOptions, rest: StreamOptions): StreamOptions => {
  const { zone, family, table, protocol, bpf } = fixed;
  return { ...rest, zone, family, table, protocol, bpf };
};

/** Programs that the probes of `fresh` need and those of `loaded` did not. */
function areProgramsMissing(loaded: StreamOptions, fresh: StreamOptions): boolean {
  const have = objectsFor(loaded.probe ?? PROBES);
  return objectsFor(fresh.probe ?? PROBES).some((object) => !have.includes(object));
}

/** `routetap monitor`: events of this machine's kernel until it is stopped. */
export async function monitor(sources: OptionSources): Promise<void> {
  const options = resolveOptions(sources);
  const names = readNames();
  const filters = compileFilters(options, names);
  const log = options.quiet ? () => undefined : say;
  const sinks = await loadSinks(options, names, log);

  const rereadFilters = (): Filters['test'] | null => {
    try {
      const fresh = resolveOptions(sources);
      const kept = keepFixed(options, fresh);
      if (JSON.stringify(kept) !== JSON.stringify(fresh)) {
        log(
          'routetap: zone, family, table, protocol and bpf of the config take effect at the next start',
        );
      }
      if (areProgramsMissing(options, kept)) {
        log(
          'routetap: the eBPF programs of probes added to the config are loaded at the next start',
        );
      }
      return compileFilters(kept, names).test;
    } catch (error) {
      log(`${errorLine(error)}; the filters stay as they were`);
      return null;
    }
  };

  const { family, tables, protocols } = filters.kernel;
  await runStream(
    ({ signal, patience }) =>
      routeBatches({
        zone: options.zone,
        ...(family !== null && { family }),
        ...(tables !== null && { tables }),
        ...(protocols !== null && { protocols }),
        ...(options.receiveBufferBytes !== null && {
          receiveBufferBytes: options.receiveBufferBytes,
        }),
        ...(options.record !== null && { recordFile: options.record }),
        ...(options.auditMs !== null && { auditMs: options.auditMs }),
        ...(options.probe !== null && { probes: options.probe }),
        bpf: options.bpf,
        snapshot: options.snapshot,
        raw: options.raw,
        host: hostname(),
        signal,
        patience,
        warn: log,
      }),
    {
      filter: filters.test,
      sinks,
      count: options.count,
      durationMs: options.durationMs,
      log,
      verbose: options.verbose,
      note: bufferNote(options),
      remark: (record) =>
        record.what === 'tiers' ? unseenLine(rowsOf(record), options.probe ?? []) : null,
      onHangUp: rereadFilters,
    },
  );
}
