import type { Expression } from './ast.js';
import { DError, quoted } from './d-error.js';
import { parse as parseByGrammar, SyntaxError as GrammarError } from './d.gen.js';
import { checkNesting } from './nesting.js';
import type { ProgramTree } from './program/program-ast.js';

/** Longest expression taken; deeper nesting than it allows would not fit the stack. */
const EXPRESSION_LIMIT = 4096;
/** Longest program taken. */
const PROGRAM_LIMIT = 65_536;

interface Expectation {
  readonly type: string;
  readonly description?: string;
}

/** Reads a D expression (grammar: d.peggy). Throws a DError where the text is not one. */
export function parsePredicate(text: string): Expression {
  return parsed(text, 'Predicate', EXPRESSION_LIMIT, 'an expression') as Expression;
}

/** Reads a D program. Throws a DError where the text is not one. */
export function parseProgram(text: string): ProgramTree {
  return parsed(text, 'Program', PROGRAM_LIMIT, 'a program') as ProgramTree;
}

function parsed(text: string, startRule: string, limit: number, what: string): unknown {
  if (text.length > limit) {
    throw new DError(limit, 'the end', `${String(text.length - limit)} characters more`);
  }
  if (startRule === 'Program') checkNesting(text);
  try {
    return parseByGrammar(text, { startRule }) as unknown;
  } catch (error) {
    if (error instanceof GrammarError) throw toDError(text, error);
    if (error instanceof RangeError) throw new DError(0, what, 'one nested too deeply');
    throw error;
  }
}

interface PeggyError {
  readonly message: string;
  /** Null: the grammar itself refused what stands there. */
  readonly expected: readonly Expectation[] | null;
  readonly location: { readonly start: { readonly offset: number } };
}

function toDError(text: string, error: PeggyError): DError {
  const at = error.location.start.offset;
  if (error.expected === null) return DError.refused(at, error.message);
  const names = new Set<string>();
  for (const { type, description } of error.expected) {
    if (type === 'other' && description !== undefined) names.add(description);
  }
  if (names.size === 0) return new DError(at, 'the end of the comment', 'the end');
  if (names.has('a value')) {
    names.delete('a name');
    names.delete('a type');
  }
  const rest = text.slice(at);
  const token = /^(?:[A-Za-z_0-9]+|"(?:[^"\\]|\\.)*"?|\S)/.exec(rest)?.[0] ?? '';
  if (token === "'" && names.has('a value')) {
    return new DError(at, 'a string in double quotes', quoted(/^'[^']*'?/.exec(rest)?.[0] ?? "'"));
  }
  if (token.startsWith('"') && names.has('a value')) {
    return new DError(at, 'a string with its closing quote and known escapes', quoted(rest));
  }
  const got = token === '' ? 'the end' : quoted(token);
  return new DError(at, [...names].join(' or '), got, operatorMeant(names, token));
}

/** Operators of other languages that D spells another way. */
const MEANT: Readonly<Record<string, string>> = { '=': '==', and: '&&', or: '||', is: '==' };

function operatorMeant(names: ReadonlySet<string>, token: string): string | null {
  return names.has('an operator') ? (MEANT[token.toLowerCase()] ?? null) : null;
}
