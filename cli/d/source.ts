import { hostname } from 'node:os';
import { fromEvent, NEVER, takeUntil, type Observable } from 'rxjs';
import type { Probe, RoutetapRecord } from '../../core/event.js';
import type { KernelFilter } from '../../core/kernel-filter.js';
import { replayBatches } from '../../sources/replay/replay.js';
import { routeBatches } from '../../sources/routes.js';
import type { StreamOptions } from '../stream-options.js';
import type { SourceControl } from '../stream.js';

/** What a program is fed from. */
export interface DSourceOptions {
  /** Route probes the program enables; with none nothing is opened. */
  readonly probes: ReadonlySet<Probe>;
  /** Null: the kernel. */
  readonly recording: string | null;
  readonly options: StreamOptions;
  readonly kernel: KernelFilter;
  readonly warn: (line: string) => void;
}

/** The records a program runs over, until `control.signal` is aborted or the recording ends. */
export function sourceOf(
  { probes, recording, options, kernel, warn }: DSourceOptions,
  { signal, patience }: SourceControl,
): Observable<readonly RoutetapRecord[]> {
  if (recording !== null) {
    const ready = (): Promise<void> | undefined => patience() ?? undefined;
    return replayBatches({ file: recording, warn, ready }).pipe(
      takeUntil(fromEvent(signal, 'abort')),
    );
  }
  if (probes.size === 0) return NEVER.pipe(takeUntil(fromEvent(signal, 'abort')));
  const { receiveBufferBytes, record, auditMs, bpf, zone } = options;
  const { family, tables, protocols } = kernel;
  return routeBatches({
    zone,
    bpf,
    probes: [...probes],
    ...(family !== null && { family }),
    ...(tables !== null && { tables }),
    ...(protocols !== null && { protocols }),
    ...(receiveBufferBytes !== null && { receiveBufferBytes }),
    ...(record !== null && { recordFile: record }),
    ...(auditMs !== null && { auditMs }),
    host: hostname(),
    signal,
    patience,
    warn,
  });
}
