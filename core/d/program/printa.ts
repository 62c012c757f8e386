import { DError, quoted } from '../d-error.js';
import type { Integer } from '../integer.js';
import type { AggregatingFunction } from './aggregating.js';
import { CONVERSIONS, parseFormat, type Directive } from './conversions.js';
import type { Key } from './key-tree.js';
import {
  aggregationStep,
  joinSteps,
  Parameters,
  parameterStep,
  type FormatParameter,
  type Place,
} from './printf.js';

/** One row in the format of printa(); of each aggregation what it prints: an integer or its histogram. */
export type PrintaFormat = (key: Key, values: readonly (Integer | string)[]) => string;

/**
 * printa(): `%@d` (or `@` after the width) takes the next aggregation's value, the same one again where
 * there is only one; other conversions take the key's elements in order, not all need be taken. Throws a DError.
 */
export function compilePrinta(
  format: string,
  keys: readonly FormatParameter[],
  aggregations: readonly AggregatingFunction[],
  place: Place,
): PrintaFormat {
  const parameters = new Parameters(keys, place);
  let next = 0;
  const aggregationIndex = (directive: Directive): number => {
    if (CONVERSIONS[directive.conversion] !== 'integer') {
      throw new DError(
        place(directive.at),
        'an integer conversion for the value of an aggregation',
        quoted(directive.text),
        '%@d',
      );
    }
    const index = aggregations.length === 1 ? 0 : next;
    next += 1;
    if (index < aggregations.length) return keys.length + index;
    const got = `only ${aggregations.length} aggregations`;
    throw new DError(place(directive.at), `an aggregation for ${directive.text}`, got);
  };
  const print = joinSteps(
    parseFormat(format, place).map((part) => {
      if (typeof part === 'string') return part;
      if (!part.aggregation) return parameterStep(part, parameters);
      return aggregationStep(part, parameters, aggregationIndex(part));
    }),
  );
  return (key, values) => print([...key, ...values]);
}
