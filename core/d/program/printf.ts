import { DError, quoted } from '../d-error.js';
import type { Integer } from '../integer.js';
import {
  characterField,
  CONVERSIONS,
  dateField,
  integerField,
  integerFrom,
  MAX_WIDTH,
  parseFormat,
  portField,
  stringField,
  type ConversionKind,
  type Directive,
  type Field,
} from './conversions.js';

/** What the compiler knows of a parameter of printf() or of a key of printa(). */
export interface FormatParameter {
  readonly type: 'integer' | 'string' | 'unknown' | 'null';
  /** Bytes of an integer's type, 8 when left out. */
  readonly size?: number;
  /** Written in the program itself, so its control characters are meant. */
  readonly literal?: boolean;
  /** Offset of the parameter in the program text. */
  readonly at?: number;
  /** The parameter in the words of an error. */
  readonly got?: string;
}

/** Turns an offset in a format into one in the program text. */
export type Place = (offset: number) => number;

type Values = readonly (Integer | string)[];
type Step = (values: Values) => string;

const ESCAPE = /\\(?:x[0-9a-f]{1,2}|[0-7]{1,3}|.)/isy;

/** Places in the literal whose opening quote stands at `at`; an escape is one character of the format. */
export function literalPlace(program: string, at: number): Place {
  return (offset) => {
    let place = at + 1;
    for (let left = offset; left > 0; left -= 1) {
      ESCAPE.lastIndex = place;
      place += ESCAPE.exec(program)?.[0].length ?? 1;
    }
    return place;
  };
}

const SHOWN: Readonly<Record<FormatParameter['type'], string>> = {
  integer: 'an integer',
  string: 'a string',
  unknown: 'a member without a known type',
  null: 'NULL',
};

const WANTED: Readonly<Record<ConversionKind, string>> = {
  integer: 'an integer',
  string: 'a string',
};

const counted = (count: number): string =>
  `${count === 0 ? 'no' : count} parameter${count === 1 ? '' : 's'}`;

/** Hands out the parameters of a format one by one. */
export class Parameters {
  private readonly given: readonly FormatParameter[];
  private readonly place: Place;
  private next = 0;

  constructor(given: readonly FormatParameter[], place: Place) {
    this.given = given;
    this.place = place;
  }

  /** Index and facts of the next one. Throws a DError where none is left or its type is wrong. */
  take(
    { at, text }: Directive,
    wanted: ConversionKind,
    what = text,
  ): [index: number, parameter: FormatParameter] {
    const index = this.next;
    const parameter = this.given[index];
    const kind = WANTED[wanted];
    if (parameter === undefined) {
      throw new DError(this.place(at), `${kind} for ${what}`, counted(this.given.length));
    }
    const { type } = parameter;
    if (type !== wanted && type !== 'unknown' && type !== 'null') {
      throw new DError(this.place(at), `${kind} for ${what}`, parameter.got ?? SHOWN[type]);
    }
    this.next = index + 1;
    return [index, parameter];
  }

  /** Throws a DError at the first parameter that no conversion took. */
  end(): void {
    const extra = this.given[this.next];
    if (extra === undefined) return;
    throw new DError(
      extra.at ?? this.place(0),
      `${counted(this.next)} for this format`,
      String(this.given.length),
    );
  }
}

const NO_PRECISION = -1;

const clamp = (value: Integer): number => Math.max(-MAX_WIDTH, Math.min(MAX_WIDTH, Number(value)));

/** The field of a directive, for one set of values when a `*` stands in it. */
function fieldOf(directive: Directive, parameters: Parameters): (values: Values) => Field {
  const { flags, text } = directive;
  const star = (size: Directive['width'], none: number): ((values: Values) => number) => {
    if (size !== '*') return () => size ?? none;
    const [index] = parameters.take(directive, 'integer', `the * of ${text}`);
    return (values) => clamp(integerFrom(values[index] ?? 0));
  };
  const width = star(directive.width, 0);
  const precision = star(directive.precision, NO_PRECISION);
  const field = (values: Values): Field => {
    const [columns, digits] = [width(values), precision(values)];
    return {
      flags: columns < 0 ? `${flags}-` : flags,
      width: Math.abs(columns),
      precision: digits < 0 ? null : digits,
    };
  };
  if (directive.width === '*' || directive.precision === '*') return field;
  const fixed = field([]);
  return () => fixed;
}

/** Sets the value at `index` as the directive says. */
function valueStep(
  { conversion }: Directive,
  index: number,
  { size = 8, literal = false }: FormatParameter,
  field: (values: Values) => Field,
): Step {
  const integer = (values: Values): Integer => integerFrom(values[index] ?? 0);
  switch (conversion) {
    case 's':
    case 'S':
      return (values) => stringField(conversion, values[index] ?? '', literal, field(values));
    case 'c':
      return (values) => characterField(integer(values), literal, field(values));
    case 'Y':
      return (values) => dateField(integer(values), field(values));
    case 'P':
      return (values) => portField(integer(values), field(values));
    default:
      return (values) => integerField(conversion, integer(values), size, field(values));
  }
}

/** A directive that takes its value from the parameters, after those of its `*`. */
export function parameterStep(directive: Directive, parameters: Parameters): Step {
  const field = fieldOf(directive, parameters);
  const wanted = CONVERSIONS[directive.conversion] ?? 'integer';
  const [index, parameter] = parameters.take(directive, wanted);
  return valueStep(directive, index, parameter, field);
}

/** A directive `%@d`, whose value stands at `index`; a histogram is a text and printed as it is. */
export function aggregationStep(directive: Directive, parameters: Parameters, index: number): Step {
  const field = fieldOf(directive, parameters);
  const step = valueStep(directive, index, { type: 'integer' }, field);
  return (values) => {
    const value = values[index] ?? 0;
    return typeof value === 'string' ? value : step(values);
  };
}

/** All steps one after the other. */
export function joinSteps(steps: readonly (string | Step)[]): Step {
  return (values) => {
    let text = '';
    for (const step of steps) text += typeof step === 'string' ? step : step(values);
    return text;
  };
}

/**
 * printf(): a format with DTrace's conversions `%d %i %u %o %x %X %p %c %s %S %Y %P %%`, flags `- + space 0 # '`,
 * widths and precisions, `*` too; h, hh, l, ll before a conversion are read and not needed. Throws a DError.
 */
export function compileFormat(
  format: string,
  given: readonly FormatParameter[],
  place: Place,
): (values: Values) => string {
  const parameters = new Parameters(given, place);
  const steps = parseFormat(format, place).map((part) => {
    if (typeof part === 'string') return part;
    if (!part.aggregation) return parameterStep(part, parameters);
    throw new DError(
      place(part.at),
      'a conversion without @ (printa() has them)',
      quoted(part.text),
    );
  });
  parameters.end();
  return joinSteps(steps);
}
