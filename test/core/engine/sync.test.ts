import { describe, expect, test } from '@jest/globals';
import { NLM_F } from '../../../core/wire/constants.js';
import { deleteRoute, newRoute, type RouteSpec } from '../fib/route-message.js';
import { FakeKernel, IFF_RUNNING, IFF_UP } from './fake-kernel.js';

const NEW = { flags: NLM_F.EXCL | NLM_F.CREATE, portid: 700, seq: 9 };
const ASKED = { portid: 700, seq: 9 };
const EAGAIN = 11;
const ENOBUFS = 105;

const v4 = (n: number): RouteSpec => ({
  dst: `10.${n}.0.0/16`,
  paths: [{ via: '10.0.0.2', dev: 2 }],
});
const v6 = (n: number): RouteSpec => ({
  dst: `2001:db8:${n}::/48`,
  paths: [{ via: 'fe80::2', dev: 2 }],
});
const count = 6;
const numbers = Array.from({ length: count }, (_, i) => i + 1);

/** A kernel being watched that holds these routes. */
function watched(routes: readonly RouteSpec[], perDatagram = 1000): FakeKernel {
  const kernel = new FakeKernel();
  kernel.perDatagram = perDatagram;
  kernel.routes = [...routes];
  kernel.zone();
  kernel.forget();
  kernel.dumps.length = 0;
  return kernel;
}

/** Something happens to the link that makes the engine look again. */
const carrierLost = (kernel: FakeKernel): void => {
  kernel.tellLink({ ifindex: 2, name: 'v0', flags: IFF_UP });
};

describe('an IPv6 dump', () => {
  test('of several datagrams that was disturbed proves no absence; the next quiet one does', () => {
    const kernel = watched(numbers.map(v6), 2);
    kernel.routes = numbers.slice(0, -1).map(v6);
    carrierLost(kernel);
    kernel.duringDump = (family) => {
      if (family !== 'inet6') return;
      kernel.duringDump = () => undefined;
      kernel.routes.push(v6(99));
      kernel.tell(newRoute(v6(99), NEW));
    };
    kernel.pass(150);
    expect(kernel.told()).toEqual(['add 2001:db8:99::/48 request']);
    kernel.pass(500);
    expect(kernel.told()).toEqual([
      'add 2001:db8:99::/48 request',
      'delete 2001:db8:6::/48 inferred carrier',
    ]);
  });

  test('that was disturbed and left out what it shows again later never makes anything vanish', () => {
    const kernel = watched(numbers.map(v6), 2);
    for (const hidden of numbers) {
      kernel.routes = numbers.filter((n) => n !== hidden).map(v6);
      kernel.duringDump = (family) => {
        if (family !== 'inet6') return;
        kernel.duringDump = () => undefined;
        kernel.routes = numbers.map(v6);
        kernel.tell(newRoute({ ...v6(1), priority: hidden }, NEW));
        kernel.tell(deleteRoute({ ...v6(1), priority: hidden }, ASKED));
      };
      kernel.tellLink({ ifindex: 2, name: 'v0', flags: IFF_UP | (hidden % 2 ? 0 : IFF_RUNNING) });
      kernel.pass(1000);
    }
    expect(kernel.events.filter(({ inferred }) => inferred)).toEqual([]);
    expect(kernel.held().length).toBe(count);
  });

  test('of one datagram is a snapshot even when messages arrive beside it', () => {
    const kernel = watched(numbers.map(v6));
    kernel.routes = numbers.slice(1).map(v6);
    kernel.afterDump = () => {
      kernel.afterDump = () => undefined;
      kernel.tell(newRoute({ ...v6(2), priority: 5 }, NEW));
    };
    carrierLost(kernel);
    kernel.routes.push({ ...v6(2), priority: 5 });
    kernel.pass(200);
    expect(kernel.told()).toContain('delete 2001:db8:1::/48 inferred carrier');
  });

  test('does not show what stands between siblings: such a route is not taken for gone', () => {
    const set: RouteSpec = {
      dst: '2001:db8::/32',
      paths: [
        { via: 'fe80::1', dev: 2 },
        { via: 'fe80::2', dev: 2 },
      ],
    };
    const onLink: RouteSpec = { dst: '2001:db8::/32', paths: [{ dev: 2 }] };
    const kernel = watched([set, onLink]);
    kernel.routes = [set];
    carrierLost(kernel);
    kernel.pass(1000);
    expect(kernel.told()).toEqual([]);
    expect(kernel.held().length).toBe(2);
  });
});

