import type { Expression } from './ast.js';
import { DError, quoted } from './d-error.js';
import { parse as parseByGrammar, SyntaxError as GrammarError } from './predicate.gen.js';

/** Longest text taken; deeper nesting than it allows would not fit the stack. */
const TEXT_LIMIT = 4096;

interface Expectation {
  readonly type: string;
  readonly description?: string;
}

/** Reads a D expression (grammar: predicate.peggy). Throws a DError where the text is not one. */
export function parsePredicate(text: string): Expression {
  if (text.length > TEXT_LIMIT) {
    throw new DError(TEXT_LIMIT, 'the end', `${String(text.length - TEXT_LIMIT)} characters more`);
  }
  try {
    return parseByGrammar(text) as Expression;
  } catch (error) {
    if (error instanceof GrammarError) throw toDError(text, error);
    if (error instanceof RangeError) throw new DError(0, 'an expression', 'one nested too deeply');
    throw error;
  }
}

interface PeggyError {
  readonly expected: readonly Expectation[] | null;
  readonly location: { readonly start: { readonly offset: number } };
}

function toDError(text: string, error: PeggyError): DError {
  const at = error.location.start.offset;
  const names = new Set<string>();
  for (const { type, description } of error.expected ?? []) {
    if (type === 'other' && description !== undefined) names.add(description);
  }
  if (names.has('a value')) names.delete('a name');
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
