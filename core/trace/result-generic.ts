/** Results by their type in C, for functions without words of their own and as the last resort of the others. */

import { errnoName } from '../bpf/errno.js';
import { escapeText } from '../format/escape.js';
import type { Call } from './call.js';
import { be32Text } from './call-words.js';
import { isNothing, type Returned } from './returned.js';
import { deviceWords, dstText, exceptionWords, tableWords } from './section-words.js';

/** Null: nothing is worth saying. */
export type ResultWords = (call: Call, returned: Returned) => string | null;

export const yesNo =
  (yes: string, no: string): ResultWords =>
  (_call, returned) =>
    isNothing(returned) ? no : yes;

/** 0 for what is no number. */
export const numberOf = (returned: Returned): number =>
  returned.kind === 'number' || returned.kind === 'reason' ? returned.value : 0;

/** Anything, by its type. */
export const generic: ResultWords = (call, returned) => {
  switch (returned.kind) {
    case 'void':
      return call.dstAfter === null ? null : dstWords(call);
    case 'bool':
      return returned.value ? 'true' : 'false';
    case 'reason':
      return returned.value === 0 ? 'not dropped' : `drop reason ${returned.value}`;
    case 'address':
      return be32Text(returned.value);
    case 'number':
      return returned.errno === 0 ? String(returned.value) : errnoName(returned.errno);
    case 'pointer':
      if (returned.errno !== 0) return errnoName(returned.errno);
      return returned.value === 0n ? 'none' : pointed(call);
  }
};

/** What a returned pointer points to. */
function pointed(call: Call): string {
  const { exception, dstAfter, function: traced } = call;
  if (exception !== null) return exceptionWords(exception);
  if (traced.returns.includes('fib_table') || traced.returns.includes('fib6_table')) {
    return call.tableAfter === 0 ? 'a table' : tableWords(call.tableAfter, call.names);
  }
  if (traced.returns.includes('net_device')) return `dev ${deviceOf(call)}`;
  if (dstAfter !== null) return dstText(dstAfter, call.to, call.isInet);
  return 'found';
}

export function deviceOf({ devAfter, end, names }: Call): string {
  return devAfter === '' ? deviceWords(end?.u32('ifindex') ?? 0, names) : escapeText(devAfter);
}

export function dstWords(call: Call): string {
  const given = call.dstAfter;
  return given === null ? 'a route' : dstText(given, call.to, call.isInet);
}
