/** What the readers of lightweight tunnels share. */

import type { Attributes } from './bytes.js';
import { LWT_BPF_PROG } from './encap-constants.js';
import type { RouteContext } from './route.js';

/** Members of one type; null ones are left out of the result. */
export type EncapMembers = Record<string, unknown>;

/** Highest attribute any reader asks for. */
export const MAX_ENCAP_ATTRIBUTE = 16;

/** An interface as `ip` prints it where it has no name for it. */
export const deviceText = (ifindex: number, context: RouteContext): string =>
  context.deviceName(ifindex) ?? `if${ifindex}`;

/** The name of a BPF program, null where the attribute is absent. */
export function programName(attributes: Attributes, type: number): string | null {
  const program = attributes.nested(type, MAX_ENCAP_ATTRIBUTE);
  return program === null ? null : (program.text(LWT_BPF_PROG.NAME) ?? '<unknown>');
}