describe('an IPv4 dump', () => {
  test('announces what vanished without a word, once', () => {
    const kernel = watched(numbers.map(v4));
    kernel.routes = numbers.slice(2).map(v4);
    carrierLost(kernel);
    kernel.pass(2000);
    expect(kernel.told()).toEqual([
      'delete 10.1.0.0/16 inferred carrier',
      'delete 10.2.0.0/16 inferred carrier',
    ]);
    expect(kernel.held().length).toBe(count - 2);
    expect(kernel.dumps).toEqual(['inet oif 2', 'inet6']);
  });

  test('that still shows a route whose delete was read already brings no ghost back', () => {
    const kernel = watched(numbers.map(v4), 2);
    carrierLost(kernel);
    kernel.duringDump = (family) => {
      if (family !== 'inet') return;
      kernel.duringDump = () => undefined;
      kernel.tell(deleteRoute(v4(6), ASKED));
      kernel.afterDump = () => {
        kernel.routes = numbers.slice(0, -1).map(v4);
      };
    };
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['delete 10.6.0.0/16 request']);
    expect(kernel.held().length).toBe(count - 1);
  });

  test('that ran ahead of a message is held until the message had its chance', () => {
    const kernel = watched([]);
    carrierLost(kernel);
    kernel.routes = [v4(1), v4(2)];
    kernel.pass(60);
    kernel.tell(newRoute(v4(1), NEW));
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['add 10.1.0.0/16 request', 'add 10.2.0.0/16 inferred carrier']);
  });

  test('that ran ahead of a delete is held until the message had its chance', () => {
    const kernel = watched([v4(1), v4(2)]);
    carrierLost(kernel);
    kernel.routes = [];
    kernel.pass(60);
    kernel.tell(deleteRoute(v4(2), ASKED));
    kernel.pass(2000);
    expect(kernel.told()).toEqual([
      'delete 10.2.0.0/16 request',
      'delete 10.1.0.0/16 inferred carrier',
    ]);
  });

  test('that ran ahead of a delete takes nothing from a route that came in its place meanwhile', () => {
    const kernel = watched([v4(1)]);
    const other: RouteSpec = { ...v4(1), paths: [{ via: '10.0.0.9', dev: 2 }] };
    carrierLost(kernel);
    kernel.routes = [];
    kernel.pass(60);
    kernel.tell(deleteRoute(v4(1), ASKED), newRoute(other, NEW));
    kernel.routes = [other];
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 request', 'add 10.1.0.0/16 request']);
    expect(kernel.held()).toEqual(['10.1.0.0/16 10.0.0.9']);
  });

  test('brings a changed path as one change, with what stood before', () => {
    const kernel = watched([v4(1)]);
    kernel.routes = [{ ...v4(1), paths: [{ via: '10.0.0.9', dev: 2 }] }];
    carrierLost(kernel);
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['change 10.1.0.0/16 inferred carrier']);
    const [event] = kernel.events;
    expect(event?.previous?.nexthops[0]?.gateway).toBe('10.0.0.2');
    expect(event?.route.nexthops[0]?.gateway).toBe('10.0.0.9');
    expect(event?.provenance).toBe('dump');
  });

  test('of a whole family answers a message that fits nothing the mirror holds', () => {
    const kernel = watched([v4(1)]);
    const offloaded: RouteSpec = {
      dst: '10.1.0.0/16',
      flags: 0x4000,
      paths: [{ via: '10.0.0.7', dev: 2 }],
    };
    kernel.routes = [offloaded];
    kernel.tell(newRoute(offloaded));
    expect(kernel.told()).toEqual([]);
    kernel.pass(2000);
    expect(kernel.dumps).toContain('inet');
    expect(kernel.dumps).not.toContain('inet6');
    expect(kernel.told()).toEqual(['change 10.1.0.0/16 inferred unknown']);
    expect(kernel.held()).toEqual(['10.1.0.0/16 10.0.0.7']);
  });
});

