import { describe, expect, test } from '@jest/globals';
import { FRAME_KIND, FRAME_TRUNCATED } from '../../../core/frame.js';
import { NLM_F, RTM } from '../../../core/wire/constants.js';
import { joined } from '../wire/build.js';
import { deleteRoute, netlinkMessage, newRoute, type RouteSpec } from '../fib/route-message.js';
import { FakeKernel, IFF_UP, linkPayload } from './fake-kernel.js';

const NEW = { flags: NLM_F.EXCL | NLM_F.CREATE, portid: 700, seq: 9 };
const ASKED = { portid: 700, seq: 9 };

const v4 = (n: number): RouteSpec => ({
  dst: `10.${n}.0.0/16`,
  paths: [{ via: '10.0.0.2', dev: 2 }],
});

const whats = (kernel: FakeKernel): string[] =>
  kernel.records.map((record) => (record.type === 'status' ? record.what : record.type));

describe('the start', () => {
  test('says "watching" when every zone is learnt, with the routes it knows', () => {
    const kernel = new FakeKernel();
    kernel.routes = [v4(1), v4(2)];
    kernel.zone();
    expect(kernel.records).toMatchObject([
      { type: 'status', what: 'watching', seq: 1, fields: { zones: 1, routes: 2 } },
    ]);
  });

  test('keeps events back until it is watching, then tells them in their order', () => {
    const kernel = new FakeKernel();
    kernel.routes = [v4(1)];
    kernel.afterDump = () => {
      kernel.afterDump = () => undefined;
      kernel.routes = [v4(2)];
      kernel.tell(deleteRoute(v4(1), ASKED), newRoute(v4(2), NEW));
      expect(kernel.records).toEqual([]);
    };
    kernel.zone();
    kernel.pass(2000);
    expect(whats(kernel)).toEqual(['watching', 'route', 'route']);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 request', 'add 10.2.0.0/16 request']);
    expect(kernel.held()).toEqual(['10.2.0.0/16 10.0.0.2']);
  });

  test('with a snapshot says every route first, and no early event which is in it', () => {
    const kernel = new FakeKernel({ snapshot: true });
    kernel.routes = [v4(1)];
    kernel.afterDump = () => {
      kernel.afterDump = () => undefined;
      kernel.routes.push(v4(2));
      kernel.tell(newRoute(v4(2), NEW));
    };
    kernel.zone();
    kernel.pass(2000);
    expect(whats(kernel)).toEqual(['watching', 'route', 'route']);
    const said = kernel.records.flatMap((record) =>
      record.type === 'status' && record.what === 'route' ? [record.fields['route']] : [],
    );
    expect(said.map((route) => (route as { dst: string }).dst).sort()).toEqual([
      '10.1.0.0/16',
      '10.2.0.0/16',
    ]);
    expect(kernel.told()).toEqual([]);
  });

  test('tells of a route once when its message and the first dump both bring it', () => {
    const kernel = new FakeKernel();
    kernel.routes = [v4(1)];
    kernel.afterDump = () => {
      kernel.afterDump = () => undefined;
      kernel.tell(newRoute(v4(1), NEW));
    };
    kernel.zone();
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['add 10.1.0.0/16 request']);
    expect(kernel.held()).toEqual(['10.1.0.0/16 10.0.0.2']);
  });
});

