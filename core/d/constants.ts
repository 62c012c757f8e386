import { AF } from '../wire/constants.js';
import { RTA, RTF, RTM, RTV } from '../routeinfo.js';

const named = (prefix: string, table: Readonly<Record<string, number>>): [string, number][] =>
  Object.entries(table).map(([name, value]) => [`${prefix}_${name.toUpperCase()}`, value]);

/** Names of net/route.h for the bits and numbers of routeinfo_t, and of the families for inet_ntop(). */
export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ...named('RTM', RTM),
  ...named('RTF', RTF),
  ...named('RTV', RTV),
  ...named('RTA', RTA),
  ['AF_INET', AF.INET],
  ['AF_INET6', AF.INET6],
]);
