import { ctypeOf } from '../ctype.js';
import type { Integer } from '../integer.js';
import type { Value } from '../values.js';
import type { ProgramState } from './state.js';

/** Built-in variables that depend on which probe fired, not on the event alone. */
export function runtimeVariables(state: ProgramState): ReadonlyMap<string, Value> {
  const uint = ctypeOf('uint_t');
  const text = (read: () => string): Value => ({ type: 'string', read });
  const number = (read: () => Integer): Value =>
    uint === null ? { type: 'integer', read } : { type: 'integer', read, ctype: uint };
  const wide = (read: () => Integer): Value => ({ type: 'integer', read });
  return new Map<string, Value>([
    ['probeprov', text(() => state.row.provider)],
    ['probemod', text(() => state.row.module)],
    ['probefunc', { type: 'string', read: (event) => event.provenance }],
    ['probename', text(() => state.row.name)],
    ['id', number(() => state.row.id)],
    ['epid', number(() => state.epid)],
    ['cpu', number(() => 0)],
    ['arg0', wide(() => 0)],
    ['arg1', wide(() => state.fault.epid)],
    ['arg2', wide(() => state.fault.action)],
    ['arg3', wide(() => 0)],
    ['arg4', wide(() => state.fault.fault)],
    ['arg5', wide(() => state.fault.address)],
    ...['arg6', 'arg7', 'arg8', 'arg9'].map((name): [string, Value] => [name, wide(() => 0)]),
  ]);
}
