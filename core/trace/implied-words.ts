/** Words that implied nodes share. */

import { errnoName } from '../bpf/errno.js';
import { KERNEL_NAMES } from '../format/text-route.js';
import { escapeText } from '../format/escape.js';
import { deviceName } from '../lookup/words.js';
import type { LookupState } from '../lookup/state.js';

export const flowText = (dst: string | null, src: string | null): string =>
  `${dst ?? 'any'}${src === null ? '' : ` from ${src}`}`;

/** `table main`; other names are in the rules. */
export const tableText = (table: number, name: string | null = null): string =>
  `table ${escapeText(name ?? KERNEL_NAMES.table(table))}`;

/** `via 10.0.0.2 dev v0`. */
export function viaText(gateway: string | null, ifindex: number, state: LookupState): string {
  const { family } = state;
  const other = family === 'inet' && gateway?.includes(':') === true ? 'inet6 ' : '';
  return `${gateway === null ? '' : `via ${other}${gateway} `}dev ${deviceName(state, ifindex)}`;
}

export const errnoText = (errno: number): string => (errno === 0 ? 'no error' : errnoName(errno));
