import { describe, expect, test } from '@jest/globals';
import type { Encap } from '../../../core/event.js';
import { namesFrom } from '../../../core/names/names.js';
import { readEncap } from '../../../core/wire/encap.js';
import {
  ILA_ATTR,
  IOAM6_IPTUNNEL,
  LWTUNNEL_ENCAP,
  LWTUNNEL_IP,
  LWTUNNEL_IP_OPTS,
  LWTUNNEL_IP_OPT_ERSPAN,
  LWTUNNEL_IP_OPT_GENEVE,
  LWTUNNEL_IP_OPT_VXLAN,
  LWT_BPF,
  LWT_BPF_PROG,
  LWT_XFRM,
  MPLS_IPTUNNEL,
  RPL_IPTUNNEL,
  SEG6_IPTUNNEL,
  SEG6_LOCAL,
  SEG6_LOCAL_FLV,
} from '../../../core/wire/encap-constants.js';
import { attribute, fromHex, joined, text, u32be, u32le, u8 } from './build.js';

const context = {
  deviceName: (ifindex: number) => (ifindex === 3 ? 'v0' : null),
  names: namesFrom({}),
};

const read = (type: number, ...attributes: Uint8Array[]): Encap => {
  const bytes = joined(...attributes);
  return readEncap(type, bytes, 0, bytes.length, context);
};

const ADDRESS_1 = fromHex('fd00 0000 0000 0000 0000 0000 0000 0001');
const ADDRESS_2 = fromHex('fd00 0000 0000 0000 0000 0000 0000 0002');

/** struct ipv6_sr_hdr with two segments. */
const srh = (flags: number, hdrlen: number, ...tail: Uint8Array[]): Uint8Array =>
  joined(Uint8Array.of(0, hdrlen, 4, 1, 1, flags, 0, 0), ADDRESS_1, ADDRESS_2, ...tail);

