import { describe, expect, test } from '@jest/globals';
import { NLM_F, RTM } from '../../../core/wire/constants.js';
import { attribute, joined, u32le } from '../wire/build.js';
import { deleteRoute, netlinkMessage, newRoute, type RouteSpec } from '../fib/route-message.js';
import {
  addressMessage,
  FakeKernel,
  IFF_RUNNING,
  IFF_UP,
  linkPayload,
  nexthopMessage,
} from './fake-kernel.js';

const NEW = NLM_F.EXCL | NLM_F.CREATE;
const ASKED = { portid: 700, seq: 9 };

const gateway: RouteSpec = { dst: '10.1.0.0/16', paths: [{ via: '10.0.0.2', dev: 2 }] };
const connected: RouteSpec = {
  dst: '10.0.0.0/24',
  protocol: 2,
  scope: 253,
  prefsrc: '10.0.0.1',
  paths: [{ dev: 2 }],
};
const v6: RouteSpec = { dst: '2001:db8::/32', paths: [{ via: 'fe80::2', dev: 2 }] };
const object: RouteSpec = { ...gateway, nhid: 7 };
const up = { ifindex: 2, name: 'v0', flags: IFF_UP | IFF_RUNNING };
const down = { ifindex: 2, name: 'v0', flags: 0 };

function watched(...routes: readonly RouteSpec[]): FakeKernel {
  const kernel = new FakeKernel();
  kernel.routes = [...routes];
  kernel.processes.set(700, 'ip');
  kernel.zone();
  kernel.forget();
  kernel.dumps.length = 0;
  return kernel;
}

describe('a request', () => {
  test('is the cause of a message with a port id, and names the process behind it', () => {
    const kernel = watched();
    kernel.tell(newRoute(gateway, { ...ASKED, flags: NEW }));
    const [event] = kernel.events;
    expect(event?.cause).toEqual({ kind: 'request', trigger: null });
    expect(event?.process).toMatchObject({ pid: 700, comm: 'ip', confidence: 'portid' });
    expect(event?.routeinfo).toMatchObject({ route_seq: 9, route_pid: 700 });
  });

  test('without an answer about its process has none, and a port id is never said as a pid', () => {
    const kernel = watched();
    kernel.tell(newRoute(gateway, { portid: 0xa7e3_8d97, seq: 9, flags: NEW }));
    const [event] = kernel.events;
    expect(event?.cause.kind).toBe('request');
    expect(event?.process).toBeNull();
    expect(event?.routeinfo.route_pid).toBe(0);
    expect(event?.csinfo.cs_pid).toBe(0);
  });

  test('by the old ioctl leaves no port id and protocol boot', () => {
    const kernel = watched();
    kernel.tell(newRoute({ ...gateway, protocol: 3 }, { flags: NLM_F.CREATE }));
    expect(kernel.told()).toEqual(['add 10.1.0.0/16 request']);
  });
});

