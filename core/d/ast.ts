/** The tree of a D expression, as predicate.peggy builds it. `at` is an offset into the text, from 0. */
export type Expression =
  IntegerLiteral | StringLiteral | Name | Member | Index | Call | Unary | Binary | Conditional;

interface Node {
  readonly at: number;
}

export interface IntegerLiteral extends Node {
  readonly kind: 'integer';
  readonly value: bigint;
}

export interface StringLiteral extends Node {
  readonly kind: 'string';
  readonly value: string;
}

export interface Name extends Node {
  readonly kind: 'name';
  readonly name: string;
}

/** `object->name` or `object.name`; `at` points to the name. */
export interface Member extends Node {
  readonly kind: 'member';
  readonly object: Expression;
  readonly name: string;
}

/** `object[index]`; `at` points to the index. */
export interface Index extends Node {
  readonly kind: 'index';
  readonly object: Expression;
  readonly index: Expression;
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly parameters: readonly Expression[];
}

export interface Unary extends Node {
  readonly kind: 'unary';
  readonly operator: '!' | '~' | '-' | '+';
  readonly operand: Expression;
}

export type LogicalOperator = '&&' | '||' | '^^';
export type RelationOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';

/** `at` points to the operator. */
export interface Binary extends Node {
  readonly kind: 'binary';
  readonly operator: LogicalOperator | RelationOperator | ArithmeticOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Conditional extends Node {
  readonly kind: 'conditional';
  readonly condition: Expression;
  readonly yes: Expression;
  readonly no: Expression;
}
