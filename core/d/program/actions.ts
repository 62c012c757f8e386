import { escapeText } from '../../format/escape.js';
import type { RouteEvent } from '../../event.js';
import type { Call, Expression } from '../ast.js';
import { compileExpression } from '../compile.js';
import { INT64 } from '../ctype.js';
import { DError } from '../d-error.js';
import type { Integer } from '../integer.js';
import { describe, integerOf, textOf } from '../typed.js';
import type { Value } from '../values.js';
import { compilePrinta } from './printa.js';
import { aggregationText } from './print-aggregation.js';
import { compileFormat, literalPlace, type FormatParameter, type Place } from './printf.js';
import { printedValue } from './print-value.js';
import type { ProgramAggregations } from './program-aggregations.js';
import type { ProgramScope } from './program-scope.js';

/** A statement as what it does. One that `records` makes its clause print a line. */
export interface Action {
  readonly run: (event: RouteEvent) => void;
  readonly records: boolean;
}

/** What the actions of one program share. */
export interface ActionContext {
  /** The whole program, in which formats have their places. */
  readonly text: string;
  readonly scope: ProgramScope;
  readonly aggregations: ProgramAggregations;
}

type Compile = (call: Call, context: ActionContext) => Action;

export const ACTIONS: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ['trace', trace],
  ['printf', printf],
  ['print', print],
  ['printa', printa],
  ['exit', exit],
  ['clear', clear],
  ['trunc', trunc],
  ['normalize', normalize],
  ['denormalize', denormalize],
]);

function count(call: Call, least: number, most: number): void {
  const { length } = call.parameters;
  if (length >= least && length <= most) return;
  const wanted = least === most ? String(least) : `${least} or ${most}`;
  const plural = most === 1 ? '' : 's';
  throw new DError(call.at, `${call.name}() with ${wanted} parameter${plural}`, String(length));
}

/** The first parameter; there is one, or a DError is thrown. */
function only(call: Call): Expression {
  count(call, 1, 1);
  return call.parameters[0] as Expression;
}

/** Columns an integer takes by the width of its type, the space before it not counted. */
const COLUMNS: Readonly<Record<number, number>> = { 1: 3, 2: 5, 4: 8, 8: 16 };
const TEXT_COLUMNS = 33;

function trace(call: Call, { scope }: ActionContext): Action {
  const node = only(call);
  const value = compileExpression(node, scope);
  const { state } = scope;
  const { isQuiet } = state.settings;
  if (value.type === 'integer') {
    const { read } = value;
    const columns = COLUMNS[(value.ctype ?? INT64).bytes] ?? 16;
    return recording((event) => {
      const shown = String(read(event));
      state.text += isQuiet ? shown : ` ${shown.padStart(columns)}`;
    });
  }
  if (value.type === 'struct' || value.type === 'array' || value.type === 'null') {
    throw new DError(
      node.at,
      'an integer or a string (print() shows structures)',
      describe(value, node),
    );
  }
  const read = textOf(value, node);
  const isLiteral = node.kind === 'string';
  return recording((event) => {
    const text = state.cut(read(event));
    const shown = isLiteral ? text : escapeText(text);
    state.text += isQuiet ? shown : `  ${shown.padEnd(TEXT_COLUMNS)}`;
  });
}

const recording = (run: Action['run']): Action => ({ run, records: true });

/** The format of printf() and printa(), and where its characters stand in the program. */
function formatOf(call: Call, text: string): [format: string, place: Place] {
  const [node] = call.parameters;
  if (node?.kind !== 'string') {
    throw new DError(
      node?.at ?? call.at,
      `a format in double quotes for ${call.name}()`,
      gotOf(node),
    );
  }
  return [node.value, literalPlace(text, node.at)];
}

const gotOf = (node: Expression | undefined): string =>
  node === undefined ? 'nothing' : 'an expression';

