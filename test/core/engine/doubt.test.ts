import { describe, expect, test } from '@jest/globals';
import { NLM_F } from '../../../core/wire/constants.js';
import { deleteRoute, newRoute, type RouteSpec } from '../fib/route-message.js';
import { FakeKernel, IFF_RUNNING, IFF_UP } from './fake-kernel.js';

const NEW = { flags: NLM_F.EXCL | NLM_F.CREATE, portid: 700, seq: 9 };
const ASKED = { portid: 700, seq: 9 };
const v4 = (n: number): RouteSpec => ({
  dst: `10.${n}.0.0/16`,
  paths: [{ via: '10.0.0.2', dev: 2 }],
});
const v6 = (n: number): RouteSpec => ({
  dst: `2001:db8:${n}::/48`,
  paths: [{ via: 'fe80::2', dev: 2 }],
});
const onLink = (dev: number): RouteSpec => ({ dst: '2001:db8:50::/48', paths: [{ dev }] });
const numbers = [1, 2, 3, 4, 5, 6];

function watched(routes: readonly RouteSpec[], perDatagram = 1000, options = {}): FakeKernel {
  const kernel = new FakeKernel(options);
  kernel.perDatagram = perDatagram;
  kernel.routes = [...routes];
  kernel.zone();
  kernel.forget();
  kernel.dumps.length = 0;
  return kernel;
}
const carrierLost = (kernel: FakeKernel): void => {
  kernel.tellLink({ ifindex: 2, name: 'v0', flags: IFF_UP });
};

describe('what a dump or a trigger does not prove', () => {
  test('a disturbed IPv6 dump that shows a route twice adds nothing', () => {
    const kernel = watched(numbers.map(v6), 2);
    const stable = numbers.map(v6);
    kernel.routes = [v6(1), v6(2), v6(2), v6(3), v6(4), v6(5), v6(6)];
    kernel.duringDump = (family) => {
      if (family !== 'inet6') return;
      kernel.duringDump = () => undefined;
      kernel.routes = [v6(0), ...stable];
      kernel.tell(newRoute(v6(0), NEW));
    };
    carrierLost(kernel);
    kernel.pass(3000);
    expect(kernel.told()).toEqual(['add 2001:db8::/48 request']);
    expect(kernel.held().length).toBe(7);
  });

  test('a disturbed IPv6 dump that shows a key only in part deletes nothing', () => {
    const all = [v6(1), onLink(2), onLink(3), v6(4)];
    const kernel = watched(all, 2);
    kernel.routes = [v6(1), onLink(3), v6(4), v6(5)];
    kernel.duringDump = (family) => {
      if (family !== 'inet6') return;
      kernel.duringDump = () => undefined;
      kernel.routes = [...all, v6(5)];
      kernel.tell(newRoute(v6(5), NEW));
    };
    carrierLost(kernel);
    kernel.pass(3000);
    expect(kernel.told()).toEqual(['add 2001:db8:5::/48 request']);
  });

  test('a loss during an IPv6 dump disturbs it', () => {
    const kernel = watched(numbers.map(v6), 2);
    kernel.routes = numbers.slice(1).map(v6);
    kernel.duringDump = (family) => {
      if (family !== 'inet6') return;
      kernel.duringDump = () => undefined;
      kernel.routes = numbers.map(v6);
      kernel.loss(7);
    };
    carrierLost(kernel);
    kernel.pass(3000);
    expect(kernel.told()).toEqual([]);
  });

  test('a dump that broke off inside a key deletes nothing', () => {
    const other: RouteSpec = { ...v4(1), paths: [{ via: '10.0.0.3', dev: 2 }] };
    const kernel = watched([v4(1), other]);
    kernel.routes = [v4(1)];
    kernel.failures.push(105);
    kernel.afterDump = () => {
      kernel.afterDump = () => undefined;
      kernel.routes = [v4(1), other];
    };
    carrierLost(kernel);
    kernel.pass(3000);
    expect(kernel.told()).toEqual([]);
  });

  test('a route whose delete was read just before an audit is not brought back by its dump', () => {
    const kernel = watched([v4(1), v4(2)], 1000, { auditMs: 1000 });
    kernel.pass(990);
    kernel.tell(deleteRoute(v4(1), ASKED));
    kernel.afterDump = () => {
      kernel.routes = [v4(2)];
    };
    kernel.pass(5000);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 request']);
  });

  test('a link that comes up again, not the address added long before, brings the connected route', () => {
    const connected: RouteSpec = {
      dst: '10.0.0.0/24',
      protocol: 2,
      scope: 253,
      prefsrc: '10.0.0.1',
      paths: [{ dev: 2 }],
    };
    const kernel = watched([]);
    const come = Uint8Array.from(
      Buffer.from(
        '2800000014000000090000000000000002180000020000000800010000000000080002000a000001',
        'hex',
      ),
    );
    come.set([10, 0, 0, 1], 28);
    kernel.tell(come, newRoute(connected, { flags: NEW.flags }));
    kernel.pass(500);
    kernel.tellLink({ ifindex: 2, name: 'v0', flags: 0 });
    kernel.pass(500);
    kernel.tellLink({ ifindex: 2, name: 'v0', flags: IFF_UP | IFF_RUNNING });
    kernel.tell(newRoute(connected, { flags: NEW.flags }));
    expect(kernel.told().at(-1)).toBe('add 10.0.0.0/24 link-up');
  });

  test('a loss long ago does not explain everything after it', () => {
    const kernel = watched([v4(1), v4(2)], 1000, { auditMs: 3_600_000 });
    kernel.loss(1);
    kernel.pass(1000);
    kernel.routes = [v4(1)];
    kernel.pass(3_700_000);
    expect(kernel.told()).toEqual(['delete 10.2.0.0/16 inferred unknown']);
  });

  test('a sibling announced while the first dump already shows it is told', () => {
    const set: RouteSpec = {
      dst: '2001:db8::/32',
      paths: [
        { via: 'fe80::1', dev: 2 },
        { via: 'fe80::2', dev: 2 },
      ],
    };
    const kernel = new FakeKernel();
    kernel.routes = [set, v6(9)];
    let dumps = 0;
    kernel.afterDump = () => {
      if (++dumps === 2) kernel.tell(newRoute(set, { ...ASKED, flags: NLM_F.CREATE }));
    };
    kernel.zone();
    kernel.pass(1000);
    expect(kernel.told().length).toBe(1);
  });
});
