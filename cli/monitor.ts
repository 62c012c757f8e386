import { hostname } from 'node:os';
import { RoutetapError } from '../core/errors.js';
import { readNames } from '../sources/names-files.js';
import { routeBatches } from '../sources/routes.js';
import { resolveOptions, type OptionSources } from './config.js';
import { cappedReceiveBuffer } from './doctor/machine.js';
import { compileFilters, type Filters } from './filters.js';
import { loadSinks } from './load-sinks.js';
import { errorLine, say } from './say.js';
import type { StreamOptions } from './stream-options.js';
import { runStream } from './stream.js';

/** Probes that only an eBPF tier sees. */
const UNSEEN = ['losing', 'miss', 'redirect'] as const;

/** This build has no eBPF tier: `require` can't be met. */
function checkTiers(options: StreamOptions): void {
  if (options.bpf !== 'require') return;
  throw new RoutetapError(
    'privilege',
    '--bpf require: expected an eBPF tier, got none: this build has only the rtnetlink tier; use --bpf auto',
  );
}

function warnOfUnseen(options: StreamOptions, log: (line: string) => void): void {
  const unseen = UNSEEN.filter((probe) => options.probe?.includes(probe));
  if (unseen.length === 0) return;
  log(`routetap: no tier of this build sees ${unseen.join(', ')}; see routetap doctor`);
}

function bufferNote({ receiveBufferBytes }: StreamOptions): string | null {
  const bytes = cappedReceiveBuffer(receiveBufferBytes);
  if (bytes === null) return null;
  return `routetap: without CAP_NET_ADMIN the receive buffer has ${bytes} bytes at most; see routetap doctor`;
}

/** What can't be changed while the sockets are open, and `rest` of other options. */
const keepFixed = (fixed: StreamOptions, rest: StreamOptions): StreamOptions => {
  const { zone, family, table, protocol } = fixed;
  return { ...rest, zone, family, table, protocol };
};

/** `routetap monitor`: events of this machine's kernel until it is stopped. */
export async function monitor(sources: OptionSources): Promise<void> {
  const options = resolveOptions(sources);
  checkTiers(options);
  const names = readNames();
  const filters = compileFilters(options, names);
  const log = options.quiet ? () => undefined : say;
  warnOfUnseen(options, log);
  const sinks = await loadSinks(options, names, log);

  const rereadFilters = (): Filters['test'] | null => {
    try {
      const fresh = resolveOptions(sources);
      const kept = keepFixed(options, fresh);
      if (JSON.stringify(kept) !== JSON.stringify(fresh)) {
        log(
          'routetap: zone, family, table and protocol of the config take effect at the next start',
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
      onHangUp: rereadFilters,
    },
  );
}
