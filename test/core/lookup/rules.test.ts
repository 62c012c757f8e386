import { describe, expect, test } from '@jest/globals';
import { ruleFlow, ruleMismatch } from '../../../core/lookup/rules.js';
import type { Flow } from '../../../core/lookup/state.js';
import type { Rule } from '../../../core/wire/rule.js';
import { device, flow, rule, state, withDevices } from './state.js';

const mismatch = (shape: Partial<Rule>, asked: Flow): string | null => {
  const here = state(asked.family);
  return ruleMismatch(rule({ family: asked.family, ...shape }), ruleFlow(asked, here), here);
};

const to = '10.1.2.3';
const range = (start: number, end: number, mask: number | null = null) => ({ start, end, mask });

describe('a rule', () => {
  test.each<[string, Partial<Rule>, Flow]>([
    ['without selectors', {}, flow(to)],
    ['from', { src: '10.0.0.0/24' }, flow(to, { src: '10.0.0.5' })],
    ['from 0.0.0.0/0 without a source', { src: '0.0.0.0/0' }, flow(to)],
    ['to', { dst: '10.1.0.0/16' }, flow(to)],
    ['iif lo, of what is sent from here', { iif: 'lo' }, flow(to)],
    ['iif', { iif: 'd2' }, flow(to, { iif: 2, src: '10.0.0.5' })],
    ['oif', { oif: 'd3' }, flow(to, { oif: 3 })],
    ['fwmark', { fwmark: 7, fwmask: 0xffffffff }, flow(to, { mark: 7 })],
    ['fwmark under its mask', { fwmark: 4, fwmask: 4 }, flow(to, { mark: 7 })],
    ['uidrange, both ends', { uidrange: range(5, 9) }, flow(to, { uid: 9 })],
    ['ipproto', { ipproto: 6 }, flow(to, { ipproto: 6 })],
    ['sport in its range', { sport: range(10, 20) }, flow(to, { sport: 20 })],
    ['dport under its mask', { dport: range(0x50, 0x50, 0xf0) }, flow(to, { dport: 0x5f })],
    ['tos, whose upper bits do not count', { tos: 0x10 }, flow(to, { tos: 0xf0 })],
    ['dscp, all bits of it', { dscp: 46, dscpMask: 0x3f }, flow(to, { tos: 0xb8 })],
    ['not, of another mark', { not: true, fwmark: 7, fwmask: 7 }, flow(to, { mark: 1 })],
  ])('matches by %s', (_, shape, asked) => {
    expect(mismatch(shape, asked)).toBeNull();
  });

  test.each<[string, Partial<Rule>, Flow]>([
    [
      'source 10.9.0.1 is not in 10.0.0.0/24',
      { src: '10.0.0.0/24' },
      flow(to, { src: '10.9.0.1' }),
    ],
    ['source 0.0.0.0 is not in 10.0.0.0/24', { src: '10.0.0.0/24' }, flow(to)],
    ['no source is given, it asks for 2001:db8::/32', { src: '2001:db8::/32' }, flow('::2')],
    ['destination 10.1.2.3 is not in 10.2.0.0/16', { dst: '10.2.0.0/16' }, flow(to)],
    ['iif is lo, not d2', { iif: 'd2' }, flow(to)],
    ['there is no interface gone', { iif: 'gone', iifDetached: true }, flow(to)],
    ['oif is none, not d2', { oif: 'd2' }, flow(to)],
    ['mark is 0x3, not 0x7', { fwmark: 7, fwmask: 0xffffffff }, flow(to, { mark: 3 })],
    ['mark is 0x3, not 0x4/0x4', { fwmark: 4, fwmask: 4 }, flow(to, { mark: 3 })],
    ['uid is 10, not 5-9', { uidrange: range(5, 9) }, flow(to, { uid: 10 })],
    ['ipproto is 17, not 6', { ipproto: 6 }, flow(to, { ipproto: 17 })],
    ['sport is 9, not 10-20', { sport: range(10, 20) }, flow(to, { sport: 9 })],
    ['dport is 0, not 53', { dport: range(53, 53) }, flow(to)],
    ['tos is 0x0, not 0x10', { tos: 0x10 }, flow(to, { tos: 0xe0 })],
    ['tos is 0xf0, not 0x10', { tos: 0x10 }, flow('2001:db8::1', { tos: 0xf0 })],
    ['dscp is 44, not 46', { dscp: 46, dscpMask: 0x3f }, flow(to, { tos: 0xb0 })],
    ['there is no tunnel id, not 5', { tunId: 5 }, flow(to)],
    ['it belongs to no VRF', { l3mdev: true }, flow(to)],
    ['flowlabel is 0, not 0x5', { flowlabel: 5, flowlabelMask: 0xff }, flow('2001:db8::1')],
    ['all it names holds, and it says not', { not: true }, flow(to)],
  ])('says why it does not match: %s', (why, shape, asked) => {
    expect(mismatch(shape, asked)).toBe(why);
  });

  test('about a VRF matches what belongs to it, and the VRF itself as its table', () => {
    const devices = withDevices(device(9, { name: 'blue', vrfTable: 77 }), device(5, { vrf: 9 }));
    const here = state('inet', { devices });
    const asks = (shape: Partial<Rule>, asked: Flow, rulesMatchVrf = true): string | null => {
      const vrfs = { ...here, rulesMatchVrf };
      return ruleMismatch(rule(shape), ruleFlow(asked, vrfs), vrfs);
    };
    expect(asks({ l3mdev: true }, flow(to, { oif: 5 }))).toBeNull();
    expect(asks({ l3mdev: true }, flow(to, { iif: 5, src: to }))).toBeNull();
    expect(asks({ oif: 'd5' }, flow(to, { oif: 5 }))).toBeNull();
    expect(asks({ oif: 'blue' }, flow(to, { oif: 9 }))).toBeNull();
    expect(asks({ iif: 'blue' }, flow(to, { iif: 5, src: to }))).toBeNull();
    expect(asks({ oif: 'blue' }, flow(to, { oif: 9 }), false)).toBe('oif is none, not blue');
    expect(asks({ iif: 'blue' }, flow(to, { iif: 5, src: to }), false)).toBe('iif is d5, not blue');
  });
});
