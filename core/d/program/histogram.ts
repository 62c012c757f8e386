import type { Integer } from '../integer.js';
import type { Distribution } from './aggregation.js';
import { divide } from './wide-integer.js';

const BAR = 40;
const TITLE = `${'value'.padStart(16)} ${'------------- Distribution -------------'.padStart(41)} ${'count'.padEnd(9)}`;

const magnitude = (count: Integer): number => Math.abs(Number(count));

/** The rows shown: one more than used on both sides, where there is one. */
function shownRows({ layout, span }: Distribution): readonly [number, number] {
  if (span === null) return layout.emptyRows;
  return [Math.max(span[0] - 1, 0), Math.min(span[1] + 1, layout.size - 1)];
}

type Bar = (count: Integer) => string;

/** Bars for counts of both signs grow from the middle and are half as long. */
function barsOf(counts: readonly Integer[]): Bar {
  const positives = counts.some((count) => count > 0);
  const negatives = counts.some((count) => count < 0);
  const total = counts.reduce<number>((sum, count) => sum + magnitude(count), 0);
  const width = positives && negatives ? BAR / 2 : BAR;
  const filled = (count: Integer): string =>
    '@'.repeat(total === 0 ? 0 : Math.floor((magnitude(count) * width) / total + 0.5));
  if (!negatives) return (count) => `|${filled(count).padEnd(width)}`;
  if (!positives) return (count) => `${filled(count).padStart(width)}|`;
  const empty = ' '.repeat(width);
  return (count) =>
    count > 0
      ? `${empty}|${filled(count).padEnd(width)}`
      : `${filled(count).padStart(width)}|${empty}`;
}

/** A distribution as DTrace draws it: an empty line, the title, a line per bucket. */
export function histogramText(distribution: Distribution, normal: Integer): string {
  const { layout } = distribution;
  const [from, to] = shownRows(distribution);
  const counts: Integer[] = [];
  for (let bucket = from; bucket <= to; bucket += 1) counts.push(distribution.countOf(bucket));
  const bar = barsOf(counts);
  let text = `\n${TITLE}\n`;
  for (const [index, count] of counts.entries()) {
    const label = layout.label(from + index).padStart(16);
    text += `${label} ${bar(count)} ${String(divide(count, normal)).padEnd(9)}\n`;
  }
  return text;
}
