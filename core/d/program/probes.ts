import { PROBES, type Probe, type Provenance } from '../../event.js';
import { DError } from '../d-error.js';
import { nearestName } from '../nearest-name.js';
import { parseTick } from './ticks.js';

/** A probe a description can name. */
export interface ProbeRow {
  readonly id: number;
  readonly provider: string;
  readonly module: string;
  readonly name: string;
  /** Which event fires it; null for dtrace's own probes and for ticks. */
  readonly probe: Probe | null;
  /** ns between two firings; null for what is no tick. */
  readonly periodNs: bigint | null;
}

/** Module of the route probes. The function is what saw the event (args[5]->provenance), known when it fires. */
const ROUTE_MODULE = 'linux';

export const BEGIN: ProbeRow = own(1, 'BEGIN');
export const END: ProbeRow = own(2, 'END');
export const ERROR: ProbeRow = own(3, 'ERROR');

function own(id: number, name: string): ProbeRow {
  return { id, provider: 'dtrace', module: '', name, probe: null, periodNs: null };
}

const routeRow = (id: number, provider: string, name: string, probe: Probe): ProbeRow => ({
  id,
  provider,
  module: ROUTE_MODULE,
  name,
  probe,
  periodNs: null,
});

/**
 * Every probe, with the numbers `-l` shows: dtrace's own, then the route probes as the DTrace page spells them, then as
 * Solaris does. Both spellings are one event: a clause whose descriptions match it in both fires once for it, by the
 * spelling that matched first.
 */
export const PROBE_TABLE: readonly ProbeRow[] = [
  BEGIN,
  END,
  ERROR,
  ...PROBES.map((probe, index) => routeRow(4 + index, 'route', probe, probe)),
  ...PROBES.map((probe, index) =>
    routeRow(4 + PROBES.length + index, 'ip', `route-${probe}`, probe),
  ),
];

const FIRST_TICK_ID = PROBE_TABLE.length + 1;

/** What can see a route event, hence what a description's function can name. */
const FUNCTIONS: readonly Provenance[] = [
  'rtnetlink',
  'dump',
  'fentry',
  'kprobe',
  'tracepoint',
  'icmp-socket',
  'replay',
];

/** A probe that a description matched. */
export interface Match {
  readonly row: ProbeRow;
  /** Fires only for events seen by one of these; null: by any. */
  readonly functions: ReadonlySet<string> | null;
}

type Parts = readonly [provider: string, module: string, func: string, name: string];

/** The four parts, right-aligned as in DTrace: `add`, `rtnetlink:add`, `route:::add`. */
function partsOf(text: string, at: number): Parts {
  const parts = text.split(':');
  if (parts.length > 4) {
    throw new DError(at, 'a probe description provider:module:function:name', JSON.stringify(text));
  }
  const all = [...Array.from({ length: 4 - parts.length }, () => ''), ...parts];
  return [all[0] ?? '', all[1] ?? '', all[2] ?? '', all[3] ?? ''];
}

/** Tests a part of a probe's name; an empty one matches all. Globs as in sh(1): * ? [ab] [!ab] and \. */
function globTest(glob: string): (text: string) => boolean {
  if (glob === '') return () => true;
  if (!/[*?[\\]/.test(glob)) return (text) => text === glob;
  let source = '';
  for (let index = 0; index < glob.length; index += 1) {
    const character = glob.charAt(index);
    const set = character === '[' ? /^\[!?\]?[^\]]*\]/.exec(glob.slice(index))?.[0] : undefined;
    if (character === '*') source += source.endsWith('.*') ? '' : '.*';
    else if (character === '?') source += '.';
    else if (set !== undefined) {
      source += setSource(set);
      index += set.length - 1;
    } else source += escaped(character);
  }
  const pattern = new RegExp(`^${source}$`, 's');
  return (text) => pattern.test(text);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** `[!a-c]` as a regular expression has it; a range that runs backwards matches nothing. */
function setSource(set: string): string {
  const isNegated = set.startsWith('[!');
  const inner = set.slice(isNegated ? 2 : 1, -1);
  let source = '';
  for (let index = 0; index < inner.length; index += 1) {
    const from = inner.charAt(index);
    const to = inner.charAt(index + 2);
    if (inner.charAt(index + 1) === '-' && to !== '') {
      if (from <= to) source += `${escaped(from)}-${escaped(to)}`;
      index += 2;
    } else source += escaped(from);
  }
  return isNegated ? `[^${source}]` : source === '' ? '(?!)' : `[${source}]`;
}

/** Matches the descriptions of one program: a tick is a probe as soon as something names it. */
export class ProbeSpace {
  readonly #ticks = new Map<string, ProbeRow>();

  /** Probes that a description matches. Throws a DError when there are none, unless there may be none. */
  match(text: string, at: number, mayBeNone = false): readonly Match[] {
    const parts = partsOf(text, at);
    const tick = this.#tick(parts, at);
    if (tick !== null) return [{ row: tick, functions: null }];
    const [provider, module, func, name] = parts.map(globTest);
    const functions = parts[2] === '' ? null : new Set(FUNCTIONS.filter((one) => func?.(one)));
    const matches = PROBE_TABLE.filter(
      (row) =>
        provider?.(row.provider) === true &&
        module?.(row.module) === true &&
        name?.(row.name) === true &&
        (functions === null || (row.probe !== null && functions.size > 0) || func?.('') === true),
    ).map((row): Match => ({ row, functions: row.probe === null ? null : functions }));
    if (matches.length > 0 || mayBeNone) return matches;
    throw DError.refused(at, `probe description ${text} does not match any probes`, meant(parts));
  }

  #tick([provider, module, func, name]: Parts, at: number): ProbeRow | null {
    if (module !== '' || func !== '' || (provider !== '' && provider !== 'profile')) return null;
    const periodNs = parseTick(name, at);
    if (periodNs === null) return null;
    const known = this.#ticks.get(name);
    if (known !== undefined) return known;
    const id = FIRST_TICK_ID + this.#ticks.size;
    const row: ProbeRow = { id, provider: 'profile', module: '', name, probe: null, periodNs };
    this.#ticks.set(name, row);
    return row;
  }
}

/** The description that was probably meant; of a provider without a near name the first. */
function meant([provider, , , name]: Parts): string | null {
  const own = PROBE_TABLE.filter((row) => row.provider === provider);
  const rows = own.length > 0 ? own : PROBE_TABLE;
  const nearest = nearestName(name, [...rows.map((row) => row.name), 'tick-1s']);
  if (nearest === 'tick-1s') return nearest;
  const row = rows.find((one) => one.name === nearest) ?? own[0];
  return row === undefined ? null : `${row.provider}:::${row.name}`;
}
