import { afterEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cleanUp, Namespace } from '../engine/harness.js';
import { BIN } from './command.js';

afterEach(cleanUp);

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

function get(args: readonly string[], prefix: readonly string[] = []): Ended {
  const [command = '', ...rest] = [...prefix, process.execPath, BIN, 'get', ...args];
  const { status, stdout, stderr } = spawnSync(command, rest, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return { code: status, lines: stdout.trimEnd().split('\n'), stderr };
}

/** v0 with a gateway, a table 100 for mark 7, and the limits a lookup can end at. */
function scene(): Namespace {
  const namespace = new Namespace('get');
  namespace.quietIpv6();
  namespace.ip('link set lo up');
  namespace.pair('v0', '10.0.0.5/24', '2001:db8:a::5/64');
  namespace.pair('v1', '10.1.0.5/24');
  namespace.batch([
    'route add default via 10.0.0.1',
    'route add 10.66.0.0/16 via 10.0.0.2',
    'route add 10.66.66.0/24 table 100 via 10.1.0.1',
    'route add blackhole 10.67.0.0/16',
    'route add 10.77.0.0/16 nexthop via 10.0.0.1 nexthop via 10.1.0.1',
    'rule add pref 100 fwmark 7 lookup 100',
    'route add 2001:db8:66::/48 via 2001:db8:a::1',
  ]);
  return namespace;
}

const last = ({ lines }: Ended): string => lines.at(-1) ?? '';

describe('routetap get', () => {
  test('explains a way, in text and as JSON, and the kernel agrees', () => {
    const { name } = scene();
    const plain = get(['10.66.66.66', '--zone', name]);
    expect(plain.lines).toEqual([
      `10.66.66.66 ipproto udp uid 0 in zone ${name}`,
      'rule 0: from all lookup local → no route in table local',
      'rule 100: from all fwmark 0x7 lookup 100 → does not match: mark is 0x0, not 0x7',
      'rule 32766: from all lookup main → 10.66.0.0/16 via 10.0.0.2 dev v0 (also matched: default via 10.0.0.1 dev v0)',
      'nexthop via 10.0.0.2 dev v0, neighbour not known yet',
      'source 10.0.0.5 (chosen from v0)',
      'answer: 10.66.66.66 via 10.0.0.2 dev v0 src 10.0.0.5 — the kernel says the same',
    ]);
    expect(plain.code).toBe(0);
    const marked = get(['10.66.66.66', '--mark', '0x7', '--zone', name]);
    expect(last(marked)).toBe(
      'answer: 10.66.66.66 via 10.1.0.1 dev v1 src 10.1.0.5 — the kernel says the same',
    );
    const json = get(['2001:db8:66::1', '--json', '--zone', name]);
    expect(JSON.parse(json.lines.join(''))).toMatchObject({
      zone: name,
      verdict: 'same',
      answer: { way: { gateway: '2001:db8:a::1', dev: 'v0', src: '2001:db8:a::5' } },
    });
  });

  test('leaves the nexthop of several to the kernel', () => {
    const { name } = scene();
    const found = get(['10.77.0.1', '--zone', name]);
    expect(found.lines).toContain(
      "one of 2 ways, by the kernel's choice: via 10.0.0.1 dev v0 or via 10.1.0.1 dev v1",
    );
    expect(last(found)).toMatch(/^answer: 10\.77\.0\.1 via .* — the kernel agrees and chose$/);
  });

  test('ends with exit code 1 where there is no way, and says why', () => {
    const { name } = scene();
    const refused = get(['10.67.0.1', '--zone', name]);
    expect(last(refused)).toBe('answer: 10.67.0.1 has no way: EINVAL — the kernel says the same');
    expect(refused.code).toBe(1);
    const none = get(['2001:db8:99::1', '--zone', name]);
    expect(none.lines).toContain('rule 32766: from all lookup main → no route in table main');
    expect(none.code).toBe(1);
    const received = get(['8.8.8.8', '--iif', 'v1', '--from', '10.1.0.9', '--zone', name]);
    expect(received.lines).toContain('v1 does not forward');
    expect(received.code).toBe(1);
  });

  test('says that the kernel drops a received packet for its source', () => {
    const namespace = scene();
    namespace.sysctl('net.ipv4.ip_forward', '1');
    namespace.sysctl('net.ipv4.conf.all.rp_filter', '1');
    const { name } = namespace;
    const dropped = get(['8.8.8.8', '--iif', 'v1', '--from', '10.0.0.9', '--zone', name]);
    expect(last(dropped)).toMatch(/but the kernel drops the packet for its source/);
    expect(dropped.code).toBe(1);
  });

  test('works without any privilege in its own namespace', () => {
    const { name } = scene();
    const drop = 'setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all'.split(
      ' ',
    );
    const found = get(['10.66.66.66'], ['ip', 'netns', 'exec', name, ...drop]);
    expect(found.stderr).toBe('');
    expect(found.lines[0]).toBe('10.66.66.66 ipproto udp uid 65534 in zone self');
    expect(last(found)).toMatch(/the kernel says the same$/);
    expect(found.code).toBe(0);
  });

  test('names an interface that is not there', () => {
    const { name } = scene();
    const wrong = get(['10.66.66.66', '--oif', 'nope', '--zone', name]);
    expect(wrong.stderr).toBe(
      'routetap: --oif: expected an interface of this namespace, got "nope"\n',
    );
    expect(wrong.code).toBe(2);
  });

  test('follows what redirects and PMTU messages left', () => {
    const host = new Namespace('get-host');
    const router = new Namespace('get-router');
    for (const namespace of [host, router]) {
      namespace.quietIpv6();
      namespace.ip('link set lo up');
    }
    host.ip(`link add v0 type veth peer name r0 netns ${router.name}`);
    host.batch([
      'addr add 10.0.0.5/24 dev v0',
      'link set v0 up',
      'route add default via 10.0.0.1',
      'neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev v0 nud permanent',
    ]);
    router.sysctl('net.ipv4.ip_forward', '1');
    router.batch([
      'link add w0 type veth peer name w0p',
      'addr add 10.0.0.1/24 dev r0',
      'addr add 10.9.0.1/24 dev w0',
      'link set w0 mtu 1300',
      'link set r0 up',
      'link set w0 up',
      'link set w0p up',
      'route add 10.99.0.0/16 via 10.0.0.2',
      'neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev r0 nud permanent',
    ]);
    /** Pings until `get` shows what was learned: links and neighbours take a while. */
    const learned = (dst: string, size: string): Ended => {
      const words = `-c 1 -W 1 -M do -s ${size} ${dst}`.split(' ');
      for (let tries = 0; ; tries++) {
        spawnSync('ip', ['netns', 'exec', host.name, 'ping', ...words]);
        const found = get([dst, '--zone', host.name]);
        if (tries === 20 || found.lines.some((line) => line.startsWith('learned'))) return found;
      }
    };
    const tooBig = learned('10.9.0.2', '1400');
    expect(tooBig.lines.join('\n')).toMatch(/learned for this destination: mtu 1300, \d+ s left/);
    expect(last(tooBig)).toMatch(/the kernel says the same$/);
    const redirected = learned('10.99.0.1', '56');
    expect(redirected.lines.join('\n')).toMatch(
      /learned for this destination: gateway 10\.0\.0\.2 by a redirect, \d+ s left/,
    );
    expect(last(redirected)).toBe(
      'answer: 10.99.0.1 via 10.0.0.2 dev v0 src 10.0.0.5 — the kernel says the same',
    );
  });
});
