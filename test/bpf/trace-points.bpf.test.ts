import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { namesFrom } from '../../core/names/names.js';
import { askedOf, completeTree } from '../../core/trace/imply.js';
import { groupsOf, pointsOf } from '../../core/trace/point-groups.js';
import { PointBuilder } from '../../core/trace/points.js';
import type { CallNode, LookupTree, TreeNode } from '../../core/trace/tree.js';
import { parseAddress } from '../../core/wire/address.js';
import { Explainer } from '../../sources/explain-state.js';
import { openTrace, type TraceFilters } from '../../sources/trace/open-trace.js';
import { until } from './objects.js';

const SCENE = fileURLToPath(new URL('./scenes/points.sh', import.meta.url));
const NAME = `rtp${process.pid}`;
const ZONES = ['a', 'r', 'b'].map((zone) => `${NAME}-${zone}`);
const PATIENCE_MS = 60_000;

/** One datagram of one byte to each address; the errno where the call fails. */
const SEND = `
import socket, sys
for address in sys.argv[1:]:
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM)
    try: s.sendto(b'x', (address, 9))
    except OSError: pass
`;
/** Ends once the work's last lookup is seen: to this address. */
const LAST = { inet: '10.99.255.255', inet6: 'fd99::ffff' } as const;

const inZone = (zone: string, command: string, ...args: readonly string[]): string =>
  execFileSync('ip', ['netns', 'exec', `${NAME}-${zone}`, command, ...args], { encoding: 'utf8' });

const send = (...addresses: readonly string[]): void => {
  inZone('a', 'python3', '-c', SEND, ...addresses);
};

const zoneId = (zone: string): number => statSync(`/run/netns/${NAME}-${zone}`).ino;

const dstOf = (tree: LookupTree): string | null =>
  groupsOf(pointsOf(tree)).groups[0]?.flow.dst ?? null;

/** Trees of the scene's namespaces, until one of namespace a goes to `last`. */
async function traced(
  filters: TraceFilters,
  last: string,
  work: () => void | Promise<void>,
): Promise<readonly LookupTree[]> {
  const trees: LookupTree[] = [];
  const ids = new Set(['a', 'r', 'b'].map(zoneId));
  const builder = new PointBuilder([], (tree) => {
    if (ids.has(tree.netns) || tree.pid === process.pid) trees.push(tree);
  });
  const opened = openTrace({
    mechanisms: ['tracepoint'],
    filters,
    onBatch: (bytes) => {
      builder.take(bytes, 0n);
    },
  });
  try {
    await work();
    await until(() => trees.some((tree) => dstOf(tree) === last));
  } finally {
    opened.close();
    builder.flush();
  }
  return trees;
}

const calls = (nodes: readonly TreeNode[]): CallNode[] =>
  nodes.flatMap((node) => (node.kind === 'hole' ? [] : [node, ...calls(node.calls)]));

const named = (tree: LookupTree, name: RegExp): CallNode[] =>
  calls(tree.calls).filter((node) => name.test(node.function.name));

const tablesOf = (tree: LookupTree): number[] =>
  named(tree, /^fib6?:/).map(({ enter }) => enter?.u32('table') ?? 0);

const wordsOf = (tree: LookupTree): string[] =>
  calls(tree.calls).flatMap(({ words }) =>
    words === null ? [] : [`${words.call}${words.result === null ? '' : ` → ${words.result}`}`],
  );

beforeAll(() => {
  execFileSync('sh', [SCENE, NAME]);
  // Neighbours are known, so that what follows is only the lookups'.
  send('10.0.0.2', '10.0.1.2', 'fd00::2', 'fd01::2', '10.9.0.2', 'fd09::2');
}, PATIENCE_MS);

afterAll(() => {
  for (const zone of ZONES) execFileSync('ip', ['netns', 'del', zone]);
});

/** Address, tables asked in order, and what the lookup gives as the kernel and the mirror agree. */
const CASES: readonly (readonly [string, string, readonly number[], RegExp])[] = [
  ['a local address', '10.0.0.1', [255], /^local 10\.0\.0\.1 dev lo/],
  ['a connected one', '10.0.0.2', [255, 254], /^10\.0\.0\.2 dev v0 src 10\.0\.0\.1$/],
  ['a gateway', '10.9.0.2', [255, 254], /^10\.9\.0\.2 via 10\.0\.0\.2 dev v0 src 10\.0\.0\.1$/],
  ['a multipath route', '10.77.1.1', [255, 254], /^10\.77\.1\.1 via 10\.0\.[01]\.2 dev v[01]/],
  ['a policy rule', '10.44.1.1', [255, 100], /^10\.44\.1\.1 via 10\.0\.1\.2 dev v1/],
  ['an unreachable route', '10.88.1.1', [255, 254], /^EHOSTUNREACH$/],
  ['a rule that prohibits', '10.46.1.1', [255], /^EACCES$/],
  ['no route', '10.99.1.1', [255, 254], /^ENETUNREACH$/],
  ['a local IPv6 address', 'fd00::1', [255], /^local fd00::1 dev lo/],
  ['a connected one', 'fd00::2', [255, 254], /^fd00::2 dev v0 src fd00::1$/],
  ['a gateway', 'fd09::2', [255, 254], /^fd09::2 via fd00::2 dev v0 src fd00::1$/],
  ['a multipath route', 'fd77::1', [255, 254], /^fd77::1 via fd0[01]::2 dev v[01]/],
  ['a policy rule', 'fd44::1', [255, 100], /^fd44::1 via fd01::2 dev v1/],
  ['an unreachable route', 'fd88::1', [255, 254], /^EHOSTUNREACH$/],
  ['a rule that prohibits', 'fd46::1', [255], /^EACCES$/],
  ['no route', 'fd99::1', [255, 254], /^ENETUNREACH$/],
];

