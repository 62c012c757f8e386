import type { RouteEvent } from '../event.js';
import { previousBody, previousKey, routeBody, routeKey } from '../route-sides.js';
import type { CType } from './ctype.js';
import { toInteger, type Integer } from './integer.js';
import { OPEN_MEMBER, ROUTE, type Shape, type StructShape } from './shapes.js';

type Read<T> = (event: RouteEvent) => T;

/** A compiled expression: its type, known before any event, and how to get it from one. */
export type Value =
  | IntegerValue
  | { readonly type: 'string'; readonly read: Read<string> }
  | { readonly type: 'unknown'; readonly read: Read<unknown> }
  | { readonly type: 'null' }
  | ArrayValue
  | StructValue;

export interface IntegerValue {
  readonly type: 'integer';
  readonly read: Read<Integer>;
  readonly test?: Read<boolean>;
  /** int64_t when left out. */
  readonly ctype?: CType;
}

export interface ArrayValue {
  readonly type: 'array';
  readonly read: Read<readonly unknown[]>;
  readonly element: Shape;
}

export interface StructValue {
  readonly type: 'struct';
  readonly shape: StructShape;
  readonly read: Read<unknown>;
  /** Null: there is no such member. */
  readonly member: (name: string) => Value | null;
  /** Where a pointer is read out of a variable: the struct it was set to, and the event it points into. */
  readonly origin?: StructValue;
  readonly held?: Read<RouteEvent | null>;
}

const EMPTY: readonly unknown[] = [];

/** A value of this shape, got by `read`; D has no null, so what is missing is 0, "" or empty. */
export function valueOf(shape: Shape, read: Read<unknown>): Value {
  switch (shape.type) {
    case 'integer': {
      const value: IntegerValue = { type: 'integer', read: (event) => toInteger(read(event)) };
      return shape.ctype === undefined ? value : { ...value, ctype: shape.ctype };
    }
    case 'string':
      return {
        type: 'string',
        read: (event) => {
          const value = read(event);
          return typeof value === 'string' ? value : toText(value);
        },
      };
    case 'unknown':
      return { type: 'unknown', read };
    case 'array':
      return {
        type: 'array',
        element: shape.element,
        read: (event) => {
          const value = read(event);
          return Array.isArray(value) ? value : EMPTY;
        },
      };
    case 'struct':
      return structValue(shape, read);
  }
}

/** Text of a member without a known type. */
export function toText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return '';
  }
}

function structValue(shape: StructShape, read: Read<unknown>): StructValue {
  return {
    type: 'struct',
    shape,
    read,
    member(name) {
      const member = shape.members.get(name) ?? (shape.open === true ? OPEN_MEMBER : undefined);
      if (member === undefined) return null;
      return valueOf(member, (event) => {
        const object = read(event);
        return typeof object === 'object' && object !== null && Object.hasOwn(object, name)
          ? (object as Readonly<Record<string, unknown>>)[name]
          : null;
      });
    },
  };
}

/** A struct whose members are read by a table, for those whose getters do not stand on the object itself. */
export function tableValue(
  shape: StructShape,
  read: Read<unknown>,
  table: Readonly<Record<string, Read<unknown>>>,
): StructValue {
  return {
    type: 'struct',
    shape,
    read,
    member(name) {
      const member = shape.members.get(name);
      const reader = Object.hasOwn(table, name) ? table[name] : undefined;
      return member === undefined || reader === undefined ? null : valueOf(member, reader);
    },
  };
}

/** `route`: members are taken from key and body, no whole Route is built for them. */
export const routeValue = tableValue(ROUTE, (event) => routeKey(event), {
  family: (event) => routeBody(event).family,
  dst: (event) => routeKey(event).dst,
  table: (event) => routeKey(event).table,
  protocol: (event) => routeBody(event).protocol,
  scope: (event) => routeBody(event).scope,
  type: (event) => routeBody(event).type,
  tos: (event) => routeKey(event).tos,
  priority: (event) => routeKey(event).priority,
  prefsrc: (event) => routeBody(event).prefsrc,
  src: (event) => routeKey(event).src,
  metrics: (event) => routeBody(event).metrics,
  nhid: (event) => routeBody(event).nhid,
  expires: (event) => routeKey(event).expires,
  pref: (event) => routeBody(event).pref,
  nexthops: (event) => routeBody(event).nexthops,
  flags: (event) => routeBody(event).flags,
  unknown: (event) => routeBody(event).unknown,
});

/** `previous`, the same; every member is missing where there is none. */
export const previousValue = tableValue(ROUTE, (event) => previousKey(event), {
  family: (event) => previousBody(event)?.family,
  dst: (event) => previousKey(event)?.dst,
  table: (event) => previousKey(event)?.table,
  protocol: (event) => previousBody(event)?.protocol,
  scope: (event) => previousBody(event)?.scope,
  type: (event) => previousBody(event)?.type,
  tos: (event) => previousKey(event)?.tos,
  priority: (event) => previousKey(event)?.priority,
  prefsrc: (event) => previousBody(event)?.prefsrc,
  src: (event) => previousKey(event)?.src,
  metrics: (event) => previousBody(event)?.metrics,
  nhid: (event) => previousBody(event)?.nhid,
  expires: (event) => previousKey(event)?.expires,
  pref: (event) => previousBody(event)?.pref,
  nexthops: (event) => previousBody(event)?.nexthops,
  flags: (event) => previousBody(event)?.flags,
  unknown: (event) => previousBody(event)?.unknown,
});
