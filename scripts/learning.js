import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The text the traces stand in, and where the kernels ring leaves fresh ones: an object of outputs by name. */
export const DOCUMENT = 'docs/learning-the-routing-code.md';
const OUTPUTS = 'build/kernels/learning.json';

/** A comment names the trace; commands at the head of the block after it are the text's own. */
const BLOCK =
  /(<!-- trace ([a-z0-9]+(?: [a-z0-9]+)*) -->\n\n?```console\n)((?:\$ .*\n)*)([^]*?)(^```$)/gm;

const CALL = /^( *)(~?)([A-Za-z_][\w.:]*)\(/;
const HOLE = /^( *)… \d+ records? lost here/;
const END = /^(answer(?:: (?:delivered|forwarded|dropped|not seen|the route kept))?|no route)/;

/** What two traces of one way have in common: functions and their nesting, holes, and how it ends. */
export function skeletonOf(output) {
  const lines = [];
  for (const line of output.split('\n')) {
    const call = CALL.exec(line);
    const hole = HOLE.exec(line);
    if (call !== null) lines.push(`${call[1]}${call[2]}${call[3]}`);
    else if (hole !== null) lines.push(`${hole[1]}a hole`);
    else if (END.test(line)) lines.push(END.exec(line)[1]);
  }
  return lines;
}

/** What happens or not by what a cache still holds, and by what the neighbour table knows. */
const BY_CHANCE = new Set([
  ...['rt_dst_alloc', 'dst_alloc', 'rt_set_nexthop', 'rt_cache_route', 'rt_add_uncached_list'],
  ...['ip6_dst_alloc', 'ip6_rt_copy_init', 'ip6_rt_cache_alloc', 'rt6_uncached_list_add'],
  'rt6_probe',
]);
/** ARP asks what kind of addresses it deals with, where the packet is sent. */
const OF_ARP = '  fib_table_lookup';

/** The skeleton less what chance decides: the same on every run. */
export function decidingSteps(output) {
  let skipped = Infinity;
  return skeletonOf(output).filter((line) => {
    const depth = line.search(/\S/);
    if (depth > skipped) return false;
    const isByChance = BY_CHANCE.has(line.trim()) || line === OF_ARP;
    skipped = isByChance ? depth : Infinity;
    return !isByChance;
  });
}

/** The blocks of a document: names and outputs, in order. */
export function blocksOf(text) {
  return Array.from(text.matchAll(BLOCK), ([, , name, , output]) => ({ name, output }));
}

/** The document with fresh outputs; the output of a block that has none stays. */
export function fillBlocks(text, outputs) {
  return text.replace(BLOCK, (block, head, name, commands, _output, tail) => {
    const output = outputs[name];
    return output === undefined ? block : `${head}${commands}${output.trimEnd()}\n${tail}`;
  });
}

/** The first line in which two skeletons are apart, in words; null for none. */
function differenceOf(written, fresh) {
  const length = Math.max(written.length, fresh.length);
  for (let at = 0; at < length; at++) {
    const [old = 'the end', now = 'the end'] = [written[at]?.trim(), fresh[at]?.trim()];
    if (written[at] === fresh[at]) continue;
    const isMoved = old === now;
    return `step ${at + 1}: ${isMoved ? `${old} is nested otherwise` : `${old} is written, ${now} was traced`}`;
  }
  return null;
}

/** Each block with what fresh outputs do not bear out of it, null where they do. */
export function checkedBlocks(text, outputs) {
  return blocksOf(text).map(({ name, output }) => {
    const fresh = outputs[name];
    if (fresh === undefined) return { name, difference: 'no fresh trace' };
    const difference = differenceOf(decidingSteps(output), decidingSteps(fresh));
    return { name, difference };
  });
}

/** One line for each block that fresh outputs do not bear out, and for each without an output. */
export function staleBlocks(text, outputs) {
  return checkedBlocks(text, outputs).flatMap(({ name, difference }) =>
    difference === null ? [] : [`${name}: ${difference}`],
  );
}

/** Throws what is wrong with the file of outputs. */
function readOutputs(path) {
  const outputs = JSON.parse(readFileSync(path, 'utf8'));
  for (const [name, output] of Object.entries(outputs)) {
    const isTrace = typeof output === 'string' && skeletonOf(output).length > 0;
    if (!isTrace) throw new Error(`${path}: "${name}" is no trace`);
    if (output.includes('```')) throw new Error(`${path}: "${name}" would end its block`);
  }
  return outputs;
}

/**
 * `node scripts/learning.js [--check] [OUTPUTS]`: writes fresh traces into the document, or compares alone. Returns the
 * exit code: 1 when a block has no trace, or with --check another one.
 */
export function learning(words, root = ROOT) {
  const isCheck = words.includes('--check');
  const path = words.find((word) => word !== '--check') ?? `${root}${OUTPUTS}`;
  const outputs = readOutputs(path);
  const text = readFileSync(`${root}${DOCUMENT}`, 'utf8');
  if (!isCheck) writeFileSync(`${root}${DOCUMENT}`, fillBlocks(text, outputs));
  const names = new Set(blocksOf(text).map((block) => block.name));
  const stale = isCheck
    ? staleBlocks(text, outputs)
    : [...names].filter((name) => outputs[name] === undefined).map((name) => `${name}: no trace`);
  const unused = Object.keys(outputs).filter((name) => !names.has(name));
  for (const line of stale) process.stderr.write(`${DOCUMENT}: ${line}\n`);
  if (unused.length > 0) process.stderr.write(`not in ${DOCUMENT}: ${unused.join(', ')}\n`);
  return stale.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = learning(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`learning: ${error.message}\n`);
    process.exitCode = 1;
  }
}