describe('zones', () => {
  test('that appear later are said when they are learnt, and their events carry them', () => {
    const kernel = new FakeKernel().zone();
    kernel.zone(1, 'green');
    expect(whats(kernel)).toEqual(['watching', 'zone-appeared']);
    kernel.feed({ kind: FRAME_KIND.DATAGRAM, zone: 1, payload: newRoute(v4(1), NEW) });
    expect(kernel.events[0]?.zone.name).toBe('green');
    expect(kernel.held()).toEqual([]);
  });

  test('that go take their routes with them, each told', () => {
    const kernel = new FakeKernel();
    kernel.routes = [v4(1), { dst: '2001:db8::/32', paths: [{ dev: 2 }] }];
    kernel.zone();
    kernel.forget();
    kernel.feed({ kind: FRAME_KIND.ZONE_GONE, zone: 0 });
    expect(kernel.told()).toEqual([
      'delete 10.1.0.0/16 inferred zone-removed',
      'delete 2001:db8::/32 inferred zone-removed',
    ]);
    expect(whats(kernel).at(-1)).toBe('zone-vanished');
    kernel.tell(newRoute(v4(1), NEW));
    kernel.pass(1000);
    expect(kernel.events.length).toBe(2);
  });

  test('that go while they are learnt hold nobody up', () => {
    const kernel = new FakeKernel();
    kernel.failures.push(-11);
    kernel.zone();
    kernel.zone(1, 'green');
    expect(kernel.records).toEqual([]);
    kernel.feed({ kind: FRAME_KIND.ZONE_GONE, zone: 0 });
    expect(whats(kernel)).toContain('watching');
    expect(kernel.events).toEqual([]);
  });
});

describe('bytes that make no sense', () => {
  test('are counted, said as a gap of one, and what follows is read', () => {
    const kernel = new FakeKernel().zone();
    kernel.forget();
    const broken = newRoute(v4(1), NEW);
    broken[28] = 200;
    kernel.tell(joined(broken, newRoute(v4(2), NEW)));
    expect(kernel.records).toMatchObject([
      { type: 'gap', source: 'rtnetlink', lost: 1, reason: 'malformed' },
      { type: 'route', probe: 'add' },
    ]);
    expect(kernel.engine.counters).toMatchObject({ received: 2, decoded: 1, malformed: 1 });
  });

  test('of a datagram that was cut, or whose last message is, are a gap', () => {
    const kernel = new FakeKernel().zone();
    kernel.forget();
    const payload = newRoute(v4(1), NEW);
    kernel.feed({ kind: FRAME_KIND.DATAGRAM, zone: 0, flags: FRAME_TRUNCATED, payload });
    kernel.tell(joined(newRoute(v4(2), NEW), payload.subarray(0, 20)));
    expect(whats(kernel)).toEqual(['gap', 'route', 'gap']);
    expect(kernel.engine.counters.malformed).toBe(2);
  });

  test('of a link message are a gap too', () => {
    const kernel = new FakeKernel().zone();
    kernel.forget();
    kernel.tell(netlinkMessage(RTM.NEWLINK, new Uint8Array(7)));
    expect(whats(kernel)).toEqual(['gap']);
  });

  test('for an unknown zone, and frames of an unknown kind, are passed over', () => {
    const kernel = new FakeKernel().zone();
    kernel.forget();
    kernel.feed({ kind: FRAME_KIND.DATAGRAM, zone: 7, payload: newRoute(v4(1), NEW) });
    kernel.feed({ kind: 99, zone: 0 });
    kernel.feed({ kind: FRAME_KIND.TIMER, zone: 0, value: 4711 });
    kernel.feed({ kind: FRAME_KIND.REPLY, zone: 0, value: 4711, payload: newRoute(v4(1)) });
    expect(kernel.records).toEqual([]);
    expect(kernel.held()).toEqual([]);
  });
});

describe('the stop record', () => {
  test('is the last one and holds every counter', () => {
    const kernel = new FakeKernel().zone();
    kernel.tell(newRoute(v4(1), NEW));
    kernel.loss(2);
    kernel.stop();
    kernel.stop();
    expect(whats(kernel)).toEqual(['watching', 'route', 'gap', 'stop']);
    expect(kernel.records.at(-1)).toMatchObject({
      fields: {
        received: 1,
        decoded: 1,
        malformed: 0,
        lost: 2,
        inferred: 0,
        resyncs: 0,
        events: 1,
      },
    });
  });

  test('of a run that never got to watch comes after what it held back', () => {
    const kernel = new FakeKernel();
    kernel.failures.push(-11);
    kernel.zone();
    kernel.tell(newRoute(v4(1), NEW));
    kernel.stop();
    expect(whats(kernel)).toEqual(['watching', 'route', 'stop']);
  });
});

