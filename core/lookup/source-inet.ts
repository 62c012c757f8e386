/** Which source address IPv4 takes (net/ipv4/devinet.c, inet_select_addr; fib_result_prefsrc). */

import { parseAddress } from '../wire/address.js';
import { IFA_F } from '../wire/constants.js';
import type { InterfaceAddress } from '../wire/ifaddr.js';
import { covers } from './prefix.js';
import { vrfOf } from './rules.js';
import type { Device, FibRoute, LookupState } from './state.js';

/** RT_SCOPE_* (include/uapi/linux/rtnetlink.h). */
export const SCOPE = { UNIVERSE: 0, LINK: 253, HOST: 254 } as const;

const primary = (state: LookupState, ifindex: number): readonly InterfaceAddress[] =>
  state.addresses.filter((a) => a.ifindex === ifindex && (a.flags & IFA_F.SECONDARY) === 0);

const inNetOf = (a: InterfaceAddress, address: Uint8Array): boolean => {
  const peer = parseAddress(a.address);
  return peer !== null && covers(peer, a.prefixLength, address);
};

function selectOn(state: LookupState, device: Device, scope: number): string | null {
  const found = primary(state, device.ifindex).find(
    (a) => a.scope !== SCOPE.LINK && a.scope <= scope,
  );
  return found?.local ?? null;
}

/** The address a device lends to what leaves by it, `toward` an address when that is known. Null: there is none. */
export function selectInetSource(
  state: LookupState,
  ifindex: number,
  toward: Uint8Array | null,
  scope: number,
): string | null {
  const device = state.devices.get(ifindex);
  if (device === undefined) return null;
  const localnet = device.routeLocalnet ? SCOPE.LINK : SCOPE.HOST;
  const own = primary(state, ifindex).filter((a) => Math.min(a.scope, localnet) <= scope);
  const near = toward === null ? undefined : own.find((a) => inNetOf(a, toward));
  const first = near ?? own[0];
  if (first !== undefined && device.hasInet) return first.local;
  const vrf = vrfOf(device);
  const master = state.devices.get(vrf);
  const ofVrf = master === undefined ? null : selectOn(state, master, scope);
  if (ofVrf !== null) return ofVrf;
  for (const other of state.devices.values()) {
    const address = vrfOf(other) === vrf && other.hasInet ? selectOn(state, other, scope) : null;
    if (address !== null) return address;
  }
  return null;
}

/** The source a route gives by the nexthop `hop`. */
export function inetRouteSource(state: LookupState, route: FibRoute, hop: number): string | null {
  const { body } = route.parts;
  if (body.prefsrc !== null) return body.prefsrc;
  const nexthop = body.nexthops[hop];
  if (nexthop === undefined) return null;
  const gateway = nexthop.gateway === null ? null : parseAddress(nexthop.gateway);
  // Of an IPv6 gateway the kernel compares the first four bytes: they share a union with the IPv4 one.
  const toward = gateway === null ? null : gateway.subarray(0, 4);
  return selectInetSource(state, nexthop.ifindex, toward, route.scope);
}
