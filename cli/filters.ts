import { usageError } from '../core/errors.js';
import type { RouteEvent } from '../core/event.js';
import { recordFilter, type FilterOptions } from '../core/filter.js';
import type { KernelFilter } from '../core/kernel-filter.js';
import type { Names } from '../core/names/names.js';
import type { RecordTest } from './deliver.js';
import { got } from './say.js';
import type { StreamOptions } from './stream-options.js';

/** The filters among the options, for both places that apply them. */
export interface Filters {
  /** All of them, applied to records. */
  readonly test: RecordTest;
  /** Those the kernel can apply. */
  readonly kernel: KernelFilter;
}

type FilterMembers = Pick<
  StreamOptions,
  'probe' | 'family' | 'table' | 'dst' | 'dev' | 'protocol' | 'where'
>;

function numbers(
  option: string,
  words: readonly string[] | null,
  number: (text: string) => number | null,
  max: number,
): readonly number[] | null {
  return (
    words?.map((word) => {
      const n = number(word);
      if (n !== null) return n;
      throw usageError(`${option}: expected a name or a number to ${max}, got ${got(word)}`);
    }) ?? null
  );
}

/** A prefix of the other family would match nothing. */
function checkFamily({ family, dst }: FilterMembers): void {
  if (family === null || dst === null || !/^[0-9a-f.:/]+$/i.test(dst)) return;
  if (dst.includes(':') === (family === 'inet6')) return;
  throw usageError(`--dst: expected an ${family} prefix because of --family, got ${got(dst)}`);
}

/** RTA_TABLE is 32 bits wide, rtm_protocol 8 (include/uapi/linux/rtnetlink.h). */
const MAX_TABLE = 0xffff_ffff;
const MAX_PROTOCOL = 0xff;

/** A snapshot's route as an event, so that the filters for routes hold for it too. */
const asEvent = (record: Parameters<RecordTest>[0], route: unknown): RouteEvent =>
  ({ ...record, type: 'route', probe: 'add', route, previous: null }) as unknown as RouteEvent;

/** Compiles the filters. Throws a usage RoutetapError naming the option. */
export function compileFilters(options: FilterMembers, names: Names): Filters {
  checkFamily(options);
  const table = (text: string): number | null => names.tableNumber(text);
  const protocol = (text: string): number | null => names.protocolNumber(text);
  const tables = numbers('--table', options.table, table, MAX_TABLE);
  const protocols = numbers('--protocol', options.protocol, protocol, MAX_PROTOCOL);
  const routeFilters: FilterOptions = {
    ...(options.family !== null && { family: options.family }),
    ...(tables !== null && { tables }),
    ...(options.dst !== null && { dst: options.dst }),
    ...(options.dev !== null && { dev: options.dev }),
    ...(protocols !== null && { protocols: protocols.map((n) => names.protocol(n)) }),
  };
  const eventTest = recordFilter({
    ...routeFilters,
    ...(options.probe !== null && { probes: options.probe }),
    ...(options.where !== null && { where: options.where }),
  });
  const routeTest = recordFilter(routeFilters);
  return {
    test: (record) =>
      record.type === 'status' && record.what === 'route'
        ? routeTest(asEvent(record, record.fields['route']))
        : eventTest(record),
    kernel: { family: options.family, tables, protocols },
  };
}
