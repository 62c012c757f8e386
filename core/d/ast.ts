/** The tree of a D expression, as d.peggy builds it. `at` is an offset into the text, from 0. */
export type Expression = PlainExpression | ProgramExpression;

/** What `--where` knows too. */
export type PlainExpression =
  | IntegerLiteral
  | StringLiteral
  | Name
  | Member
  | Index
  | Call
  | Unary
  | Binary
  | Conditional
  | Cast
  | Sizeof;

/** What only programs have: it changes something, or means something only in a clause. */
export type ProgramExpression = Assign | Step | CommaPair | AggregationReference | Macro;

export interface Node {
  readonly at: number;
}

/** `suffix`: `u`, `l`, `ul`… in lower case, empty without. */
export interface IntegerLiteral extends Node {
  readonly kind: 'integer';
  readonly value: bigint;
  readonly suffix: string;
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

/** `object[index]`, or with more keys for an associative array; `at` points to the index. */
export interface Index extends Node {
  readonly kind: 'index';
  readonly object: Expression;
  readonly index: Expression;
  readonly rest: readonly Expression[];
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly parameters: readonly Expression[];
}

export interface Unary extends Node {
  readonly kind: 'unary';
  readonly operator: '!' | '~' | '-' | '+' | '*' | '&';
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

/** `unsigned long`, `routeinfo_t *`, … */
export interface TypeName extends Node {
  readonly kind: 'type';
  readonly name: string;
  readonly pointers: number;
}

export interface Cast extends Node {
  readonly kind: 'cast';
  readonly type: TypeName;
  readonly operand: Expression;
}

export interface Sizeof extends Node {
  readonly kind: 'sizeof';
  readonly of: TypeName | Expression;
}

export type AssignmentOperator = '=' | `${ArithmeticOperator}=`;

export interface Assign extends Node {
  readonly kind: 'assign';
  readonly operator: AssignmentOperator;
  readonly target: Expression;
  readonly value: Expression;
}

/** `++x`, `x--`. */
export interface Step extends Node {
  readonly kind: 'step';
  readonly operator: '++' | '--';
  readonly isPrefix: boolean;
  readonly object: Expression;
}

export interface CommaPair extends Node {
  readonly kind: 'comma';
  readonly left: Expression;
  readonly right: Expression;
}

/** `@name[keys]`; the name is empty for `@` alone. */
export interface AggregationReference extends Node {
  readonly kind: 'aggregation';
  readonly name: string;
  readonly keys: readonly Expression[] | null;
}

/** `$1`, `$target`, and with `isText` `$$1`. */
export interface Macro extends Node {
  readonly kind: 'macro';
  readonly name: string;
  readonly isText: boolean;
}