describe('filters', () => {
  test('of family and table leave other routes out of mirror and stream', () => {
    const kernel = new FakeKernel({ filter: { family: 'inet', tables: [100], protocols: null } });
    kernel.routes = [v4(1), { ...v4(2), table: 100 }];
    kernel.zone();
    kernel.tell(newRoute({ ...v4(3), table: 100 }, NEW), newRoute(v4(4), NEW));
    kernel.tell(newRoute({ dst: '2001:db8::/32', table: 100, paths: [{ dev: 2 }] }, NEW));
    expect(kernel.dumps).toEqual(['inet']);
    expect(kernel.told()).toEqual(['add 10.3.0.0/16 request']);
    expect(kernel.held().length).toBe(2);
  });

  test('of protocol tell a foreign route that takes the place of a wanted one, and forget it', () => {
    const kernel = new FakeKernel({ filter: { family: null, tables: null, protocols: [186] } });
    kernel.routes = [{ ...v4(1), protocol: 186 }];
    kernel.zone();
    kernel.tell(newRoute(v4(2), NEW));
    kernel.tell(newRoute(v4(1), { ...ASKED, flags: NLM_F.REPLACE }));
    expect(kernel.told()).toEqual(['change 10.1.0.0/16 request']);
    expect(kernel.held()).toEqual([]);
  });
});

/** A run with every kind of frame in it. */
function busyRun(options: { snapshot: boolean }): FakeKernel {
  const kernel = new FakeKernel({ ...options, auditMs: 3000, raw: true });
  kernel.processes.set(700, 'ip');
  kernel.routes = [v4(1), v4(2), { dst: '2001:db8::/32', paths: [{ dev: 2 }] }];
  kernel.perDatagram = 1;
  kernel.afterDump = () => {
    kernel.afterDump = () => undefined;
    kernel.tell(newRoute(v4(8), NEW));
  };
  kernel.zone();
  kernel.zone(1, 'green');
  kernel.pass(500);
  kernel.tell(newRoute(v4(3), NEW), newRoute(v4(4), NEW));
  kernel.tell(deleteRoute(v4(3), ASKED));
  kernel.routes = [v4(2)];
  kernel.tellLink({ ifindex: 2, name: 'v0', flags: IFF_UP });
  kernel.pass(1000);
  kernel.loss(5);
  kernel.tell(netlinkMessage(RTM.NEWLINK, new Uint8Array(3)));
  kernel.tell(netlinkMessage(RTM.DELLINK, linkPayload({ ifindex: 2, name: 'v0', flags: 0 })));
  kernel.pass(5000);
  kernel.feed({ kind: FRAME_KIND.ZONE_GONE, zone: 1 });
  kernel.stop();
  return kernel;
}

describe('the stream', () => {
  test('is numbered from 1 without holes, whatever is kept back meanwhile', () => {
    for (const snapshot of [true, false]) {
      const kernel = busyRun({ snapshot });
      expect(kernel.records.length).toBeGreaterThan(10);
      expect(kernel.records.map(({ seq }) => seq)).toEqual(kernel.records.map((_, i) => i + 1));
    }
  });

  test('comes out the same when the same batches are fed to another engine', () => {
    for (const snapshot of [true, false]) {
      const kernel = busyRun({ snapshot });
      expect(kernel.again(kernel.batches)).toEqual(kernel.lines());
    }
  });

  test('comes out the same wherever batches of route messages are cut', () => {
    const kernel = new FakeKernel().zone();
    const start = kernel.batches.length;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 8; n++) kernel.tell(newRoute(v4(n), NEW));
      for (let n = 0; n < 8; n += 2) kernel.tell(deleteRoute(v4(n), ASKED));
    }
    kernel.stop();
    const head = kernel.batches.slice(0, start);
    const tail = kernel.batches.slice(start);
    for (const size of [2, 3, 7, tail.length]) {
      const cut: Uint8Array[] = [];
      for (let at = 0; at < tail.length; at += size) cut.push(joined(...tail.slice(at, at + size)));
      expect(kernel.again([...head, ...cut])).toEqual(kernel.lines());
    }
  });
});
