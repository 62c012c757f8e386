import type { Integer } from '../integer.js';

export type AggregatingFunction =
  'count' | 'sum' | 'avg' | 'min' | 'max' | 'stddev' | 'quantize' | 'lquantize' | 'llquantize';

/** The parameters of an aggregating function: the value, constants, and an increment at the end. */
export interface AggregatingForm {
  /** Whether the first parameter is the value. */
  readonly value: boolean;
  readonly constants: readonly string[];
  /** How many of the constants must be given. */
  readonly least: number;
  /** Whether one parameter more, after all constants, says how much a value counts. */
  readonly increment: boolean;
}

const PLAIN: AggregatingForm = { value: true, constants: [], least: 0, increment: false };

export const AGGREGATING: ReadonlyMap<string, AggregatingForm> = new Map<
  AggregatingFunction,
  AggregatingForm
>([
  ['count', { ...PLAIN, value: false }],
  ['sum', PLAIN],
  ['avg', PLAIN],
  ['min', PLAIN],
  ['max', PLAIN],
  ['stddev', PLAIN],
  ['quantize', { ...PLAIN, increment: true }],
  ['lquantize', { value: true, constants: ['base', 'limit', 'step'], least: 2, increment: true }],
  [
    'llquantize',
    { value: true, constants: ['factor', 'low', 'high', 'steps'], least: 4, increment: true },
  ],
]);

/** What is wrong with a constant; `index` counts among the constants. */
export interface ParameterFault {
  readonly index: number;
  readonly expected: string;
  readonly got: string;
}

const INT32_MAX = 2_147_483_647;
const UINT16_MAX = 65_535;

type Rule = readonly [index: number, holds: boolean, expected: string];

function firstFault(rules: readonly Rule[], constants: readonly Integer[]): ParameterFault | null {
  const broken = rules.find(([, holds]) => !holds);
  if (broken === undefined) return null;
  const [index, , expected] = broken;
  return { index, expected, got: String(constants[index]) };
}

const isInt32 = (value: Integer): boolean => value >= -INT32_MAX - 1 && value <= INT32_MAX;
const isUint16 = (value: Integer): boolean => value >= 0 && value <= UINT16_MAX;

function linearFault(constants: readonly Integer[]): ParameterFault | null {
  const [base = 0, limit = 0, step = 1] = constants;
  const levels = Math.floor((Number(limit) - Number(base)) / Number(step));
  const last = constants.length - 1;
  return firstFault(
    [
      [0, isInt32(base), 'a base of 32 bits'],
      [1, isInt32(limit), 'a limit of 32 bits'],
      [1, base < limit, `a limit above the base ${String(base)}`],
      [2, isUint16(step) && step > 0, `a step from 1 to ${UINT16_MAX}`],
      [last, levels > 0, 'a step that fits between base and limit at least once'],
      [last, levels <= UINT16_MAX, `a step that makes at most ${UINT16_MAX} levels`],
    ],
    constants,
  );
}

function logLinearFault(constants: readonly Integer[]): ParameterFault | null {
  const names = AGGREGATING.get('llquantize')?.constants ?? [];
  const wide = firstFault(
    names.map((name, index) => [
      index,
      isUint16(constants[index] ?? 0),
      `${name} from 0 to ${UINT16_MAX}`,
    ]),
    constants,
  );
  if (wide !== null) return wide;
  const [factor = 0, low = 0, high = 0, steps = 0] = constants.map(Number);
  const order = firstFault(
    [
      [0, factor >= 2, 'a factor of 2 or more'],
      [2, low < high, `a high magnitude above the low one, ${low}`],
      [2, (high + 1) * Math.log2(factor) < 63, 'a high magnitude that fits in 64 bits'],
      [3, steps >= factor, `as many steps as the factor, ${factor}, or more`],
      [3, steps % factor === 0, `steps that the factor, ${factor}, divides evenly`],
    ],
    constants,
  );
  if (order !== null) return order;
  let power = factor;
  while (power < steps) power *= factor;
  const buckets = (high - low + 1) * (steps - steps / factor);
  return firstFault(
    [
      [3, power % steps === 0, `steps that divide a power of the factor, ${factor}, evenly`],
      [3, buckets <= UINT16_MAX, `steps that make at most ${UINT16_MAX} buckets`],
    ],
    constants,
  );
}

/** The first of DTrace's rules that the constants of the function break, or null. */
export function parameterFault(
  fn: AggregatingFunction,
  constants: readonly Integer[],
): ParameterFault | null {
  if (fn === 'lquantize') return linearFault(constants);
  return fn === 'llquantize' ? logLinearFault(constants) : null;
}