function printf(call: Call, { text, scope }: ActionContext): Action {
  const [format, place] = formatOf(call, text);
  const nodes = call.parameters.slice(1);
  const values = nodes.map((node) => compileExpression(node, scope));
  const print = compileFormat(
    format,
    values.map((value, index) => formatParameter(value, nodes[index] as Expression)),
    place,
  );
  const { state } = scope;
  const reads = values.map(printable);
  return recording((event) => {
    const read = reads.map((one) => {
      const value = one(event);
      return typeof value === 'string' ? state.cut(value) : value;
    });
    state.text += print(read);
  });
}

function formatParameter(value: Value, node: Expression): FormatParameter {
  const { type } = value;
  const got = describe(value, node);
  if (type === 'struct' || type === 'array') {
    throw new DError(node.at, 'an integer or a string', got);
  }
  if (type === 'integer') return { type, size: (value.ctype ?? INT64).bytes, at: node.at, got };
  return { type, literal: node.kind === 'string', at: node.at, got };
}

function printable(value: Value): (event: RouteEvent) => Integer | string {
  if (value.type === 'integer' || value.type === 'string') return value.read;
  if (value.type !== 'unknown') return () => 0;
  return (event) => {
    const read = value.read(event);
    return typeof read === 'string' || typeof read === 'number' || typeof read === 'bigint'
      ? read
      : '';
  };
}

function print(call: Call, { scope }: ActionContext): Action {
  const value = compileExpression(only(call), scope);
  return recording((event) => {
    scope.state.text += printedValue(value, event);
  });
}

function printa(call: Call, { text, scope, aggregations }: ActionContext): Action {
  const hasFormat = call.parameters[0]?.kind === 'string';
  const nodes = call.parameters.slice(hasFormat ? 1 : 0);
  const printed = (nodes.length === 0 ? [undefined] : nodes).map((node) =>
    aggregations.named(node, call),
  );
  const [first, ...others] = printed as [(typeof printed)[number], ...typeof printed];
  others.forEach((other, index) => {
    if (other.keyKinds.join() === first.keyKinds.join()) return;
    const at = nodes[index + 1]?.at ?? call.at;
    throw new DError(at, 'an aggregation with the same keys as the first', 'one with others');
  });
  const all = printed.map(({ aggregation }) => aggregation);
  const { state } = scope;
  const options = { order: state.settings.order, keyWidths: first.keyWidths };
  const format = hasFormat
    ? compilePrinta(
        formatOf(call, text)[0],
        first.keys,
        all.map(({ fn }) => fn),
        formatOf(call, text)[1],
      )
    : undefined;
  return recording(() => {
    for (const one of printed) one.wasPrinted = true;
    const lines = aggregationText(all, options, format);
    // As libdtrace: a table starts on a line of its own.
    state.text += format === undefined ? `\n${lines}` : lines;
    state.textLimit += lines.length;
  });
}

function exit(call: Call, { scope }: ActionContext): Action {
  const node = only(call);
  const status = integerOf(compileExpression(node, scope), node);
  return recording((event) => {
    scope.state.exitStatus = Number(BigInt.asIntN(32, BigInt(status(event))));
  });
}

function clear(call: Call, { aggregations }: ActionContext): Action {
  count(call, 1, 1);
  const { aggregation } = aggregations.named(call.parameters[0], call);
  return recording(() => aggregation.clear());
}

function trunc(call: Call, { scope, aggregations }: ActionContext): Action {
  count(call, 1, 2);
  const { aggregation } = aggregations.named(call.parameters[0], call);
  const node = call.parameters[1];
  if (node === undefined) return recording(() => aggregation.trunc(null));
  const kept = integerOf(compileExpression(node, scope), node);
  return recording((event) => aggregation.trunc(Number(kept(event))));
}

function normalize(call: Call, { scope, aggregations }: ActionContext): Action {
  count(call, 2, 2);
  const { aggregation } = aggregations.named(call.parameters[0], call);
  const node = call.parameters[1] as Expression;
  const by = integerOf(compileExpression(node, scope), node);
  return recording((event) => aggregation.normalize(by(event)));
}

function denormalize(call: Call, { aggregations }: ActionContext): Action {
  count(call, 1, 1);
  const { aggregation } = aggregations.named(call.parameters[0], call);
  return recording(() => aggregation.denormalize());
}