describe('a dump that fails', () => {
  test('at the start is asked for again before a word is said', () => {
    const kernel = new FakeKernel();
    kernel.routes = numbers.map(v4);
    kernel.failures.push(-EAGAIN, ENOBUFS);
    kernel.zone();
    expect(kernel.records).toEqual([]);
    kernel.pass(1000);
    expect(kernel.records.map((record) => record.type)).toEqual(['status']);
    expect(kernel.held().length).toBe(count);
  });

  test('later proves nothing and is asked for again', () => {
    const kernel = watched(numbers.map(v4));
    kernel.failures.push(-EAGAIN, ENOBUFS);
    carrierLost(kernel);
    kernel.routes = numbers.slice(1).map(v4);
    kernel.pass(120);
    expect(kernel.told()).toEqual([]);
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred carrier']);
  });

  test('for want of the device is asked for again without it', () => {
    const kernel = watched(numbers.map(v4));
    kernel.routes = [];
    kernel.failures.push(19);
    carrierLost(kernel);
    kernel.pass(2000);
    expect(kernel.dumps.slice(0, 2)).toEqual(['inet oif 2', 'inet']);
    expect(kernel.told().length).toBe(count);
  });
});

describe('a loss', () => {
  test('is said with its exact count, then made good with the net differences', () => {
    const kernel = watched([v4(1), v4(2), v4(3)]);
    kernel.loss(3);
    kernel.routes = [v4(1), { ...v4(2), paths: [{ via: '10.0.0.9', dev: 2 }] }, v4(4)];
    kernel.pass(2000);
    const [gap, resync, ...events] = kernel.records;
    expect(gap).toMatchObject({ type: 'gap', source: 'rtnetlink', lost: 3, reason: 'overrun' });
    expect(resync).toMatchObject({ type: 'resync', added: 1, deleted: 1, changed: 1 });
    expect(events.length).toBe(3);
    expect(kernel.told().sort()).toEqual([
      'add 10.4.0.0/16 inferred resync',
      'change 10.2.0.0/16 inferred resync',
      'delete 10.3.0.0/16 inferred resync',
    ]);
    expect(kernel.engine.counters).toMatchObject({ lost: 3, resyncs: 1, inferred: 3 });
  });

  test('without a number is a gap whose count is null', () => {
    const kernel = watched([v4(1)]);
    kernel.loss(0, ENOBUFS);
    kernel.pass(2000);
    expect(kernel.records[0]).toMatchObject({ type: 'gap', lost: null, reason: 'error' });
    expect(kernel.records[1]).toMatchObject({ type: 'resync', added: 0, deleted: 0, changed: 0 });
  });

  test('after another before the dump gives two gaps and one resync', () => {
    const kernel = watched([v4(1)]);
    kernel.loss(3);
    kernel.loss(4);
    kernel.pass(2000);
    expect(kernel.records.map(({ type }) => type)).toEqual(['gap', 'gap', 'resync']);
  });

  test('whose resync is disturbed is followed by another resync', () => {
    const kernel = watched(numbers.map(v6), 2);
    kernel.duringDump = (family) => {
      if (family !== 'inet6') return;
      kernel.duringDump = () => undefined;
      kernel.routes.push(v6(99));
      kernel.tell(newRoute(v6(99), NEW));
    };
    kernel.loss(1);
    kernel.routes = numbers.slice(1).map(v6);
    kernel.pass(3000);
    expect(kernel.told()).toEqual([
      'add 2001:db8:99::/48 request',
      'delete 2001:db8:1::/48 inferred resync',
    ]);
    expect(kernel.records.filter(({ type }) => type === 'resync').length).toBe(2);
  });
});

describe('an audit', () => {
  test('repairs the mirror, says what it repaired and reports', () => {
    const kernel = new FakeKernel({ auditMs: 10_000 });
    kernel.routes = numbers.map(v4);
    kernel.zone();
    kernel.forget();
    kernel.pass(9000);
    expect(kernel.records).toEqual([]);
    kernel.routes = numbers.slice(1).map(v4);
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred unknown']);
    const audits = (): unknown[] =>
      kernel.records.filter((record) => record.type === 'status' && record.what === 'audit');
    expect(audits()).toMatchObject([{ fields: { routes: count - 1, repaired: 1 } }]);
    kernel.pass(10_000);
    expect(audits()[1]).toMatchObject({ fields: { routes: count - 1, repaired: 0 } });
  });
});
