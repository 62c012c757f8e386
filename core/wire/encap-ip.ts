/** IP and IPv6 tunnels of routes (net/ipv4/ip_tunnel_core.c). */

import type { EncapMembers } from './encap-members.js';
import { Attributes, hex } from './bytes.js';
import { AF } from './constants.js';
import {
  LWTUNNEL_IP,
  LWTUNNEL_IP_OPTS,
  LWTUNNEL_IP_OPT_ERSPAN,
  LWTUNNEL_IP_OPT_GENEVE,
  LWTUNNEL_IP_OPT_VXLAN,
  TUNNEL,
} from './encap-constants.js';

const MAX_OPTION = 4;

/** GENEVE options stand one behind the other as class, type, data; a data closes an option. */
function geneveOptions(options: Attributes): readonly EncapMembers[] | null {
  const found: EncapMembers[] = [];
  const end = options.to(LWTUNNEL_IP_OPTS.GENEVE);
  const { bytes } = options;
  let at = options.from(LWTUNNEL_IP_OPTS.GENEVE);
  while (at + 4 <= end) {
    const from = at;
    let type = 0;
    while (at + 4 <= end && type !== LWTUNNEL_IP_OPT_GENEVE.DATA) {
      const length = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
      if (length < 4) return null;
      type = bytes[at + 2] ?? 0;
      at += (length + 3) & ~3;
    }
    const option = Attributes.read(bytes, from, Math.min(at, end), MAX_OPTION);
    if (option === null) return null;
    found.push({
      class: option.be16(LWTUNNEL_IP_OPT_GENEVE.CLASS),
      type: option.u8(LWTUNNEL_IP_OPT_GENEVE.TYPE),
      data: hex(
        bytes,
        option.from(LWTUNNEL_IP_OPT_GENEVE.DATA),
        option.to(LWTUNNEL_IP_OPT_GENEVE.DATA),
      ),
    });
  }
  return found;
}

function vxlanOptions(options: Attributes): readonly EncapMembers[] | null {
  const vxlan = options.nested(LWTUNNEL_IP_OPTS.VXLAN, MAX_OPTION);
  return vxlan === null ? null : [{ gbp: vxlan.u32(LWTUNNEL_IP_OPT_VXLAN.GBP) }];
}

function erspanOptions(options: Attributes): readonly EncapMembers[] | null {
  const erspan = options.nested(LWTUNNEL_IP_OPTS.ERSPAN, MAX_OPTION);
  if (erspan === null) return null;
  return [
    {
      ver: erspan.u8(LWTUNNEL_IP_OPT_ERSPAN.VER),
      index: erspan.be32(LWTUNNEL_IP_OPT_ERSPAN.INDEX) ?? 0,
      dir: erspan.u8(LWTUNNEL_IP_OPT_ERSPAN.DIR) ?? 0,
      hwid: erspan.u8(LWTUNNEL_IP_OPT_ERSPAN.HWID) ?? 0,
    },
  ];
}

function optionMembers(attributes: Attributes): EncapMembers {
  const options = attributes.nested(LWTUNNEL_IP.OPTS, MAX_OPTION);
  if (options === null) return {};
  if (options.has(LWTUNNEL_IP_OPTS.GENEVE)) return { geneve_opts: geneveOptions(options) };
  if (options.has(LWTUNNEL_IP_OPTS.VXLAN)) return { vxlan_opts: vxlanOptions(options) };
  if (options.has(LWTUNNEL_IP_OPTS.ERSPAN)) return { erspan_opts: erspanOptions(options) };
  return {};
}

/** LWTUNNEL_ENCAP_IP and LWTUNNEL_ENCAP_IP6. */
export function readIp(attributes: Attributes, family: number): EncapMembers {
  const inet = family === AF.INET;
  const flags = attributes.be16(LWTUNNEL_IP.FLAGS) ?? 0;
  return {
    id: attributes.be64(LWTUNNEL_IP.ID),
    src: attributes.address(LWTUNNEL_IP.SRC, family),
    dst: attributes.address(LWTUNNEL_IP.DST, family),
    [inet ? 'ttl' : 'hoplimit']: attributes.u8(LWTUNNEL_IP.TTL),
    [inet ? 'tos' : 'tc']: attributes.u8(LWTUNNEL_IP.TOS),
    key: (flags & TUNNEL.KEY) !== 0 ? true : null,
    csum: (flags & TUNNEL.CSUM) !== 0 ? true : null,
    seq: (flags & TUNNEL.SEQ) !== 0 ? true : null,
    ...optionMembers(attributes),
  };
}
