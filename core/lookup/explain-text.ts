/** An explanation as lines for people. */

import { errnoName } from '../bpf/errno.js';
import { escapeText } from '../format/escape.js';
import type { TextNames } from '../format/text-route.js';
import { addressText } from '../wire/address.js';
import type { Explanation } from './lookup.js';
import type { Way } from './result.js';
import type { Exception, FibRoute, Flow, LookupState } from './state.js';
import type { RuleStep, TableAnswer } from './steps.js';
import { deviceName, nudName, protocolName, ruleLine, shortRoute, wholeWords } from './words.js';

export interface TextOptions {
  /** Name of the namespace, `self` for our own. */
  readonly zone: string;
  /** Every route that covers the destination on a line of its own. */
  readonly isLong: boolean;
  readonly names: TextNames;
}

/** Routes named in one line; the rest is counted. */
const SHOWN = 3;

const addressOf = (bytes: Uint8Array): string => addressText(bytes, 0, bytes.length);

function listed(words: readonly string[], separator: string): string {
  const rest = words.length - SHOWN;
  const shown = words.slice(0, SHOWN).join(separator);
  return rest > 0 ? `${shown}${separator}and ${rest} more` : shown;
}

/** What stands before and after the route that was taken. */
function others({ passed, beaten }: TableAnswer): string {
  const parts: string[] = [];
  if (passed.length > 0) {
    const words = passed.map(({ route, why }) => `${shortRoute(route)}: ${escapeText(why)}`);
    parts.push(`passed over: ${listed(words, '; ')}`);
  }
  if (beaten.length > 0) parts.push(`also matched: ${listed(beaten.map(shortRoute), ', ')}`);
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function stepWords(step: RuleStep, { names, isLong }: TextOptions, errno: number): string {
  const { answer, outcome, why, rule } = step;
  const table = escapeText(names.table(step.table ?? 0));
  const route = answer?.route == null ? '' : shortRoute(answer.route);
  const rest = answer === null || isLong ? '' : others(answer);
  switch (outcome) {
    case 'mismatch':
      return `does not match: ${escapeText(why ?? '')}`;
    case 'goto':
      return why === null ? `goes on at rule ${rule.goto ?? 0}` : escapeText(why);
    case 'nop':
      return 'does nothing';
    case 'refused':
      return `refuses: ${errnoName(errno)}`;
    case 'none':
      return `no route in table ${table}${rest}`;
    case 'throw':
      return `${route}: back to the rules${rest}`;
    case 'suppressed':
      return `${route} does not count, ${escapeText(why ?? '')}${rest}`;
    case 'refused-route':
      return `${route}: ${errnoName(answer?.errno ?? 0)}${rest}`;
    case 'found':
      return `${route}${rest}`;
  }
}

function longLines({ answer }: RuleStep, names: TextNames): readonly string[] {
  if (answer === null) return [];
  const line = (what: string, route: FibRoute, why: string): string =>
    `  ${what} ${wholeWords(route.parts, names)}${why}`;
  return [
    ...answer.passed.map(({ route, why }) => line('passed over', route, `: ${escapeText(why)}`)),
    ...(answer.route === null ? [] : [line('matched', answer.route, '')]),
    ...answer.beaten.map((route) => line('also matched', route, '')),
  ];
}

/** `via 10.0.0.1 dev eth0`. */
function wayWords({ gateway, ifindex }: Way, { family }: Flow, state: LookupState): string {
  const other = family === 'inet' && gateway?.includes(':') ? 'inet6 ' : '';
  const via = gateway === null ? '' : `via ${other}${gateway} `;
  return `${via}dev ${deviceName(state, ifindex)}`;
}

const NEIGHBOUR_LESS = 'needs no neighbour';

function neighbourWords({ neighbour }: Explanation): string {
  if (neighbour === null) return '';
  if (!neighbour.isResolved) return `, ${NEIGHBOUR_LESS}`;
  const { entry } = neighbour;
  if (entry === null) return ', neighbour not known yet';
  const lladdr = entry.lladdr === null ? '' : ` lladdr ${entry.lladdr}`;
  return `, neighbour ${nudName(entry.state)}${lladdr}`;
}

function wayLines(explanation: Explanation): readonly string[] {
  const { check, flow, outcome, state } = explanation;
  const lines: string[] = [];
  if (check.isKernelsChoice && outcome.ways.length > 1) {
    const ways = outcome.ways.map((way) => wayWords(way, flow, state));
    const all = ways.length > SHOWN ? listed(ways, ', ') : ways.join(' or ');
    lines.push(`one of ${outcome.ways.length} ways, by the kernel's choice: ${all}`);
  }
  const { way } = check;
  if (way === null || outcome.errno !== 0) return lines;
  const isHere = outcome.type === 'local' || (flow.iif !== 0 && outcome.type === 'broadcast');
  const what = isHere ? 'delivered here' : 'nexthop';
  lines.push(`${what} ${wayWords(way, flow, state)}${neighbourWords(explanation)}`);
  if (way.exception !== null) lines.push(learnedLine(way.exception, way.route));
  if (flow.iif === 0) lines.push(sourceLine(way, flow, state));
  return lines;
}

/** What takes the place of the route's own gateway or MTU for this destination. */
function learnedLine(
  { gateway, ifindex, mtu, expiresS }: Exception,
  route: FibRoute | null,
): string {
  const hops = route?.parts.body.nexthops ?? [];
  const isRoutes = hops.some((hop) => hop.ifindex === ifindex && hop.gateway === gateway);
  const words = [
    ...(isRoutes ? [] : [`gateway ${gateway ?? 'none'} by a redirect`]),
    ...(mtu === null ? [] : [`mtu ${mtu}`]),
  ];
  const left = expiresS > 0 ? `, ${Math.ceil(expiresS)} s left` : '';
  return `learned for this destination: ${words.join(', ') || 'nothing else'}${left}`;
}

function sourceLine(way: Way, flow: Flow, state: LookupState): string {
  const { source, route } = way;
  if (source === null) return 'source none: no address serves';
  if (flow.src !== null) return `source ${source} (as asked)`;
  const body = route?.parts.body;
  if (body?.prefsrc != null) return `source ${source} (of the route)`;
  if (body?.type === 'local') return `source ${source} (the destination itself)`;
  const holder = state.addresses.find(({ local }) => local === source);
  const where = holder === undefined ? '' : ` (chosen from ${deviceName(state, holder.ifindex)})`;
  return `source ${source}${where}`;
}

function verdictWords({ check, kernel }: Explanation): string {
  switch (check.verdict) {
    case 'same':
      return check.isKernelsChoice ? 'the kernel agrees and chose' : 'the kernel says the same';
    case 'hidden':
      return 'the kernel takes a route that its own dump leaves out (one between the nexthops of a multipath route)';
    case 'differs':
      return 'THE KERNEL DISAGREES';
    case 'unasked':
      return 'the kernel answers no questions about this protocol';
    case 'source-refused':
      return 'but the kernel drops the packet for its source (EINVAL: rp_filter or a martian source, which routetap does not compute)';
    case 'open': {
      const errno = kernel?.errno ?? 0;
      return `the kernel says ${errno === 0 ? 'it is taken' : errnoName(errno)}`;
    }
  }
}

function answerWords(explanation: Explanation): string {
  const { check, flow, outcome, state } = explanation;
  const dst = addressOf(flow.dst);
  if (outcome.isOpen) return `${dst} is received on ${deviceName(state, flow.iif)}`;
  if (outcome.errno !== 0) return `${dst} has no way: ${errnoName(outcome.errno)}`;
  const way = check.way ?? outcome.ways[0];
  if (way === undefined) return `${dst} has no way`;
  const type = outcome.type === 'unicast' ? '' : `${outcome.type} `;
  const source = way.source === null ? '' : ` src ${way.source}`;
  return `${type}${dst} ${wayWords(way, flow, state)}${source}`;
}

/** The kernel's own answer. */
function kernelLines({ kernel }: Explanation, names: TextNames): readonly string[] {
  if (kernel === null) return [];
  const words = kernel.message === null ? '' : `: ${escapeText(kernel.message)}`;
  return [
    kernel.route === null
      ? `  kernel ${errnoName(kernel.errno)}${words}`
      : `  kernel ${wholeWords(kernel.route, names)}`,
  ];
}

/** `10.66.66.66 from 10.0.0.5 mark 0x7 in zone self`: what is asked, as far as it is not at its default. */
function asked({ flow, state }: Explanation, zone: string): string {
  const words = [addressOf(flow.dst)];
  if (flow.src !== null) words.push(`from ${addressOf(flow.src)}`);
  if (flow.iif !== 0) words.push(`iif ${deviceName(state, flow.iif)}`);
  if (flow.oif !== 0) words.push(`oif ${deviceName(state, flow.oif)}`);
  if (flow.mark !== 0) words.push(`mark 0x${flow.mark.toString(16)}`);
  if (flow.ipproto !== 0) words.push(`ipproto ${protocolName(flow.ipproto)}`);
  if (flow.sport !== 0) words.push(`sport ${flow.sport}`);
  if (flow.dport !== 0) words.push(`dport ${flow.dport}`);
  if (flow.tos !== 0) words.push(`tos 0x${flow.tos.toString(16)}`);
  if (flow.iif === 0) words.push(`uid ${flow.uid}`);
  return `${words.join(' ')} in zone ${escapeText(zone)}`;
}

/** The lines, without their ends. */
export function explanationLines(
  explanation: Explanation,
  options: TextOptions,
): readonly string[] {
  const { check, outcome } = explanation;
  const steps = outcome.steps.flatMap((step) => [
    `${ruleLine(step.rule)} → ${stepWords(step, options, outcome.errno)}`,
    ...(options.isLong ? longLines(step, options.names) : []),
  ]);
  return [
    asked(explanation, options.zone),
    ...steps,
    ...outcome.notes.map((note) => escapeText(note)),
    ...wayLines(explanation),
    `answer: ${answerWords(explanation)} — ${verdictWords(explanation)}`,
    ...(options.isLong ? kernelLines(explanation, options.names) : []),
    ...check.differences.map((difference) => `  ${escapeText(difference)}`),
  ];
}
