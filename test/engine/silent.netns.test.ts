import { execFileSync, spawnSync } from 'node:child_process';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { JsonRecord } from '../tools/rebuild-state.js';
import { cleanUp, hops, Namespace, summaries, summary, Tap } from './harness.js';

/** A namespace with v0 (10.0.0.1/24, fd00::1/64) and no IPv6 that happens by itself. */
function scene(...more: string[]): Namespace {
  const namespace = new Namespace('silent');
  namespace.quietIpv6();
  namespace.pair('v0', '10.0.0.1/24', 'fd00::1/64');
  for (const command of more) namespace.ip(command);
  return namespace;
}

const only = (tap: Tap, dst: string): JsonRecord => {
  const found = tap.about(dst);
  expect(found.map(summary)).toHaveLength(1);
  return found[0] as JsonRecord;
};

/** Runs the change, waits until everything is told, and checks that lines and kernel agree. */
async function after(tap: Tap, change: () => void): Promise<void> {
  tap.forget();
  change();
  expect(await tap.difference()).toBe('');
  await tap.settle();
  expect(await tap.difference()).toBe('');
  expect(tap.state.problems).toEqual([]);
}

/** The kernel of this machine may lack VRF devices. */
/** Whether the kernel has VRF devices; it must refuse them for that reason and no other. */
function hasVrf(): boolean {
  const name = `rt-vrf-${process.pid}`;
  execFileSync('ip', ['netns', 'add', name]);
  const made = spawnSync('ip', ['-n', name, 'link', 'add', 'vrf0', 'type', 'vrf', 'table', '10']);
  execFileSync('ip', ['netns', 'del', name]);
  if (made.status === 0) return true;
  expect(made.stderr.toString()).toMatch(/Unknown device type|not supported/);
  return false;
}