describe('what the kernel does by itself', () => {
  test('is explained by a link going down, in the name of whoever took it down', () => {
    const kernel = watched(gateway);
    kernel.routes = [];
    kernel.tellLink(down, 700);
    kernel.tell(deleteRoute(v6));
    kernel.pass(2000);
    expect(kernel.told()).toEqual([
      'delete 2001:db8::/32 link-down',
      'delete 10.1.0.0/16 inferred link-down',
    ]);
    for (const event of kernel.events) {
      expect(event.cause.trigger).toMatchObject({ what: 'RTM_NEWLINK', dev: 'v0' });
      expect(event.process).toMatchObject({ pid: 700, confidence: 'cascade' });
    }
  });

  test('is explained by the last word about a link: a carrier lost, not the link that came up before', () => {
    const kernel = watched(gateway);
    kernel.tellLink(down);
    kernel.tellLink(up);
    kernel.pass(1000);
    kernel.routes = [{ ...gateway, paths: [{ via: '10.0.0.2', dev: 2, flags: 16 }] }];
    kernel.forget();
    const lostNs = kernel.nowNs;
    kernel.tellLink({ ...up, flags: IFF_UP });
    kernel.pass(1000);
    expect(kernel.told()).toEqual(['change 10.1.0.0/16 inferred carrier']);
    expect(kernel.events[0]?.timeNs).toBeGreaterThan(lostNs);
  });

  test('is not explained by what happened to another interface', () => {
    const kernel = watched();
    kernel.tellLink({ ifindex: 3, name: 'v1', flags: IFF_UP });
    kernel.tellLink({ ifindex: 3, name: 'v1', flags: 0 });
    kernel.tell(deleteRoute({ ...v6, protocol: 2 }));
    expect(kernel.told()).toEqual(['delete 2001:db8::/32 unknown']);
  });

  test('is not explained by what happened long before', () => {
    const kernel = watched();
    kernel.tellLink(down);
    kernel.pass(10_000);
    kernel.tell(deleteRoute({ ...v6, protocol: 2 }));
    expect(kernel.told()).toEqual(['delete 2001:db8::/32 unknown']);
  });

  test('is explained by an address that goes, told after the routes it takes along', () => {
    const kernel = watched(connected, gateway);
    kernel.routes = [];
    const gone = addressMessage(RTM.DELADDR, 2, [10, 0, 0, 1], 24, ASKED);
    kernel.tell(deleteRoute(connected), gone);
    kernel.pass(2000);
    expect(kernel.told()).toEqual([
      'delete 10.0.0.0/24 address-removed',
      'delete 10.1.0.0/16 inferred address-removed',
    ]);
    expect(kernel.events[0]?.cause.trigger).toMatchObject({
      what: 'RTM_DELADDR',
      address: '10.0.0.1/24',
      seq: 9,
    });
  });

  test('is explained by an address that comes', () => {
    const kernel = watched();
    const come = addressMessage(RTM.NEWADDR, 2, [10, 0, 0, 1], 24, ASKED);
    kernel.tell(come, newRoute(connected, { flags: NEW }));
    kernel.pass(1000);
    expect(kernel.told()).toEqual(['add 10.0.0.0/24 address-added']);
    expect(kernel.dumps).toEqual([]);
  });

  test('is explained by a device that is gone; its name is still known', () => {
    const kernel = watched(gateway);
    kernel.routes = [];
    kernel.tell(netlinkMessage(RTM.DELLINK, linkPayload(down), ASKED));
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred link-removed']);
    expect(kernel.events[0]?.route.nexthops[0]?.dev).toBe('v0');
    expect(kernel.dumps).toEqual(['inet', 'inet6']);
  });

  test('is explained by a change of master', () => {
    const kernel = watched(gateway);
    kernel.routes = [];
    kernel.tellLink({ ...up, master: 9 });
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred vrf']);
  });

  test('is an expiry when the lifetime known from before had run out', () => {
    const kernel = watched({ ...v6, expiresTicks: 500 });
    kernel.pass(10_000);
    kernel.tell(deleteRoute({ ...v6, protocol: 2, expiresTicks: 0 }));
    kernel.tell(deleteRoute({ ...v6, expiresTicks: 1 }));
    expect(kernel.events[1]?.cause.kind).toBe('expired');
  });

  test('is an expiry when a dump no longer shows a route whose lifetime ran out', () => {
    const kernel = new FakeKernel({ auditMs: 20_000 });
    kernel.routes = [
      { ...v6, expiresTicks: 500 },
      { ...v6, dst: '2001:db9::/32' },
    ];
    kernel.zone();
    kernel.routes = [];
    kernel.pass(25_000);
    expect(kernel.told().sort()).toEqual([
      'delete 2001:db8::/32 inferred expired',
      'delete 2001:db9::/32 inferred unknown',
    ]);
  });

  test('is a router advertisement where the protocol says so', () => {
    const kernel = watched();
    kernel.tell(newRoute({ ...v6, protocol: 9 }, { flags: NEW }));
    expect(kernel.told()).toEqual(['add 2001:db8::/32 router-advertisement']);
  });
});

