import { DError } from './d-error.js';

/** Brackets and operands one within the other. */
const NESTING_LIMIT = 200;

/** Comments and strings are passed over; one without an end goes on to the end, so that no text is read twice. */
const TOKEN =
  /\/\*(?:[\s\S]*?\*\/|[\s\S]*$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[([{?]|[)\]}]|[;,]|[!~+-]+/g;

/**
 * Refuses a program whose brackets, `?:` or signs stand too deep in each other, before anything that calls itself
 * reads it.
 */
export function checkNesting(text: string): void {
  const questions: number[] = [0];
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const first = token.charAt(0);
    if (first === '(' || first === '[' || first === '{') {
      depth += 1;
      questions.push(0);
    } else if (first === ')' || first === ']' || first === '}') {
      depth -= 1 + (questions.pop() ?? 0);
      if (questions.length === 0) return; // A stray bracket: the grammar says where.
    } else if (first === '?') {
      depth += 1;
      questions.push((questions.pop() ?? 0) + 1);
    } else if (first === ';' || first === ',') {
      depth -= questions.pop() ?? 0;
      questions.push(0);
    } else if ('!~+-'.includes(first) && token.length > NESTING_LIMIT) {
      depth += token.length;
    }
    if (depth > NESTING_LIMIT) {
      throw new DError(index, `at most ${String(NESTING_LIMIT)} levels of nesting`, 'more');
    }
  }
}
