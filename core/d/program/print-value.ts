import { escapeText } from '../../format/escape.js';
import type { RouteEvent } from '../../event.js';
import { INT64, type CType } from '../ctype.js';
import type { Integer } from '../integer.js';
import type { Shape } from '../shapes.js';
import { toText, valueOf, type StructValue, type Value } from '../values.js';

/** As dt_print does by %#x: hexadecimal, of as many bits as the type has; 0 alone. */
const hexadecimal = (value: Integer, { bytes }: CType): string =>
  value === 0 ? '0' : `0x${BigInt.asUintN(bytes * 8, BigInt(value)).toString(16)}`;

/** A struct that stands in itself is shown this deep. */
const DEPTH = 6;

/** What print() says of a value: its type, its name where it is a member, and what it holds. */
export function printedValue(value: Value, event: RouteEvent): string {
  switch (value.type) {
    case 'integer': {
      const ctype = value.ctype ?? INT64;
      return `${ctype.name} ${hexadecimal(value.read(event), ctype)}\n`;
    }
    case 'string':
      return `string "${escapeText(value.read(event))}"\n`;
    case 'unknown':
      return `string "${escapeText(toText(value.read(event)))}"\n`;
    case 'struct': {
      if ((value.read(event) ?? null) === null) return `${value.shape.name} NULL\n`;
      return `${value.shape.name} ${members(value, event, 0)}\n`;
    }
    case 'array':
    case 'null':
      return `${held(value, event, 0)}\n`;
  }
}

function members(value: StructValue, event: RouteEvent, depth: number): string {
  const indent = '    '.repeat(depth + 1);
  let text = '{\n';
  for (const [name, shape] of value.shape.members) {
    const member = value.member(name);
    // Solaris' second name of the same member.
    if (member === null || name === 'route_ifindex') continue;
    text += `${indent}${typeText(shape)} ${name} = ${held(member, event, depth + 1)}\n`;
  }
  return `${text}${'    '.repeat(depth)}}`;
}

function typeText(shape: Shape): string {
  switch (shape.type) {
    case 'integer':
      return (shape.ctype ?? INT64).name;
    case 'array':
      return `${typeText(shape.element)} []`;
    case 'struct':
      return shape.name;
    default:
      return 'string';
  }
}

function held(value: Value, event: RouteEvent, depth: number): string {
  switch (value.type) {
    case 'integer':
      return hexadecimal(value.read(event), value.ctype ?? INT64);
    case 'string':
      return `[ "${escapeText(value.read(event))}" ]`;
    case 'unknown':
      return `[ "${escapeText(toText(value.read(event)))}" ]`;
    case 'struct':
      if ((value.read(event) ?? null) === null || depth > DEPTH) return 'NULL';
      return members(value, event, depth);
    case 'array': {
      const elements = value.read(event).map((element) =>
        held(
          valueOf(value.element, () => element),
          event,
          depth,
        ),
      );
      return `[ ${elements.join(', ')} ]`;
    }
    case 'null':
      return 'NULL';
  }
}
