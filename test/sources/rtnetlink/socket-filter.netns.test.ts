import { afterEach, expect, test } from '@jest/globals';

import type { KernelFilter } from '../../../core/kernel-filter.js';
import { socketFilter } from '../../../sources/rtnetlink/socket-filter.js';
import { Catch, RTM } from './frames.js';
import { cleanUp, Namespace } from './namespace.js';

const RTA_DST = 1;
const NOTHING: KernelFilter = { family: null, tables: null, protocols: null };

const open: Catch[] = [];
function watched(filter: KernelFilter): { namespace: Namespace; one: Catch } {
  const namespace = new Namespace();
  const one = new Catch();
  open.push(one);
  one.reader.addZone(1, namespace.path, socketFilter(filter));
  return { namespace, one };
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.reader.close();
  cleanUp();
});

/** RTA_DST of each route message, as `verb a.b.c.d`. */
function routes(one: Catch): string[] {
  return [RTM.NEWROUTE, RTM.DELROUTE].flatMap((type) =>
    one.messages(type).map(({ payload }) => {
      const verb = type === RTM.NEWROUTE ? 'new' : 'del';
      for (let at = 28; at + 4 <= payload.length;) {
        const length = payload.readUInt16LE(at);
        if (payload.readUInt16LE(at + 2) === RTA_DST) {
          const address = payload.subarray(at + 4, at + length);
          return `${verb} ${address.length === 4 ? address.join('.') : address.toString('hex')}`;
        }
        at += (length + 3) & ~3;
      }
      return `${verb} default`;
    }),
  );
}

test('without a wish there is no filter', () => {
  expect(socketFilter(NOTHING)).toBeNull();
});

test('more tables than a program holds give no filter', () => {
  const tables = Array.from({ length: 3000 }, (_, i) => i + 300);
  expect(socketFilter({ ...NOTHING, tables })).toBeNull();
});

test('only the wanted family passes, and links and nexthops always', async () => {
  const { namespace, one } = watched({ ...NOTHING, family: 'inet' });
  namespace.ip('link add v0 type veth peer name v1');
  namespace.ip('addr add 192.0.2.1/24 dev v0');
  namespace.ip('addr add 2001:db8::1/64 dev v0 nodad');
  namespace.ip('link set v0 up');
  namespace.ip('link set v1 up');
  namespace.ip('nexthop add id 4 via 2001:db8::2 dev v0 onlink');
  namespace.ip('route add 10.0.0.0/8 dev lo');
  namespace.ip('-6 route add 2001:db8:1::/48 dev lo');
  await one.settle(1);
  const families = new Set(one.messages(RTM.NEWADDR).map(({ payload }) => payload[16]));
  expect([...families]).toEqual([2]);
  expect(one.messages(RTM.NEWLINK).length).toBeGreaterThan(0);
  expect(one.messages(104)).toHaveLength(1);
  expect(routes(one)).toContain('new 10.0.0.0');
  expect(routes(one).filter((route) => /[0-9a-f]{32}/.test(route))).toEqual([]);
});

test('IPv6 alone passes when asked for', async () => {
  const { namespace, one } = watched({ ...NOTHING, family: 'inet6' });
  namespace.ip('route add 10.0.0.0/8 dev lo');
  namespace.ip('-6 route add 2001:db8:1::/48 dev lo');
  await one.settle(1);
  expect(routes(one)).toEqual(['new 20010db8000100000000000000000000']);
});

test('only the wanted tables pass, also those beyond 8 bits', async () => {
  const { namespace, one } = watched({ ...NOTHING, tables: [254, 252, 70_000] });
  const wanted = ['main', '252', '70000'];
  const others = ['100', '4464', '70001', '256'];
  [...wanted, ...others].forEach((table, i) => {
    namespace.ip(`route add 10.${i}.0.0/16 dev lo table ${table}`);
  });
  [...wanted, ...others].forEach((table, i) => {
    namespace.ip(`route del 10.${i}.0.0/16 dev lo table ${table}`);
  });
  await one.settle(1);
  expect(routes(one)).toEqual([
    ...['new 10.0.0.0', 'new 10.1.0.0', 'new 10.2.0.0'],
    ...['del 10.0.0.0', 'del 10.1.0.0', 'del 10.2.0.0'],
  ]);
});

test('only the wanted protocols pass, and every route that replaces', async () => {
  const { namespace, one } = watched({ ...NOTHING, protocols: [4, 186] });
  namespace.ip('route add 10.0.0.0/16 dev lo proto static');
  namespace.ip('route add 10.1.0.0/16 dev lo proto bgp');
  namespace.ip('route add 10.2.0.0/16 dev lo proto bird');
  namespace.ip('route replace 10.0.0.0/16 dev lo proto bird mtu 1400');
  namespace.ip('route del 10.1.0.0/16 dev lo');
  namespace.ip('route del 10.2.0.0/16 dev lo');
  await one.settle(1);
  expect(routes(one)).toEqual(['new 10.0.0.0', 'new 10.1.0.0', 'new 10.0.0.0', 'del 10.1.0.0']);
});

test('family, table and protocol all have to fit', async () => {
  const { namespace, one } = watched({ family: 'inet', tables: [100], protocols: [4] });
  namespace.ip('route add 10.0.0.0/16 dev lo table 100 proto static');
  namespace.ip('route add 10.1.0.0/16 dev lo table 101 proto static');
  namespace.ip('route add 10.2.0.0/16 dev lo table 100 proto bird');
  namespace.ip('-6 route add 2001:db8::/48 dev lo table 100 proto static');
  await one.settle(1);
  expect(routes(one)).toEqual(['new 10.0.0.0']);
});

test('what the filter leaves out is not counted as lost', async () => {
  const namespace = new Namespace();
  const one = new Catch({ receiveBufferBytes: 16 << 10 });
  open.push(one);
  one.reader.addZone(1, namespace.path, socketFilter({ ...NOTHING, tables: [100] }));
  const lines = Array.from(
    { length: 5000 },
    (_, i) => `route add 10.0.${i >> 8}.${i & 255} dev lo`,
  );
  namespace.batch(lines);
  await one.settle(1);
  expect(routes(one)).toEqual([]);
  expect(one.reader.stats().lostMessages).toBe(0);
});

test('a filter can be changed and taken off while reading', async () => {
  const { namespace, one } = watched({ ...NOTHING, tables: [100] });
  namespace.ip('route add 10.0.0.0/16 dev lo');
  one.reader.setFilter(1, socketFilter({ ...NOTHING, tables: [254] }));
  namespace.ip('route add 10.1.0.0/16 dev lo');
  namespace.ip('route add 10.2.0.0/16 dev lo table 100');
  one.reader.setFilter(1, null);
  one.reader.setFilter(1, null);
  namespace.ip('route add 10.3.0.0/16 dev lo table 200');
  await one.settle(1);
  expect(routes(one)).toEqual(['new 10.1.0.0', 'new 10.3.0.0']);
});
