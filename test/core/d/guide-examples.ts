import { readFileSync } from 'node:fs';
import { headerOf, type Header } from './conformance/read-cases.js';

/** A program of docs/d.md and what stands below it as its output. */
export interface Example extends Header {
  /** The heading above it. */
  readonly heading: string;
  readonly program: string;
  readonly output: string;
}

const EXAMPLE = /<!-- over (.+) -->\n\n```d\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g;

/** The text of the guide. */
export const guide = readFileSync(new URL('../../../docs/d.md', import.meta.url), 'utf8');

/** Every fenced program of the guide, with the recording that the comment above it names. */
export const examples: readonly Example[] = [...guide.matchAll(EXAMPLE)].map((match) => {
  const [, title = '', program = '', output = ''] = match;
  const headings = [...guide.slice(0, match.index).matchAll(/^#+ (.*)$/gm)];
  return { ...headerOf(title), heading: headings.at(-1)?.[1] ?? '', program, output };
});