describe('the tracepoint tier', () => {
  let trees: readonly LookupTree[] = [];

  beforeAll(async () => {
    trees = await traced({}, LAST.inet6, () => {
      send(...CASES.map(([, address]) => address), LAST.inet6);
    });
  }, PATIENCE_MS);

  const taskTree = (address: string): LookupTree => {
    const found = trees.find((tree) => tree.place === 'task' && dstOf(tree) === address);
    if (found === undefined) throw new Error(`no tree to ${address}`);
    return found;
  };

  test.each(CASES)('shows the tables asked for %s, %s', (_what, address, tables) => {
    const tree = taskTree(address);
    expect(tree).toMatchObject({ lost: 0, isComplete: true, netns: zoneId('a') });
    expect(tree.calls[0]).toMatchObject({ words: { call: 'sendto()' } });
    // IPv6 looks a refused flow up once more with a source.
    expect(tablesOf(tree).slice(0, tables.length)).toEqual(tables);
  });

  test.each(CASES)('agrees with rules and mirror on %s, %s', async (_what, address, _t, answer) => {
    const tree = taskTree(address);
    const asked = askedOf(tree);
    const explainer = new Explainer(`/run/netns/${NAME}-a`, namesFrom({}));
    try {
      const explanation = asked === null ? null : await explainer.explain(asked);
      const completed = explanation === null ? tree : completeTree(tree, explanation);
      expect(wordsOf(completed).filter((words) => words.includes('the mirror says'))).toEqual([]);
      const [lookup] = named(completed, /^(ip_route_output_key_hash_rcu|ip6_route_output_flags)$/);
      expect(lookup?.words?.result).toMatch(answer);
      expect(tablesOf(completed)).toEqual(tablesOf(tree));
    } finally {
      await explainer.close();
    }
  });

  test('ends with the result of the system call', () => {
    const resultOf = (address: string) => taskTree(address).calls[0];
    expect(resultOf('10.9.0.2')).toMatchObject({ words: { result: '1' } });
    expect(resultOf('10.99.1.1')).toMatchObject({ words: { result: 'ENETUNREACH' } });
    expect(resultOf('fd46::1')).toMatchObject({ words: { result: 'EACCES' } });
  });

  test.each(['10.9.0.2', 'fd09::2'])('shows %s leave, be forwarded and arrive', (address) => {
    const sentBy = (tree: LookupTree) =>
      named(tree, /^net:net_dev_queue$/).map(({ enter }) => enter?.name('dev'));
    expect(sentBy(taskTree(address))).toEqual(['v0']);
    const received = (zone: string) =>
      trees.find(
        (tree) =>
          tree.place === 'softirq' && dstOf(tree) === address && tree.netns === zoneId(zone),
      );
    const forwarded = received('r');
    expect(forwarded === undefined ? null : sentBy(forwarded)).toContain('u0');
    expect(received('b')).toBeDefined();
  });

  test('shows why a packet is dropped, and the answer to its sender', () => {
    // The router has no route to it.
    const dropped = trees.find((t) => t.place === 'softirq' && dstOf(t) === '10.77.1.1');
    const [drop] = dropped === undefined ? [] : named(dropped, /^skb:kfree_skb$/);
    expect(drop?.enter?.arg(1)).toBe(2n); // IP_INNOROUTES
  });

  test(
    'sees no other address than the one asked for',
    async () => {
      const address = parseAddress('10.99.0.0') ?? new Uint8Array(4);
      const filters = { dst: { address, length: 16 } };
      const seen = await traced(filters, LAST.inet, () => {
        send('10.0.0.2', '10.9.0.2', 'fd09::2', '10.99.1.1', LAST.inet);
      });
      expect(seen.map(dstOf)).toEqual(['10.99.1.1', LAST.inet]);
    },
    PATIENCE_MS,
  );

  test(
    'sees one namespace where one is asked for',
    async () => {
      const seen = await traced({ netns: zoneId('a') }, LAST.inet, () => {
        send('10.9.0.2', LAST.inet);
      });
      expect(new Set(seen.map(({ netns }) => netns))).toEqual(new Set([zoneId('a')]));
    },
    PATIENCE_MS,
  );

  test(
    'does not see what routetap itself sends',
    async () => {
      const socket = createSocket('udp4');
      const seen = await traced({}, LAST.inet, async () => {
        socket.send('x', 9, '127.0.0.1');
        await once(socket, 'listening');
        await new Promise((resolve) => socket.send('x', 9, '127.0.0.1', resolve));
        send(LAST.inet);
      });
      socket.close();
      expect(seen.filter((t) => t.place === 'task' && t.pid === process.pid)).toEqual([]);
    },
    PATIENCE_MS,
  );
});