describe('a nexthop object', () => {
  test('that is replaced explains the notifications it sends in the name of the request', () => {
    const kernel = watched(object);
    kernel.tell(
      nexthopMessage(RTM.NEWNEXTHOP, 7, [], ASKED),
      newRoute(
        { ...object, paths: [{ via: '10.0.0.9', dev: 2 }] },
        { ...ASKED, flags: NLM_F.REPLACE },
      ),
    );
    expect(kernel.told()).toEqual(['change 10.1.0.0/16 nexthop-changed']);
    expect(kernel.events[0]?.cause.trigger).toMatchObject({ what: 'RTM_NEWNEXTHOP', nhid: 7 });
    expect(kernel.events[0]?.process?.comm).toBe('ip');
  });

  test('that goes takes its routes along without a word', () => {
    const kernel = watched(object, { ...gateway, dst: '10.2.0.0/16' });
    kernel.routes = [{ ...gateway, dst: '10.2.0.0/16' }];
    kernel.tell(nexthopMessage(RTM.DELNEXTHOP, 7, [], ASKED));
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred nexthop-removed']);
    expect(kernel.events[0]?.process).toMatchObject({ comm: 'ip', confidence: 'cascade' });
  });

  test('that was a member changes the routes of its group', () => {
    const pair = [
      { via: '10.0.0.2', dev: 2 },
      { via: '10.0.0.3', dev: 2 },
    ];
    const kernel = watched({ ...gateway, nhid: 10, paths: pair });
    kernel.tell(nexthopMessage(RTM.NEWNEXTHOP, 10, [7, 8]));
    kernel.pass(1000);
    kernel.routes = [{ ...gateway, nhid: 10, paths: pair.slice(1) }];
    kernel.tell(nexthopMessage(RTM.DELNEXTHOP, 7, [], ASKED));
    kernel.pass(2000);
    expect(kernel.told()).toEqual(['change 10.1.0.0/16 inferred nexthop-removed']);
    expect(kernel.events[0]?.cause.trigger?.nhid).toBe(10);
  });

  test('which no route uses is no reason to look', () => {
    const kernel = watched(gateway);
    kernel.tell(nexthopMessage(RTM.DELNEXTHOP, 7, [], ASKED));
    kernel.pass(1000);
    expect(kernel.dumps).toEqual([]);
  });
});

describe('messages that move no route', () => {
  test('a port leaving its bridge is no link going away', () => {
    const kernel = watched(gateway);
    const port = linkPayload({ ...down, name: 'port', family: 7 });
    kernel.tell(netlinkMessage(RTM.DELLINK, port), netlinkMessage(RTM.NEWLINK, port));
    kernel.pass(2000);
    expect(kernel.dumps).toEqual([]);
    kernel.tell(deleteRoute({ ...v6, protocol: 2 }));
    expect(kernel.told()).toEqual(['delete 2001:db8::/32 unknown']);
  });

  test('a link that says what is known already is no reason to look', () => {
    const kernel = watched(gateway);
    kernel.tellLink(up);
    kernel.pass(1000);
    expect(kernel.dumps).toEqual([]);
  });

  test('a renamed link is looked up no further, and later events carry its new name', () => {
    const kernel = watched(gateway);
    kernel.tellLink({ ...up, name: 'wan' });
    kernel.pass(1000);
    kernel.tell(deleteRoute(gateway, ASKED));
    expect(kernel.dumps).toEqual([]);
    expect(kernel.events[0]?.route.nexthops[0]?.dev).toBe('wan');
  });

  test('a cached result is no route', () => {
    const kernel = watched();
    kernel.tell(newRoute({ ...gateway, flags: 0x200 }, { flags: NEW }));
    expect(kernel.records).toEqual([]);
  });
});

describe('settings', () => {
  test('that make routes over dead links count or not are a reason to look', () => {
    const kernel = watched(gateway);
    const netconf = (type: number): Uint8Array =>
      netlinkMessage(
        RTM.NEWNETCONF,
        joined(Uint8Array.of(2, 0, 0, 0), attribute(1, u32le(2)), attribute(type, u32le(1))),
      );
    kernel.tell(netconf(2));
    kernel.pass(1000);
    expect(kernel.dumps).toEqual([]);
    kernel.tell(netconf(6));
    kernel.pass(1000);
    expect(kernel.dumps).toEqual(['inet', 'inet6']);
  });
});
