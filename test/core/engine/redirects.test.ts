import { describe, expect, test } from '@jest/globals';
import { FRAME_KIND } from '../../../core/frame.js';
import type { Redirect } from '../../../core/event.js';
import type { EventSpec } from '../bpf/event.js';
import { inet6Redirect, inetRedirect } from '../bpf/icmp.js';
import type { RouteSpec } from '../fib/route-message.js';
import { FakeKernel } from './fake-kernel.js';

const CLONED = 0x200;
const REDIRECTED = 0x0004_0000;

const received: EventSpec = {
  kind: 'redirect',
  direction: 2,
  iif: 2,
  author: '10.0.0.1',
  gateway: '10.0.0.2',
  src: '10.0.0.9',
  dst: '10.9.0.1',
};
const received6: EventSpec = {
  ...received,
  family: 10,
  author: 'fe80::1',
  gateway: 'fe80::2',
  src: '2001:db8::9',
  dst: '2001:db8:9::1',
};

const via = (gateway: string, more: Partial<RouteSpec> = {}): RouteSpec => ({
  dst: '10.9.0.1/32',
  flags: CLONED,
  paths: [{ via: gateway, dev: 2 }],
  ...more,
});
const via6 = (gateway: string | null, more: Partial<RouteSpec> = {}): RouteSpec => ({
  dst: '2001:db8:9::1/128',
  paths: [gateway === null ? { dev: 2 } : { via: gateway, dev: 2 }],
  ...more,
});

function watched(): FakeKernel {
  const kernel = new FakeKernel();
  kernel.zone();
  kernel.forget();
  return kernel;
}

function verdicts(kernel: FakeKernel): (Redirect | null)[] {
  return kernel.events.map(({ redirect }) => redirect);
}

describe('a redirect whose verdict a program saw', () => {
  test('is told as it was: taken, with the route before and after', () => {
    const kernel = watched();
    kernel.bpf({ ...received, mechanism: 1, verdict: 1, old_gateway: '10.0.0.1', expires_s: 300 });
    expect(kernel.events).toHaveLength(1);
    expect(kernel.events[0]).toMatchObject({
      probe: 'redirect',
      cause: { kind: 'icmp-redirect', trigger: null },
      process: null,
      provenance: 'fentry',
      redirect: {
        author: '10.0.0.1',
        old: '10.0.0.1',
        new: '10.0.0.2',
        accepted: 'yes',
        reason: null,
        expires: 300,
      },
      route: {
        dst: '10.9.0.1/32',
        protocol: 'redirect',
        expires: 300,
        nexthops: [{ gateway: '10.0.0.2', ifindex: 2, dev: 'v0' }],
      },
      previous: { dst: '10.9.0.1/32', nexthops: [{ gateway: '10.0.0.1', ifindex: 2 }] },
    });
    expect(kernel.lookups).toEqual([]);
  });

  test('is told as it was: refused, with the reason in words', () => {
    const kernel = watched();
    kernel.bpf({ ...received, verdict: 3, reason: 1 }, { ...received, verdict: 3, reason: 77 });
    expect(verdicts(kernel).map((redirect) => [redirect?.accepted, redirect?.reason])).toEqual([
      ['no', 'its author is not the gateway in use'],
      ['no', 'reason 77'],
    ]);
    expect(kernel.events[0]?.previous).toBeNull();
  });

  test('is told as it was: put off', () => {
    const kernel = watched();
    kernel.bpf({ ...received, mechanism: 2, verdict: 2 });
    expect(verdicts(kernel)).toMatchObject([
      { accepted: 'deferred', old: '10.0.0.1', reason: null },
    ]);
  });
});

