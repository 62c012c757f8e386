/** Which source address IPv6 takes: RFC 6724 as net/ipv6/addrconf.c has it (ipv6_dev_get_saddr, ipv6_get_saddr_eval). */

import { parseAddress } from '../wire/address.js';
import { IFA_F } from '../wire/constants.js';
import type { InterfaceAddress } from '../wire/ifaddr.js';
import { INET6_SCOPE, inet6 as kind } from './address-kind.js';
import { commonBits, covers } from './prefix.js';
import { vrfOf } from './rules.js';
import type { Device, LookupState } from './state.js';

interface Candidate {
  readonly address: InterfaceAddress;
  readonly bytes: Uint8Array;
  readonly device: Device;
}

interface Target {
  readonly dst: Uint8Array;
  readonly ifindex: number;
  readonly label: number;
  readonly scope: number;
}

/** A label for what no row of the policy table covers (IPV6_ADDR_LABEL_DEFAULT). */
const NO_LABEL = 0xffffffff;

function labelOf(state: LookupState, address: Uint8Array, ifindex: number): number {
  const row = state.labels.find(
    (l) => (l.ifindex === 0 || l.ifindex === ifindex) && covers(l.prefix, l.length, address),
  );
  return row?.label ?? NO_LABEL;
}

const has = (flags: number, bit: number): boolean => (flags & bit) !== 0;

/** A score per rule, the greater the better; the first difference decides. */
function scores({ address, bytes, device }: Candidate, to: Target, state: LookupState): number[] {
  const { flags } = address;
  const scope = kind.scope(bytes);
  const avoid = IFA_F.DEPRECATED | (device.useOptimistic ? 0 : IFA_F.OPTIMISTIC);
  const isTemporary = has(flags, IFA_F.TEMPORARY);
  return [
    commonBits(bytes, to.dst) === 128 ? 1 : 0,
    scope >= to.scope ? -scope : scope - 128,
    kind.isAlwaysPreferred(bytes) || !has(flags, avoid) ? 1 : 0,
    to.ifindex === 0 || to.ifindex === device.ifindex ? 1 : 0,
    labelOf(state, bytes, device.ifindex) === to.label ? 1 : 0,
    isTemporary === device.useTempaddr >= 2 ? 1 : 0,
    kind.isOrchid(bytes) === kind.isOrchid(to.dst) ? 1 : 0,
    Math.min(commonBits(bytes, to.dst), address.prefixLength),
    has(flags, IFA_F.OPTIMISTIC) ? 0 : 1,
  ];
}

function isBetter(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((score, i) => score !== b[i]);
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}

function candidatesOn(state: LookupState, device: Device): readonly Candidate[] {
  return state.addresses.flatMap((address) => {
    const bytes = address.ifindex === device.ifindex ? parseAddress(address.local) : null;
    const isTentative =
      has(address.flags, IFA_F.TENTATIVE) && !has(address.flags, IFA_F.OPTIMISTIC);
    if (bytes === null || isTentative || kind.isMulticast(bytes) || kind.scope(bytes) < 0)
      return [];
    return [{ address, bytes, device }];
  });
}

/** Devices whose addresses may serve, in the kernel's order. */
function devicesFor(state: LookupState, device: Device | undefined, to: Target): readonly Device[] {
  const isBoundToLink = kind.isMulticast(to.dst) || to.scope <= INET6_SCOPE.LINKLOCAL;
  if (device !== undefined && (isBoundToLink || device.useOifAddrsOnly)) return [device];
  const vrf = device === undefined ? 0 : vrfOf(device);
  const domain = [...state.devices.values()].filter((other) => vrfOf(other) === vrf);
  if (vrf === 0 || device === undefined) return domain;
  // In a VRF the interface's own and the VRF's are looked at before those of its other interfaces; among equals the first stays.
  const master = state.devices.get(vrf);
  return [device, ...(master === undefined ? [] : [master]), ...domain];
}

/** The source address for a destination over an interface (0: none known). Null: there is none. */
export function selectInet6Source(
  state: LookupState,
  dst: Uint8Array,
  ifindex: number,
): string | null {
  const to: Target = {
    dst,
    ifindex,
    label: labelOf(state, dst, ifindex),
    scope: kind.scope(dst),
  };
  let best: { readonly address: string; readonly score: readonly number[] } | null = null;
  for (const device of devicesFor(state, state.devices.get(ifindex), to)) {
    for (const candidate of candidatesOn(state, device)) {
      const score = scores(candidate, to, state);
      if (best !== null && !isBetter(score, best.score)) continue;
      best = { address: candidate.address.local, score };
    }
  }
  return best?.address ?? null;
}