describe('what the kernel never announces is told once, with its cause', () => {
  afterEach(cleanUp);

  test('a link set down takes its IPv4 routes along', async () => {
    const namespace = scene(
      'route add 10.1.0.0/16 via 10.0.0.2',
      'route add 10.2.0.0/16 dev v0 table 100',
    );
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('link set v0 down'));
    const inet = tap.events.filter((record) => record.route?.family === 'inet');
    expect(summaries(inet)).toEqual([
      'delete 10.0.0.0/24 inferred link-down',
      'delete 10.0.0.255/32 inferred link-down',
      'delete 10.1.0.0/16 inferred link-down',
      'delete 10.2.0.0/16 inferred link-down',
    ]);
    for (const record of inet) {
      expect(record.cause?.trigger).toMatchObject({ what: 'RTM_NEWLINK', dev: 'v0' });
      expect(record.zone?.name).toBe(namespace.name);
    }
    // The peer's IPv6 routes stay and are marked linkdown: that is inferred, the deletes are not.
    const gone = tap.events.filter(
      (record) => record.route?.family === 'inet6' && record.probe === 'delete',
    );
    expect(gone.length).toBeGreaterThan(0);
    for (const record of gone) expect(record.inferred ?? false).toBe(false);
  });

  test('a link set up brings the connected routes back, announced', async () => {
    const namespace = scene();
    namespace.ip('link set v0 down');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('link set v0 up'));
    const inet = tap.events.filter((record) => record.route?.family === 'inet');
    expect(summaries(inet)).toEqual([
      'add 10.0.0.0/24 announced link-up',
      'add 10.0.0.255/32 announced link-up',
    ]);
  });

  test('a link set down takes its IPv6 routes along silently with skip_notify_on_dev_down', async () => {
    const namespace = scene('route add 2001:db8::/32 via fd00::2');
    namespace.sysctl('net.ipv6.route.skip_notify_on_dev_down', '1');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('link set v0 down'));
    const gone = only(tap, '2001:db8::/32');
    expect(summary(gone)).toBe('delete 2001:db8::/32 inferred link-down');
    expect(gone.cause?.trigger).toMatchObject({ what: 'RTM_NEWLINK', dev: 'v0' });
    expect(summary(only(tap, 'fd00::/64'))).toBe('delete fd00::/64 inferred link-down');
  });

  test('a deleted device takes its routes along', async () => {
    const namespace = scene('route add 10.1.0.0/16 via 10.0.0.2');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('link del v0'));
    const gone = only(tap, '10.1.0.0/16');
    expect(summary(gone)).toMatch(/^delete 10.1.0.0\/16 inferred link-(removed|down)$/);
    expect(gone.cause?.trigger).toMatchObject({ dev: 'v0' });
    expect(hops(gone.route)).toEqual(['10.0.0.2@v0[]']);
    expect(tap.about('10.0.0.0/24')).toHaveLength(1);
    expect(tap.about('10.0.0.1/32')).toHaveLength(1);
  });

  test('a device moved to another namespace takes its routes along', async () => {
    const namespace = scene('route add 10.1.0.0/16 via 10.0.0.2');
    const other = new Namespace('silent');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip(`link set v0 netns ${other.name}`));
    const gone = only(tap, '10.1.0.0/16');
    expect(summary(gone)).toMatch(/^delete 10.1.0.0\/16 inferred link-(removed|down)$/);
    expect(gone.cause?.trigger).toMatchObject({ dev: 'v0' });
  });

  test('the last address of a device takes the gateway routes along', async () => {
    const namespace = scene('route add 10.1.0.0/16 via 10.0.0.2');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('addr del 10.0.0.1/24 dev v0'));
    const gone = only(tap, '10.1.0.0/16');
    expect(summary(gone)).toBe('delete 10.1.0.0/16 inferred address-removed');
    expect(gone.cause?.trigger).toMatchObject({
      what: 'RTM_DELADDR',
      dev: 'v0',
      address: '10.0.0.1/24',
    });
    expect(summaries(tap.events).filter((line) => line.includes(' announced '))).toEqual([
      'delete 10.0.0.0/24 announced address-removed',
      'delete 10.0.0.1/32 announced address-removed',
      'delete 10.0.0.255/32 announced address-removed',
    ]);
  });

  test('an address removed while others stay takes only the routes which prefer it', async () => {
    const namespace = scene(
      'addr add 10.0.9.1/24 dev v0',
      'route add 10.1.0.0/16 via 10.0.0.2',
      'route add 10.2.0.0/16 via 10.0.0.2 src 10.0.9.1',
    );
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('addr del 10.0.9.1/24 dev v0'));
    expect(only(tap, '10.2.0.0/16')).toMatchObject({
      probe: 'delete',
      cause: { kind: 'address-removed' },
    });
    expect(tap.about('10.1.0.0/16')).toEqual([]);
  });

  test('a lost carrier marks nexthops, a found one clears them', async () => {
    const namespace = scene('route add 10.1.0.0/16 via 10.0.0.2');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('link set v0p down'));
    const lost = only(tap, '10.1.0.0/16');
    expect(summary(lost)).toBe('change 10.1.0.0/16 inferred carrier');
    expect(lost.cause?.trigger).toMatchObject({ what: 'RTM_NEWLINK', dev: 'v0' });
    await after(tap, () => namespace.ip('link set v0p up'));
    expect(summary(only(tap, '10.1.0.0/16'))).toMatch(
      /^change 10.1.0.0\/16 inferred (carrier|link-up)$/,
    );
  });

  test('a lost carrier removes the routes of nexthop objects', async () => {
    const namespace = scene('nexthop add id 1 via 10.0.0.2 dev v0', 'route add 10.1.0.0/16 nhid 1');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('link set v0p down'));
    const gone = only(tap, '10.1.0.0/16');
    expect(summary(gone)).toBe('delete 10.1.0.0/16 inferred carrier');
    expect(gone.cause?.trigger).toMatchObject({ what: 'RTM_NEWLINK', dev: 'v0' });
  });

  test('one leg of a multipath route goes down and comes back', async () => {
    const namespace = scene();
    namespace.pair('v1', '10.0.1.1/24', 'fd00:1::1/64');
    namespace.ip('route add 10.1.0.0/16 nexthop via 10.0.0.2 dev v0 nexthop via 10.0.1.2 dev v1');
    namespace.ip('route add 2001:db8::/32 nexthop via fd00::2 dev v0 nexthop via fd00:1::2 dev v1');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('link set v1 down'));
    const down = only(tap, '10.1.0.0/16');
    expect(summary(down)).toBe('change 10.1.0.0/16 inferred link-down');
    expect(hops(down.route)).toEqual(['10.0.0.2@v0[]', '10.0.1.2@v1[dead,linkdown]']);
    const down6 = only(tap, '2001:db8::/32');
    expect(summary(down6)).toBe('change 2001:db8::/32 inferred link-down');
    expect(hops(down6.route)).toContain('fd00:1::2@v1[dead,linkdown]');
    await after(tap, () => namespace.ip('link set v1 up'));
    const up = only(tap, '10.1.0.0/16');
    expect(summary(up)).toMatch(/^change 10.1.0.0\/16 inferred (link-up|carrier)$/);
    expect(hops(up.route)).toEqual(['10.0.0.2@v0[]', '10.0.1.2@v1[]']);
  });

  test('a leg without an address is dead, and an address wakes it', async () => {
    const namespace = scene();
    namespace.pair('w0', '10.9.0.1/24');
    namespace.ip('route add 10.1.0.0/16 nexthop via 10.0.0.2 dev v0 nexthop via 10.9.0.2 dev w0');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('addr del 10.9.0.1/24 dev w0'));
    expect(hops(only(tap, '10.1.0.0/16').route)).toEqual([
      '10.0.0.2@v0[]',
      '10.9.0.2@w0[dead,linkdown]',
    ]);
    tap.forget();
    await after(tap, () => namespace.ip('addr add 10.9.0.1/24 dev w0'));
    const woken = only(tap, '10.1.0.0/16');
    expect(woken).toMatchObject({ inferred: true, cause: { kind: 'address-added' } });
    expect(hops(woken.route)).toEqual(['10.0.0.2@v0[]', '10.9.0.2@w0[]']);
    expect(await tap.difference()).toBe('');
  });

  test('a deleted nexthop object takes its IPv4 routes along silently, its IPv6 routes announced', async () => {
    const namespace = scene(
      'nexthop add id 1 via 10.0.0.2 dev v0',
      'nexthop add id 2 via fd00::2 dev v0',
      'route add 10.1.0.0/16 nhid 1',
      'route add 10.2.0.0/16 via 10.0.0.2',
      'route add 2001:db8::/32 nhid 2',
    );
    const tap = await Tap.start(namespace);
    await after(tap, () => {
      namespace.ip('nexthop del id 1');
      namespace.ip('nexthop del id 2');
    });
    const gone = only(tap, '10.1.0.0/16');
    expect(summary(gone)).toBe('delete 10.1.0.0/16 inferred nexthop-removed');
    expect(gone.cause?.trigger).toMatchObject({ what: 'RTM_DELNEXTHOP', nhid: 1 });
    const gone6 = only(tap, '2001:db8::/32');
    expect(summary(gone6)).toBe('delete 2001:db8::/32 announced nexthop-removed');
    expect(tap.about('10.2.0.0/16')).toEqual([]);
  });

  test('a deleted member shrinks a group and changes its routes', async () => {
    const namespace = scene(
      'nexthop add id 1 via 10.0.0.2 dev v0',
      'nexthop add id 2 via 10.0.0.3 dev v0',
      'nexthop add id 10 group 1/2',
      'route add 10.1.0.0/16 nhid 10',
    );
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('nexthop del id 1'));
    const changed = only(tap, '10.1.0.0/16');
    expect(summary(changed)).toMatch(/^change 10.1.0.0\/16 inferred nexthop-(changed|removed)$/);
    expect(hops(changed.previous)).toEqual(['10.0.0.2@v0[]', '10.0.0.3@v0[]']);
    expect(hops(changed.route)).toEqual(['10.0.0.3@v0[]']);
  });

  test("a route added over a nexthop object just made is a request, not the object's doing", async () => {
    const namespace = scene();
    const tap = await Tap.start(namespace);
    await after(tap, () => {
      namespace.ip('nexthop add id 7 via 10.0.0.2 dev v0');
      namespace.ip('route add 10.1.0.0/16 nhid 7');
    });
    expect(only(tap, '10.1.0.0/16')).toMatchObject({ probe: 'add', cause: { kind: 'request' } });
  });

  test('a replaced nexthop object changes its routes, announced in compatibility mode', async () => {
    const namespace = scene('nexthop add id 1 via 10.0.0.2 dev v0', 'route add 10.1.0.0/16 nhid 1');
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('nexthop replace id 1 via 10.0.0.3 dev v0'));
    const changed = only(tap, '10.1.0.0/16');
    expect(changed).toMatchObject({ probe: 'change', cause: { kind: 'nexthop-changed' } });
    expect(hops(changed.previous)).toEqual(['10.0.0.2@v0[]']);
    expect(hops(changed.route)).toEqual(['10.0.0.3@v0[]']);
  });

  test('a device given to a VRF and taken back loses its gateway routes', async () => {
    if (!hasVrf()) {
      console.warn('no VRF devices in this kernel (CONFIG_NET_VRF): nothing to see here');
      return;
    }
    const namespace = scene(
      'link add vrf0 type vrf table 10',
      'link set vrf0 up',
      'route add 10.1.0.0/16 via 10.0.0.2',
    );
    const tap = await Tap.start(namespace);
    await after(tap, () => namespace.ip('link set v0 master vrf0'));
    const gone = only(tap, '10.1.0.0/16');
    expect(summary(gone)).toBe('delete 10.1.0.0/16 inferred vrf');
    expect(gone.cause?.trigger).toMatchObject({ what: 'RTM_NEWLINK', dev: 'v0' });
  });

  test('an IPv6 route expires once', async () => {
    const namespace = scene();
    namespace.sysctl('net.ipv6.route.gc_interval', '1');
    const tap = await Tap.start(namespace);
    tap.forget();
    namespace.ip('route add 2001:db8::/32 via fd00::2 expires 2');
    await tap.waitFor(() => tap.about('2001:db8::/32').length === 2, 'the expiry');
    await tap.settle();
    expect(
      tap.about('2001:db8::/32').map((record) => `${record.probe} ${record.cause?.kind}`),
    ).toEqual(['add request', 'delete expired']);
    expect(await tap.difference()).toBe('');
    expect(tap.state.problems).toEqual([]);
  });

  test('a namespace which goes away takes everything along', async () => {
    const namespace = scene(
      'route add 10.1.0.0/16 via 10.0.0.2',
      'route add 2001:db8::/32 via fd00::2',
    );
    const tap = await Tap.watch(namespace);
    expect(await tap.difference()).toBe('');
    const routes = tap.state.lines().length;
    tap.forget();
    namespace.remove();
    await tap.waitFor(() => tap.state.lines().length === 0, 'the end of every route');
    expect(tap.events).toHaveLength(routes);
    for (const record of tap.events) {
      expect(record).toMatchObject({
        probe: 'delete',
        inferred: true,
        cause: { kind: 'zone-removed' },
        zone: { name: namespace.name },
      });
    }
    expect(tap.state.problems).toEqual([]);
  });
});