describe('a redirect nobody saw judged', () => {
  test('was taken when the kernel shows its gateway as redirected', () => {
    const kernel = watched();
    kernel.lookup = () => via('10.0.0.2', { flags: CLONED | REDIRECTED, expiresTicks: 29_960 });
    kernel.bpf(received);
    const seenNs = kernel.nowNs;
    kernel.pass(2000);
    expect(kernel.lookups).toEqual(['10.9.0.1']);
    expect(kernel.events.map(({ timeNs }) => timeNs)).toEqual([seenNs]);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'yes', old: '10.0.0.1', new: '10.0.0.2' }]);
    expect(kernel.events[0]?.route.table).toBe(254);
  });

  test('is looked for on its interface, and again a little later', () => {
    const kernel = watched();
    let looks = 0;
    kernel.lookup = ({ oif }) =>
      ++looks === 4 && oif === 2
        ? via('10.0.0.2', { flags: CLONED | REDIRECTED })
        : via('10.0.0.1');
    kernel.bpf(received);
    kernel.pass(2000);
    expect(kernel.lookups).toEqual(['10.9.0.1', '10.9.0.1 oif 2', '10.9.0.1', '10.9.0.1 oif 2']);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'yes', expires: null }]);
  });

  test('was not taken when its author is not the gateway in use', () => {
    const kernel = watched();
    kernel.lookup = () => via('10.0.0.7');
    kernel.bpf(received);
    kernel.pass(2000);
    expect(verdicts(kernel)).toEqual([
      {
        author: '10.0.0.1',
        old: '10.0.0.7',
        new: '10.0.0.2',
        accepted: 'no',
        reason: 'its author is not the gateway in use',
        expires: null,
      },
    ]);
  });

  test('to a gateway that is simply the route is not taken', () => {
    const kernel = watched();
    kernel.lookup = () => via('10.0.0.2');
    kernel.bpf(received);
    kernel.pass(2000);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'no' }]);
  });

  test('has a reason that holds whatever it was, where author and gateway are the same', () => {
    const kernel = watched();
    kernel.lookup = () => via('10.0.0.1');
    kernel.bpf(received, { ...received, reason: 8 });
    kernel.pass(2000);
    expect(verdicts(kernel).map((redirect) => redirect?.reason)).toEqual([
      'no socket of this host sent what it quotes, or redirects are not accepted here',
      'it is malformed',
    ]);
  });

  test('was put off when another program saw the kernel ask for the new gateway', () => {
    const kernel = watched();
    kernel.lookup = () => via('10.0.0.1');
    kernel.bpf(received);
    kernel.bpf({ ...received, verdict: 2 });
    kernel.pass(2000);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'deferred', old: '10.0.0.1' }]);
  });

  test('and told by a program to be put off is another one when it is about something else', () => {
    const kernel = watched();
    kernel.lookup = () => via('10.0.0.1');
    kernel.bpf(received, { ...received, verdict: 2, dst: '10.9.0.2' });
    kernel.pass(2000);
    expect(verdicts(kernel).map((redirect) => redirect?.accepted)).toEqual(['deferred', 'no']);
  });

  test('stays unknown when nobody answers', () => {
    const kernel = watched();
    kernel.lookup = () => null;
    kernel.bpf(received);
    kernel.pass(900);
    expect(kernel.events).toEqual([]);
    kernel.pass(200);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'unknown', reason: null, old: null }]);
  });

  test('stays unknown when its zone is gone before it can be asked', () => {
    const kernel = watched();
    kernel.lookup = () => -19;
    kernel.bpf(received);
    kernel.pass(2000);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'unknown' }]);
  });

  test('is refused when the kernel has no route for it at all', () => {
    const kernel = watched();
    kernel.lookup = () => 22;
    kernel.bpf(received);
    kernel.pass(2000);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'no', old: null }]);
  });

  test('costs no more questions than there is use for, however many come', () => {
    const kernel = watched();
    kernel.lookup = () => via('10.0.0.1');
    kernel.bpf(...Array.from({ length: 140 }, () => received));
    expect(verdicts(kernel).map((redirect) => redirect?.accepted)).toEqual(
      Array.from({ length: 12 }, () => 'unknown'),
    );
    kernel.pass(2000);
    expect(kernel.events).toHaveLength(140);
    expect(kernel.lookups).toHaveLength(128 * 4);
  });
});

describe('an IPv6 redirect', () => {
  test('was taken when the route is an exception through the new gateway', () => {
    const kernel = watched();
    kernel.lookup = () => via6('fe80::2', { flags: CLONED, expiresTicks: 60_000 });
    kernel.bpf(received6);
    kernel.pass(2000);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'yes', old: 'fe80::1', expires: 600 }]);
    expect(kernel.events[0]?.route.expires).toBe(600);
  });

  test('was not when the route through that gateway is no exception', () => {
    const kernel = watched();
    kernel.lookup = () => via6('fe80::2');
    kernel.bpf(received6);
    kernel.pass(2000);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'no' }]);
  });

  test('onto the link leaves no gateway', () => {
    const kernel = watched();
    kernel.lookup = () => via6(null, { flags: CLONED });
    kernel.bpf({ ...received6, gateway: '2001:db8:9::1' });
    kernel.pass(2000);
    expect(verdicts(kernel)).toMatchObject([{ accepted: 'yes', new: '2001:db8:9::1' }]);
    expect(kernel.events[0]?.route.nexthops).toMatchObject([{ gateway: null, ifindex: 2 }]);
  });
});

describe('a redirect from a raw socket', () => {
  test('is asked about like any other', () => {
    const kernel = watched();
    kernel.lookup = ({ dst }) =>
      dst === '10.9.0.1'
        ? via('10.0.0.2', { flags: CLONED | REDIRECTED })
        : via6('fe80::2', { flags: CLONED });
    const spec = { author: '10.0.0.1', gateway: '10.0.0.2', src: '10.0.0.9', dst: '10.9.0.1' };
    const spec6 = { author: 'fe80::1', gateway: 'fe80::2', dst: '2001:db8:9::1' };
    kernel.feed(
      { kind: FRAME_KIND.ICMP, zone: 0, payload: inetRedirect(spec) },
      { kind: FRAME_KIND.ICMP, zone: 0, payload: inet6Redirect(spec6) },
      { kind: FRAME_KIND.ICMP, zone: 7, payload: inetRedirect(spec) },
    );
    kernel.pass(2000);
    expect(kernel.events.map(({ provenance }) => provenance)).toEqual([
      'icmp-socket',
      'icmp-socket',
    ]);
    expect(verdicts(kernel)).toMatchObject([
      { accepted: 'yes', new: '10.0.0.2' },
      { accepted: 'yes', new: 'fe80::2' },
    ]);
  });

  test('that can not be read is counted', () => {
    const kernel = watched();
    kernel.feed({ kind: FRAME_KIND.ICMP, zone: 0, payload: new Uint8Array(30) });
    expect(kernel.engine.counters.malformed).toBe(1);
    expect(kernel.events).toEqual([]);
  });
});
