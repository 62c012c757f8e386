import { Observable } from 'rxjs';
import { RoutetapError } from '../../core/errors.js';
import { matchesTree } from '../../core/trace/match.js';
import { parsePrefix } from '../../core/wire/address.js';
import { mechanismsOf, type BpfChoice } from '../bpf/choice.js';
import { readNames } from '../names-files.js';
import { resolveZone } from '../zones/resolve.js';
import { openLiveTrace, type LiveTrace } from './live-trace.js';
import type { TracePrefix } from './open-trace.js';
import type { TracedLookup } from './traced-lookup.js';

/** Which lookups to trace. Every member may be left out. */
export interface TraceLookupsOptions {
  /** An address or prefix that is looked up; applied in the kernel. */
  readonly dst?: string;
  /** An address or prefix it is looked up for. */
  readonly src?: string;
  /** `self` (default), `all`, or the name of a network namespace. */
  readonly zone?: string;
  /** One process alone. */
  readonly pid?: number;
  /** Packets sent, or packets received; both without it. */
  readonly way?: 'output' | 'input';
  /** Name of an interface that must be met. */
  readonly dev?: string;
  /** `auto` (default) takes the best the kernel lets load. `off` can not be: nothing else sees lookups. */
  readonly bpf?: Exclude<BpfChoice, 'off'>;
}

function readPrefix(name: string, text: string): TracePrefix {
  const prefix = parsePrefix(text);
  if (prefix !== null && prefix.bytes.length > 0) {
    return { address: prefix.bytes, length: prefix.length };
  }
  throw new RoutetapError(
    'usage',
    `${name}: expected an IPv4 or IPv6 address or prefix, got ${JSON.stringify(text)}`,
  );
}

function open(
  options: TraceLookupsOptions,
  onLookup: (lookup: TracedLookup) => void,
): Promise<LiveTrace> {
  const { zone = 'self', pid, way, dev, bpf = 'auto' } = options;
  const prefixes = {
    ...(options.dst === undefined ? {} : { dst: readPrefix('dst', options.dst) }),
    ...(options.src === undefined ? {} : { src: readPrefix('src', options.src) }),
  };
  const wanted = { ...prefixes, ...(dev === undefined ? {} : { dev }) };
  return openLiveTrace({
    mechanisms: mechanismsOf(bpf),
    filters: {
      ...prefixes,
      ...(zone === 'all' ? {} : { netns: resolveZone(zone).id }),
      ...(pid === undefined ? {} : { pid }),
      ...(way === undefined ? {} : { way }),
    },
    choice: { matches: (tree) => matchesTree(tree, wanted), withCached: false },
    names: readNames(),
    saveFile: null,
    onLookup,
    warn: () => undefined,
  });
}

async function end(trace: LiveTrace): Promise<void> {
  await trace.stop();
  trace.close();
}

/**
 * Route lookups of this kernel as call trees, as they end. Cold: each subscription loads its own eBPF programs,
 * unsubscribing removes them. Errors with a RoutetapError: `privilege` when no program loads, `usage` for a wrong
 * option.
 */
export function traceLookups(options: TraceLookupsOptions = {}): Observable<TracedLookup> {
  return new Observable((subscriber) => {
    let isClosed = false;
    let trace: LiveTrace | null = null;
    const start = async (): Promise<void> => {
      trace = await open(options, (lookup) => {
        subscriber.next(lookup);
      });
      if (isClosed) await end(trace);
      else trace.begin();
    };
    start().catch((error: unknown) => {
      subscriber.error(error);
    });
    return () => {
      isClosed = true;
      if (trace !== null) void end(trace);
    };
  });
}
