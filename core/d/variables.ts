import { RouteRecord } from '../engine/record.js';
import type { RouteEvent } from '../event.js';
import { CSINFO_MEMBERS, ROUTEINFO_MEMBERS } from '../routeinfo-members.js';
import { ctypeOf } from './ctype.js';
import { linuxinfoValue } from './linuxinfo.js';
import { CSINFO, RECORD, ROUTEINFO, type Shape, type StructShape } from './shapes.js';
import {
  previousValue,
  routeValue,
  tableValue,
  valueOf,
  type StructValue,
  type Value,
} from './values.js';

type Read = (event: RouteEvent) => unknown;

/** Built-in variables of D, with DTrace's names and meanings. Time is the event's, so a replay gives the same. */
const BUILT_IN: Readonly<Record<string, readonly [type: string, Read]>> = {
  probeprov: ['string', () => 'route'],
  probename: ['string', (event) => event.probe],
  timestamp: ['int64_t', (event) => event.timeNs],
  walltimestamp: ['int64_t', (event) => event.timeNs],
  pid: ['pid_t', (event) => event.process?.pid],
  tid: ['id_t', (event) => event.process?.tid],
  uid: ['uid_t', (event) => event.process?.uid],
  execname: ['string', (event) => event.process?.comm],
  zonename: [
    'string',
    (event) => event.zone.name ?? (event.csinfo.cs_zoneid === 0 ? 'global' : null),
  ],
};

/** Members of the record itself, by their names in JSON. */
const RECORD_MEMBERS: Readonly<Record<string, Read>> = {
  type: (event) => event.type,
  seq: (event) => event.seq,
  time: (event) => event.time,
  host: (event) => event.host,
  probe: (event) => event.probe,
  inferred: (event) => event.inferred,
  provenance: (event) => event.provenance,
  cause: (event) => event.cause,
  zone: (event) => event.zone,
  process: (event) => event.process,
  lookup: (event) => event.lookup,
  timeout: (event) => event.timeout,
  redirect: (event) => event.redirect,
};

/** A struct of the event whose members an engine's record gives one by one. */
const structOf = <Struct extends object>(
  shape: StructShape,
  read: (event: RouteEvent) => Struct,
  members: { readonly [Name in keyof Struct]: (record: RouteRecord) => unknown },
): StructValue =>
  tableValue(
    shape,
    read,
    Object.fromEntries(
      [...shape.members.keys()].map((name): [string, Read] => {
        const key = name as keyof Struct;
        const ofRecord = Object.hasOwn(members, name) ? members[key] : () => null;
        return [
          name,
          (event) => (event instanceof RouteRecord ? ofRecord(event) : read(event)[key]),
        ];
      }),
    ),
  );

const csinfo = structOf(CSINFO, (event) => event.csinfo, CSINFO_MEMBERS);
const plainRouteinfo = structOf(ROUTEINFO, (event) => event.routeinfo, ROUTEINFO_MEMBERS);
const routeinfo: StructValue = {
  ...plainRouteinfo,
  member: (name) =>
    plainRouteinfo.member(name === 'route_ifindex' ? 'route_interface_index' : name),
};

/** args[n] of the route probes; the others are void. */
export const ARGUMENTS: ReadonlyMap<number, StructValue> = new Map([
  [1, csinfo],
  [4, routeinfo],
  [5, linuxinfoValue],
]);

/** Names of BUILT_IN: D's own, which a program cannot use for a variable. */
export const BUILT_IN_NAMES: readonly string[] = Object.keys(BUILT_IN);

/** Every name an expression can start with, apart from constants, functions and `args`. */
export const VARIABLES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...Object.entries(BUILT_IN).map(([name, [type, read]]): [string, Value] => [
    name,
    valueOf(shapeNamed(type), read),
  ]),
  ...Object.entries(RECORD_MEMBERS).map(([name, read]): [string, Value] => [
    name,
    valueOf(recordMember(name), read),
  ]),
  ['csinfo', csinfo],
  ['routeinfo', routeinfo],
  ['route', routeValue],
  ['previous', previousValue],
]);

function shapeNamed(type: string): Shape {
  const ctype = ctypeOf(type);
  return ctype === null ? { type: 'string' } : { type: 'integer', ctype };
}

function recordMember(name: string): Shape {
  const shape = RECORD.members.get(name);
  if (shape === undefined) throw new TypeError(`the record has no member ${name}`);
  return shape;
}

/** Where a member that was named without its struct stands: `dst` in route.dst, `route_seq` in args[4]->route_seq. */
export function qualifiedName(member: string): string | null {
  if (ROUTEINFO.members.has(member)) return `args[4]->${member}`;
  if (CSINFO.members.has(member)) return `args[1]->${member}`;
  for (const [name, shape] of RECORD.members) {
    if (shape.type === 'struct' && shape.members.has(member) && name !== 'previous') {
      if (name !== 'zone' && name !== 'cause') return `${name}.${member}`;
    }
  }
  return null;
}
