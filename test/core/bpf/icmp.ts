import { parseAddress } from '../../../core/wire/address.js';
import { joined, u32le } from '../wire/build.js';

interface RedirectSpec {
  readonly author: string;
  readonly gateway: string;
  readonly dst: string;
  readonly src?: string;
}

const address = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array(0);

function head(family: number, author: string): Uint8Array {
  const sender = new Uint8Array(16);
  sender.set(address(author));
  return joined(u32le(family), u32le(2), sender);
}

/** Payload of an ICMP frame: an IPv4 redirect that came in by interface 2. */
export function inetRedirect(spec: RedirectSpec): Uint8Array {
  const quoted = joined(
    Uint8Array.of(0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0),
    address(spec.src ?? '0.0.0.0'),
    address(spec.dst),
  );
  return joined(head(2, spec.author), Uint8Array.of(5, 1, 0, 0), address(spec.gateway), quoted);
}

/** The same in ICMPv6; with `src` in a Redirected Header option, behind one for the link-layer address. */
export function inet6Redirect(spec: RedirectSpec): Uint8Array {
  const option =
    spec.src === undefined
      ? new Uint8Array(0)
      : joined(
          Uint8Array.of(2, 1, 2, 0, 0, 0, 0, 1),
          Uint8Array.of(4, 6, 0, 0, 0, 0, 0, 0),
          Uint8Array.of(0x60, 0, 0, 0, 0, 20, 6, 64),
          address(spec.src),
          address(spec.dst),
        );
  return joined(
    head(10, spec.author),
    Uint8Array.of(137, 0, 0, 0, 0, 0, 0, 0),
    address(spec.gateway),
    address(spec.dst),
    option,
  );
}
