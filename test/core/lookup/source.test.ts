import { describe, expect, test } from '@jest/globals';
import { selectInet6Source } from '../../../core/lookup/source-inet6.js';
import { inetRouteSource, selectInetSource } from '../../../core/lookup/source-inet.js';
import { IFA_F } from '../../../core/wire/constants.js';
import type { InterfaceAddress } from '../../../core/wire/ifaddr.js';
import { address, bytes, device, route, state, withDevices } from './state.js';

describe('IPv4 source addresses', () => {
  const LINK = 253;
  const select = (
    addresses: readonly InterfaceAddress[],
    toward: string | null = null,
    scope = 0,
  ): string | null => {
    const near = toward === null ? null : bytes(toward);
    return selectInetSource(state('inet', { addresses }), 2, near, scope);
  };

  test('the first of the interface, or one in the net of the gateway', () => {
    const addresses = [address('10.0.0.5/24', 2), address('10.1.0.5/24', 2)];
    expect(select(addresses)).toBe('10.0.0.5');
    expect(select(addresses, '10.1.0.1')).toBe('10.1.0.5');
    expect(select(addresses, '10.9.0.1')).toBe('10.0.0.5');
  });

  test('never a secondary one, nor one of a narrower scope than the route', () => {
    const secondary = address('10.0.0.6/24', 2, { flags: IFA_F.SECONDARY });
    const link = address('169.254.0.5/16', 2, { scope: LINK });
    expect(select([secondary, link])).toBeNull();
    expect(select([secondary, link], null, LINK)).toBe('169.254.0.5');
  });

  test('of another interface where the own has none; of link scope never', () => {
    const addresses = [address('169.254.0.5/16', 3, { scope: LINK }), address('10.2.0.5/24', 4)];
    expect(select(addresses, null, LINK)).toBe('10.2.0.5');
  });

  test('of the peer on a point-to-point link', () => {
    const addresses = [
      address('10.0.0.5/24', 2),
      address('10.7.0.1/32', 2, { address: '10.7.0.2' }),
    ];
    expect(select(addresses, '10.7.0.2')).toBe('10.7.0.1');
  });

  test('of the VRF, and never from outside of it', () => {
    const devices = withDevices(device(9, { vrfTable: 77 }), device(2, { vrf: 9 }));
    const outside = [address('10.2.0.5/24', 4)];
    const inside = [...outside, address('10.9.0.5/24', 9)];
    const of = (addresses: readonly InterfaceAddress[]): string | null =>
      selectInetSource(state('inet', { addresses, devices }), 2, null, 0);
    expect(of(outside)).toBeNull();
    expect(of(inside)).toBe('10.9.0.5');
  });

  test('of a route: what it names first', () => {
    const here = state('inet', { addresses: [address('10.0.0.5/24', 2)] });
    expect(inetRouteSource(here, route('10.0.0.0/8', { prefsrc: '10.3.0.1' }), 0)).toBe('10.3.0.1');
    expect(inetRouteSource(here, route('10.0.0.0/8'), 0)).toBe('10.0.0.5');
  });
});

describe('IPv6 source addresses (RFC 6724)', () => {
  const { DEPRECATED, TENTATIVE, TEMPORARY, OPTIMISTIC } = IFA_F;
  const labels = [
    { prefix: bytes('fc00::'), length: 7, ifindex: 0, label: 5 },
    { prefix: bytes('::'), length: 0, ifindex: 0, label: 1 },
  ];
  const devices = withDevices(device(3, { useTempaddr: 2 }));
  const select = (dst: string, addresses: readonly InterfaceAddress[], ifindex = 2) =>
    selectInet6Source(state('inet6', { addresses, labels, devices }), bytes(dst), ifindex);
  const global = address('2001:db8:1::5/64', 2);

  test.each<[string, string, InterfaceAddress[], string | null]>([
    [
      'rule 1: the destination itself',
      '2001:db8:2::5',
      [global, address('2001:db8:2::5/64', 2)],
      '2001:db8:2::5',
    ],
    [
      'rule 2: a scope that reaches',
      '2600::1',
      [address('fe80::5/64', 2), global],
      '2001:db8:1::5',
    ],
    [
      'rule 2: no wider scope than needed',
      'fe80::1',
      [global, address('fe80::5/64', 2)],
      'fe80::5',
    ],
    [
      'rule 3: not a deprecated one',
      '2001:db8:2::1',
      [address('2001:db8:2::5/64', 2, { flags: DEPRECATED }), global],
      '2001:db8:1::5',
    ],
    [
      'rule 5: of the outgoing interface',
      '2001:db8:2::1',
      [address('2001:db8:2::5/64', 3), global],
      '2001:db8:1::5',
    ],
    ['rule 6: of the same label', 'fd00::1', [global, address('fd00:9::5/64', 2)], 'fd00:9::5'],
    [
      'rule 7: no temporary one unless wanted',
      '2600::1',
      [address('2001:db8:1::7/64', 2, { flags: TEMPORARY }), global],
      '2001:db8:1::5',
    ],
    [
      'rule 8: the longest common prefix',
      '2001:db8:2::1',
      [global, address('2001:db8:2::5/64', 2)],
      '2001:db8:2::5',
    ],
    ['the first of equals', '2600::1', [address('2001:db8:1::4/64', 2), global], '2001:db8:1::4'],
    [
      'none that is tentative',
      '2600::1',
      [address('2001:db8::5/64', 2, { flags: TENTATIVE })],
      null,
    ],
    ['none of another link for a link', 'fe80::1', [address('fe80::5/64', 3)], null],
  ])('%s', (_, dst, addresses, expected) => {
    expect(select(dst, addresses)).toBe(expected);
  });

  test('a temporary one where use_tempaddr wants it', () => {
    const temporary = address('2001:db8:1::7/64', 3, { flags: TEMPORARY });
    expect(select('2600::1', [address('2001:db8:1::5/64', 3), temporary], 3)).toBe('2001:db8:1::7');
  });

  test('an optimistic one after all others', () => {
    const optimistic = address('2001:db8:1::9/64', 2, { flags: OPTIMISTIC | TENTATIVE });
    expect(select('2600::1', [optimistic, global])).toBe('2001:db8:1::5');
    expect(select('2600::1', [optimistic])).toBe('2001:db8:1::9');
  });

  test('in a VRF the interface and the VRF come before its other interfaces', () => {
    const vrfs = withDevices(
      device(9, { vrfTable: 77 }),
      device(2, { vrf: 9 }),
      device(3, { vrf: 9 }),
    );
    const addresses = [address('2001:db8:2::5/64', 3), address('2001:db8:9::5/64', 9)];
    const here = state('inet6', { addresses, labels, devices: vrfs });
    expect(selectInet6Source(here, bytes('2600::1'), 2)).toBe('2001:db8:9::5');
    // But a longer common prefix counts for more.
    expect(selectInet6Source(here, bytes('2001:db8:2::1'), 2)).toBe('2001:db8:2::5');
    const alone = state('inet6', { addresses: addresses.slice(0, 1), labels, devices: vrfs });
    expect(selectInet6Source(alone, bytes('2001:db8:2::1'), 2)).toBe('2001:db8:2::5');
    const outside = state('inet6', {
      addresses: [address('2001:db8::5/64', 4)],
      labels,
      devices: vrfs,
    });
    expect(selectInet6Source(outside, bytes('2001:db8:2::1'), 2)).toBeNull();
  });
});