describe('tunnels', () => {
  test('MPLS shows its labels down to the bottom of the stack', () => {
    const labels = joined(u32be(100 << 12), u32be((200 << 12) | 0x100), u32be(300 << 12));
    expect(
      read(
        LWTUNNEL_ENCAP.MPLS,
        attribute(MPLS_IPTUNNEL.DST, labels),
        attribute(MPLS_IPTUNNEL.TTL, u8(9)),
      ),
    ).toEqual({ type: 'mpls', dst: '100/200', ttl: 9 });
    expect(
      read(LWTUNNEL_ENCAP.MPLS, attribute(MPLS_IPTUNNEL.DST, u32be((7 << 12) | 0x100))),
    ).toEqual({ type: 'mpls', dst: '7' });
  });

  test('a tunnel id no number can hold exactly is text', () => {
    const id = (hex: string): unknown =>
      read(LWTUNNEL_ENCAP.IP, attribute(LWTUNNEL_IP.ID, fromHex(hex)))['id'];
    expect(id('0000000000000005')).toBe(5);
    expect(id('001fffffffffffff')).toBe(Number.MAX_SAFE_INTEGER);
    expect(id('0020000000000001')).toBe('9007199254740993');
    expect(id('ffffffffffffffff')).toBe('18446744073709551615');
  });

  test('GENEVE options come one by one', () => {
    const option = (optionClass: string, type: number, data: string): Uint8Array =>
      joined(
        attribute(LWTUNNEL_IP_OPT_GENEVE.CLASS, fromHex(optionClass)),
        attribute(LWTUNNEL_IP_OPT_GENEVE.TYPE, u8(type)),
        attribute(LWTUNNEL_IP_OPT_GENEVE.DATA, fromHex(data)),
      );
    const options = attribute(
      0x8000 | LWTUNNEL_IP_OPTS.GENEVE,
      option('0102', 5, 'deadbeef'),
      option('ffff', 6, '0000000100000002'),
    );
    expect(read(LWTUNNEL_ENCAP.IP, attribute(LWTUNNEL_IP.OPTS, options))).toEqual({
      type: 'ip',
      geneve_opts: [
        { class: 0x102, type: 5, data: 'deadbeef' },
        { class: 0xffff, type: 6, data: '0000000100000002' },
      ],
    });
  });

  test('VXLAN and ERSPAN options are read', () => {
    const vxlan = attribute(
      LWTUNNEL_IP_OPTS.VXLAN,
      attribute(LWTUNNEL_IP_OPT_VXLAN.GBP, u32le(456)),
    );
    expect(read(LWTUNNEL_ENCAP.IP, attribute(LWTUNNEL_IP.OPTS, vxlan))).toEqual({
      type: 'ip',
      vxlan_opts: [{ gbp: 456 }],
    });
    const erspan = attribute(
      LWTUNNEL_IP_OPTS.ERSPAN,
      attribute(LWTUNNEL_IP_OPT_ERSPAN.VER, u8(1)),
      attribute(LWTUNNEL_IP_OPT_ERSPAN.INDEX, u32be(123)),
    );
    expect(read(LWTUNNEL_ENCAP.IP6, attribute(LWTUNNEL_IP.OPTS, erspan))).toEqual({
      type: 'ip6',
      erspan_opts: [{ ver: 1, index: 123, dir: 0, hwid: 0 }],
    });
  });

  test('SRv6 shows mode, source, segments from the last and the HMAC key', () => {
    const hmac = joined(Uint8Array.of(5, 38, 0, 0), u32be(0xabc), new Uint8Array(32));
    expect(
      read(
        LWTUNNEL_ENCAP.SEG6,
        attribute(SEG6_IPTUNNEL.SRH, u32le(3), srh(0x08, 9, hmac)),
        attribute(SEG6_IPTUNNEL.SRC, ADDRESS_1),
      ),
    ).toEqual({
      type: 'seg6',
      mode: 'encap.red',
      tunsrc: 'fd00::1',
      segs: ['fd00::2', 'fd00::1'],
      hmac: '0xabc',
    });
  });

  test('a SRv6 endpoint shows table, interfaces, program and flavors', () => {
    expect(
      read(
        LWTUNNEL_ENCAP.SEG6_LOCAL,
        attribute(SEG6_LOCAL.ACTION, u32le(16)),
        attribute(SEG6_LOCAL.VRFTABLE, u32le(254)),
        attribute(SEG6_LOCAL.IIF, u32le(3)),
        attribute(SEG6_LOCAL.OIF, u32le(8)),
        attribute(SEG6_LOCAL.BPF, attribute(LWT_BPF_PROG.NAME, text('prog'))),
        attribute(
          SEG6_LOCAL.FLAVORS,
          attribute(SEG6_LOCAL_FLV.OPERATION, u32le(0b10010)),
          attribute(SEG6_LOCAL_FLV.LCBLOCK_BITS, u8(32)),
          attribute(SEG6_LOCAL_FLV.LCNODE_FN_BITS, u8(16)),
        ),
      ),
    ).toEqual({
      type: 'seg6local',
      action: 'End.DT46',
      vrftable: 'main',
      iif: 'v0',
      oif: 'if8',
      endpoint: 'prog',
      flavors: ['psp', 'next-csid'],
      lblen: 32,
      nflen: 16,
    });
  });

  test('RPL shows its segments from the last', () => {
    const header = joined(Uint8Array.of(0, 4, 3, 2, 0, 0, 0, 0), ADDRESS_1, ADDRESS_2);
    expect(read(LWTUNNEL_ENCAP.RPL, attribute(RPL_IPTUNNEL.SRH, header))).toEqual({
      type: 'rpl',
      segs: ['fd00::2', 'fd00::1'],
    });
  });

  test('IOAM shows mode, destination, frequency and trace', () => {
    expect(
      read(
        LWTUNNEL_ENCAP.IOAM6,
        attribute(IOAM6_IPTUNNEL.MODE, u8(2)),
        attribute(IOAM6_IPTUNNEL.DST, ADDRESS_2),
        attribute(IOAM6_IPTUNNEL.FREQ_K, u32le(1)),
        attribute(IOAM6_IPTUNNEL.FREQ_N, u32le(3)),
        attribute(IOAM6_IPTUNNEL.TRACE, fromHex('007b 08 03 80000000')),
      ),
    ).toEqual({
      type: 'ioam6',
      freqk: 1,
      freqn: 3,
      mode: 'encap',
      tundst: 'fd00::2',
      trace: { type: '0x800000', ns: 123, size: 12 },
    });
  });

  test('BPF programs go by name', () => {
    expect(
      read(
        LWTUNNEL_ENCAP.BPF,
        attribute(LWT_BPF.IN, attribute(LWT_BPF_PROG.NAME, text('in.o:[sec]'))),
        attribute(LWT_BPF.OUT),
        attribute(LWT_BPF.XMIT_HEADROOM, u32le(32)),
      ),
    ).toEqual({ type: 'bpf', in: 'in.o:[sec]', out: '<unknown>', headroom: 32 });
  });

  test('XFRM and ILA are read', () => {
    expect(
      read(
        LWTUNNEL_ENCAP.XFRM,
        attribute(LWT_XFRM.IF_ID, u32le(5)),
        attribute(LWT_XFRM.LINK, u32le(3)),
      ),
    ).toEqual({ type: 'xfrm', if_id: 5, link_dev: 'v0' });
    expect(
      read(
        LWTUNNEL_ENCAP.ILA,
        attribute(ILA_ATTR.LOCATOR, fromHex('0001000200030004')),
        attribute(ILA_ATTR.CSUM_MODE, u8(3)),
        attribute(ILA_ATTR.IDENT_TYPE, u8(32)),
        attribute(ILA_ATTR.HOOK_TYPE, u8(9)),
      ),
    ).toEqual({
      type: 'ila',
      locator: '1:2:3:4',
      csum_mode: 'neutral-map-auto',
      ident_type: 'use-format',
      hook_type: '9',
    });
  });
});

