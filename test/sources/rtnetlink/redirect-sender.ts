import { execFileSync } from 'node:child_process';
import { Namespace } from './namespace.js';

/** Sends ICMP messages given in hexadecimal, one a line: destination, IP options, times, message. */
const SENDER = `
import socket, sys
v4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
v4.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
v4.bind(("10.7.0.2", 0))
v6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
v6.bind(("fe80::2", 0, 0, socket.if_nametoindex("v1")))
for line in sys.stdin:
    to, options, times, message = line.split()
    options = b"" if options == "-" else bytes.fromhex(options)
    if ":" not in to:
        v4.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, options)
    for _ in range(int(times)):
        if ":" in to:
            v6.sendto(bytes.fromhex(message), (to, 0, 0, socket.if_nametoindex("v1")))
        else:
            v4.sendto(bytes.fromhex(message), (to, 0))
`;

export interface Message {
  readonly to: '10.7.0.1' | '10.7.0.255' | 'fe80::1';
  /** IP options. */
  readonly options?: Uint8Array;
  readonly times?: number;
  readonly bytes: Uint8Array;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * Two namespaces on one wire: `here` (10.7.0.1, fe80::1 on v0) takes redirects, `there` (10.7.0.2, 10.7.0.3, fe80::2 on
 * v1) is its gateway.
 */
export class Wire {
  readonly here = new Namespace();
  readonly there = new Namespace();

  constructor() {
    this.here.ip(`link add v0 type veth peer name v1 netns ${this.there.name}`);
    this.here.ip('link set v0 addrgenmode none');
    this.there.ip('link set v1 addrgenmode none');
    this.here.ip('link set v0 up');
    this.there.ip('link set v1 up');
    this.here.ip('addr add 10.7.0.1/24 dev v0');
    this.here.ip('addr add fe80::1/64 dev v0 nodad');
    this.there.ip('addr add 10.7.0.2/24 dev v1');
    this.there.ip('addr add 10.7.0.3/24 dev v1');
    this.there.ip('addr add fe80::2/64 dev v1 nodad');
    this.here.ip('route add default via 10.7.0.2');
  }

  /** Index of v0. */
  get ifindex(): number {
    return Number(/^(\d+): v0/m.exec(this.here.ip('-o link show dev v0'))?.[1]);
  }

  /** Link-layer address of v1. */
  get address(): string {
    return /link\/ether (\S+)/.exec(this.there.ip('-o link show dev v1'))?.[1] ?? '';
  }

  /** Sends from `there`, in order. */
  send(messages: readonly Message[]): void {
    const lines = messages.map(
      ({ to, options, times = 1, bytes }) =>
        `${to} ${options === undefined ? '-' : hex(options)} ${times} ${hex(bytes)}`,
    );
    execFileSync('ip', ['netns', 'exec', this.there.name, 'python3', '-c', SENDER], {
      input: `${lines.join('\n')}\n`,
    });
  }

  /** ICMP messages the kernel of `here` took in (Icmp: InMsgs). */
  received(): number {
    const text = execFileSync('ip', ['netns', 'exec', this.here.name, 'cat', '/proc/net/snmp'], {
      encoding: 'utf8',
    });
    const [names = '', values = ''] = text.split('\n').filter((line) => line.startsWith('Icmp:'));
    return Number(values.split(' ')[names.split(' ').indexOf('InMsgs')]);
  }
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const address = (text: string): Uint8Array => Uint8Array.from(text.split('.'), Number);

/** An IPv4 redirect to `gateway` that quotes an ICMP message of `quotedType` from 10.7.0.1 to `dst`, checksums right. */
export function redirect4(gateway: string, dst: string, quotedType = 0): Buffer {
  const bytes = Buffer.alloc(36);
  bytes.set([5, 1], 0);
  bytes.set(address(gateway), 4);
  bytes.set([0x45, 0, 0, 28, 0, 1, 0, 0, 63, 1, 0, 0, ...address('10.7.0.1'), ...address(dst)], 8);
  bytes.writeUInt16BE(checksum(bytes.subarray(8, 28)), 18);
  bytes.set([quotedType, 0, 0, 0, 0, 77, 0, 1], 28);
  bytes.writeUInt16BE(checksum(bytes), 2);
  return bytes;
}

/** An IPv6 redirect of 2001:db8::9 to fe80::3; the sender's kernel fills in the checksum. */
export function redirect6(): Buffer {
  const target = Buffer.from('fe800000000000000000000000000003', 'hex');
  const dst = Buffer.from('20010db8000000000000000000000009', 'hex');
  return Buffer.concat([Uint8Array.of(137, 0, 0, 0, 0, 0, 0, 0), target, dst]);
}

/** Does `here` send to `dst` by a gateway a redirect named? */
export const isRedirected = (wire: Wire, dst: string): boolean =>
  wire.here.ip(`route get ${dst}`).includes('redirected');
