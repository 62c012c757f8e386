import type { AggregationReference, Call, Expression, Node, TypeName } from '../ast.js';

/** The tree of a D program, as d.peggy builds it. */
export interface ProgramTree {
  readonly items: readonly ProgramItem[];
}

export type ProgramItem = Pragma | Declaration | Inline | Clause;

/** `#pragma D option name=value`; the name is null for other pragmas, which change nothing here. */
export interface Pragma extends Node {
  readonly kind: 'pragma';
  readonly name: string | null;
  readonly value: string | null;
}

export interface Declarator extends Node {
  readonly name: string;
  /** Types of an associative array's keys; null for a plain variable. */
  readonly keys: readonly TypeName[] | null;
}

/** `int x, y;`, `string names[int];`, `this int z;` */
export interface Declaration extends Node {
  readonly kind: 'declaration';
  readonly isClauseLocal: boolean;
  readonly type: TypeName;
  readonly declarators: readonly Declarator[];
}

/** `inline int c = 3;` */
export interface Inline extends Node {
  readonly kind: 'inline';
  readonly type: TypeName;
  readonly name: string;
  readonly value: Expression;
}

/** `provider:module:function:name` as it was written. */
export interface DescriptionText extends Node {
  readonly text: string;
}

export interface Clause extends Node {
  readonly kind: 'clause';
  readonly descriptions: readonly DescriptionText[];
  readonly predicate: Expression | null;
  /** Null: the clause has no body. */
  readonly statements: readonly Statement[] | null;
}

export type Statement = ExpressionStatement | AggregateStatement;

export interface ExpressionStatement extends Node {
  readonly kind: 'expression';
  readonly expression: Expression;
}

/** `@name[keys] = count()` */
export interface AggregateStatement extends Node {
  readonly kind: 'aggregate';
  readonly target: AggregationReference;
  readonly call: Call;
}
