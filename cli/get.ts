import { usageError } from '../core/errors.js';
import { explanationJson } from '../core/lookup/explain-json.js';
import { explanationLines } from '../core/lookup/explain-text.js';
import { Explainer } from '../sources/explain-state.js';
import { readNames } from '../sources/names-files.js';
import { resolveZone } from '../sources/zones/resolve.js';
import { EXIT } from './exit.js';
import { readGetOptions, type GetFlags } from './get-options.js';
import { got } from './say.js';

async function ifindexOf(explainer: Explainer, option: string, name: string): Promise<number> {
  const found = await explainer.ifindex(name);
  if (found !== null) return found;
  throw usageError(`${option}: expected an interface of this namespace, got ${got(name)}`);
}

/**
 * `routetap get ADDR`: explains which rule, table, route and nexthop an address takes, and asks the kernel whether it
 * is so. Exit code 0 when the packet has a way, 1 when it has none or the kernel disagrees.
 */
export async function get(target: string, flags: GetFlags): Promise<number> {
  const { iif, oif, ...rest } = readGetOptions(target, flags);
  const zone = flags.zone ?? 'self';
  if (zone === 'all') throw usageError('--zone: expected one network namespace, got "all"');
  const names = readNames();
  const { path } = resolveZone(zone);
  const explainer = new Explainer(path === '/proc/self/ns/net' ? null : path, names);
  try {
    const explanation = await explainer.explain({
      ...rest,
      ...(iif === undefined ? {} : { iif: await ifindexOf(explainer, '--iif', iif) }),
      ...(oif === undefined ? {} : { oif: await ifindexOf(explainer, '--oif', oif) }),
    });
    const text =
      flags.json === true
        ? explanationJson(explanation, zone)
        : explanationLines(explanation, { zone, isLong: flags.explain === true, names }).join('\n');
    process.stdout.write(`${text}\n`);
    const { check, kernel, outcome } = explanation;
    const errno = kernel?.errno ?? outcome.errno;
    return errno === 0 && check.verdict !== 'differs' ? EXIT.done : EXIT.runtime;
  } finally {
    await explainer.close();
  }
}