describe('tunnels no reader can read', () => {
  test('a type of the future is its number and its bytes', () => {
    expect(read(77, Uint8Array.of(1, 2, 3))).toEqual({ type: '77', hex: '010203' });
  });

  test.each([
    ['mpls', LWTUNNEL_ENCAP.MPLS, attribute(MPLS_IPTUNNEL.DST, u8(1))],
    ['ip', LWTUNNEL_ENCAP.IP, attribute(LWTUNNEL_IP.DST, u8(1))],
    ['ip6', LWTUNNEL_ENCAP.IP6, attribute(LWTUNNEL_IP.DST, u32le(1))],
    ['seg6', LWTUNNEL_ENCAP.SEG6, attribute(SEG6_IPTUNNEL.SRH, u32le(1), srh(0, 4).slice(0, 30))],
    ['seg6', LWTUNNEL_ENCAP.SEG6, attribute(SEG6_IPTUNNEL.SRH, u32le(1), srh(0x08, 4))],
    ['seg6local', LWTUNNEL_ENCAP.SEG6_LOCAL, attribute(SEG6_LOCAL.TABLE, u32le(1))],
    ['rpl', LWTUNNEL_ENCAP.RPL, attribute(RPL_IPTUNNEL.SRH, u32le(1))],
    ['ioam6', LWTUNNEL_ENCAP.IOAM6, attribute(IOAM6_IPTUNNEL.TRACE, u32le(1))],
    ['ila', LWTUNNEL_ENCAP.ILA, attribute(ILA_ATTR.LOCATOR, u32le(1))],
    ['bpf', LWTUNNEL_ENCAP.BPF, Uint8Array.of(9, 0, 1, 0)],
    ['xfrm', LWTUNNEL_ENCAP.XFRM, attribute(LWT_XFRM.IF_ID, u8(1))],
  ])('a malformed %s keeps its bytes', (type, number, bytes) => {
    expect(read(number, bytes)).toEqual({ type, hex: Buffer.from(bytes).toString('hex') });
  });
});
