/** What a tree comes to, in words. */

import { dstWords as prefixWords } from '../format/text-route.js';
import { tableWords, wayWords, type TreeNames } from './section-words.js';
import type { TraceAnswer } from './summary.js';

const DEFAULT_RULES: ReadonlySet<number> = new Set([0, 32766, 32767]);

/** After `answer: `, or the line's own beginning: `no route: ENETUNREACH — …`. */
export function answerLine(answer: TraceAnswer, names: TreeNames): string {
  const isInet = answer.dst?.includes(':') !== true;
  const isOwn = answer.gateway !== null && answer.gateway === answer.dst;
  const way = wayWords(isOwn ? { ...answer, gateway: null } : answer, isInet);
  const after = way === '' ? '' : ` ${way}`;
  const why = answer.why === null ? '' : ` — ${answer.why}`;
  const words: string[] = [];
  switch (answer.outcome) {
    case 'none':
      return `no route: ${answer.errno ?? answer.type ?? '?'}${why}`;
    case 'dropped': {
      const what = answer.errno ?? (answer.why === null ? (answer.type ?? '?') : null);
      return `answer: dropped: ${what === null ? (answer.why ?? '') : `${what}${why}`}`;
    }
    case 'unknown':
      return 'answer: not seen: no lookup was seen to its end';
    case 'kept':
      return `answer: the route kept is still valid, nothing was looked up${after === '' ? '' : `:${after}`}`;
    case 'delivered':
      words.push(`answer: delivered here (${answer.type ?? 'local'})`);
      break;
    case 'forwarded':
      words.push(`answer: forwarded${after}`);
      break;
    case 'found': {
      const type = answer.type === null || answer.type === 'unicast' ? '' : `${answer.type} `;
      const src = answer.src === null ? '' : ` src ${answer.src}`;
      words.push(`answer: ${type}${answer.dst ?? '?'}${after}${src}`);
    }
  }
  if (answer.table !== 0) words.push(tableWords(answer.table, names));
  if (answer.rule !== null && !DEFAULT_RULES.has(answer.rule.priority)) {
    words.push(`rule ${answer.rule.priority}`);
  }
  if (answer.route !== null)
    words.push(`route ${prefixWords(answer.route, isInet ? 'inet' : 'inet6')}`);
  if (answer.isNew) words.push('new');
  return words.join(', ');
}
