import { u32 } from '../bpf/native-bytes.js';
import type { TraceFilters } from './open-trace.js';

/** include/linux/socket.h, by the bytes of an address. */
const FAMILIES: ReadonlyMap<number, number> = new Map([
  [4, 2],
  [16, 10],
]);
const ADDRESS_BYTES = 16;

const isGiven = (value: unknown): Uint8Array => u32(Number(value !== undefined));

/** An IPv4 address is the first four bytes of sixteen. */
function padded(address: Uint8Array | undefined): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  if (address !== undefined) bytes.set(address);
  return bytes;
}

/** Values of the `const volatile` variables of bpf/trace.bpf.c. `ownTgid` 0: not known. */
export function filterKnobs(
  { dst, src, netns, pid, isFollowing }: TraceFilters,
  ownTgid: number,
): Readonly<Record<string, Uint8Array>> {
  const bytes = (dst ?? src)?.address.length ?? 0;
  return {
    own_tgid: u32(ownTgid),
    only_netns: u32(netns ?? 0),
    only_tgid: u32(pid ?? 0),
    is_following: u32(Number(isFollowing ?? false)),
    filter_family: u32(FAMILIES.get(bytes) ?? 0),
    filter_dst: padded(dst?.address),
    filter_dst_len: u32(dst?.length ?? 0),
    filter_has_dst: isGiven(dst),
    filter_src: padded(src?.address),
    filter_src_len: u32(src?.length ?? 0),
    filter_has_src: isGiven(src),
  };
}
