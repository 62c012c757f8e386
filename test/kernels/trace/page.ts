/** Blocks of a text page: one lookup each, a blank line between them. */
export const blocksOf = (page: string): string[] =>
  page
    .split(/\n{2,}/)
    .map((block) => block.trimEnd())
    .filter((block) => block !== '');

/** One header line, the tree, one line of summary; null: as it should be, else what is not. */
export function pageProblem(block: string, header: RegExp): string | null {
  const lines = block.split('\n');
  const [first = '', root = ''] = lines;
  const last = lines.at(-1) ?? '';
  if (!header.test(first)) return `the header is ${first}`;
  if (!/^\w+\(/.test(root)) return `no tree begins under the header, but ${root}`;
  const strange = lines.slice(1, -1).find((line) => !/^( {2})*\w+\(.*\)/.test(line));
  if (strange !== undefined) return `not a call: ${strange}`;
  return /^(answer|no route): /.test(last) ? null : `the summary is ${last}`;
}
