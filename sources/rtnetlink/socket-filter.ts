import { endianness } from 'node:os';

import type { KernelFilter } from '../../core/kernel-filter.js';

/** Classic BPF (include/uapi/linux/bpf_common.h, filter.h), named as the assembler's mnemonics. */
const OP = {
  LD_IMM: 0x00,
  LDX_IMM: 0x01,
  LD_WORD: 0x20,
  LD_HALF: 0x28,
  LD_BYTE: 0x30,
  LD_WORD_IND: 0x40,
  JA: 0x05,
  JEQ: 0x15,
  JSET: 0x45,
  RET: 0x06,
  TAX: 0x07,
} as const;

/** BPF_MAXINSNS */
const MOST_INSTRUCTIONS = 4096;
/** SKF_AD_OFF + SKF_AD_NLATTR: A := offset of the attribute of type X, searched from offset A; 0 when absent. */
const FIND_ATTRIBUTE = 0xfffff000 + 12;
const WHOLE_MESSAGE = 0xffffffff;

const RTM = { NEWROUTE: 24, DELROUTE: 25, NEWNEXTHOP: 104, DELNEXTHOP: 105 } as const;
const AF = { inet: 2, inet6: 10 } as const;
const RT_TABLE_COMPAT = 252;
const RTA_TABLE = 15;

/** Offsets from struct nlmsghdr; the family is the first byte of every rtnetlink body. */
const AT = { TYPE: 4, FLAGS: 6, FAMILY: 16, TABLE: 20, PROTOCOL: 21, ATTRIBUTES: 28 } as const;

const LITTLE = endianness() === 'LE';
/** BPF loads are big-endian and netlink speaks the host's order, so the constants are turned instead. */
const half = (value: number): number => (LITTLE ? ((value & 0xff) << 8) | (value >>> 8) : value);
const word = (value: number): number =>
  LITTLE ? ((half(value & 0xffff) << 16) | half(value >>> 16)) >>> 0 : value;
/** Where NLM_F_REPLACE (0x100) is bit 0. */
const REPLACE_BYTE = LITTLE ? AT.FLAGS + 1 : AT.FLAGS;

type Label = 'route' | 'compat' | 'protocol' | 'pass' | 'drop';

interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number | Label;
}

/** A program in the making. Conditional jumps reach 255 instructions only, so each guards a far one. */
class Program {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<Label, number>();

  emit(code: number, k: number | Label = 0, jt = 0, jf = 0): void {
    this.#instructions.push({ code, jt, jf, k });
  }

  label(name: Label): void {
    this.#labels.set(name, this.#instructions.length);
  }

  goIfEqual(value: number, to: Label): void {
    this.emit(OP.JEQ, value, 0, 1);
    this.emit(OP.JA, to);
  }

  /** struct sock_filter[]; null when it is longer than the kernel takes. */
  assemble(): Uint8Array | null {
    const count = this.#instructions.length;
    if (count > MOST_INSTRUCTIONS) return null;
    const bytes = new Uint8Array(count * 8);
    const view = new DataView(bytes.buffer);
    this.#instructions.forEach(({ code, jt, jf, k }, at) => {
      view.setUint16(at * 8, code, LITTLE);
      view.setUint8(at * 8 + 2, jt);
      view.setUint8(at * 8 + 3, jf);
      const value = typeof k === 'number' ? k : (this.#labels.get(k) ?? 0) - at - 1;
      view.setUint32(at * 8 + 4, value, LITTLE);
    });
    return bytes;
  }
}

/** IPv4 routes may use IPv6 nexthop objects, so those pass always. */
function otherMessages(program: Program, family: KernelFilter['family']): void {
  if (family !== null) {
    program.goIfEqual(half(RTM.NEWNEXTHOP), 'pass');
    program.goIfEqual(half(RTM.DELNEXTHOP), 'pass');
    program.emit(OP.LD_BYTE, AT.FAMILY);
    program.goIfEqual(family === 'inet' ? AF.inet6 : AF.inet, 'drop');
  }
  program.emit(OP.JA, 'pass');
}

/** rtm_table has 8 bits; RT_TABLE_COMPAT there says that only RTA_TABLE knows. */
function tableTest(program: Program, tables: readonly number[]): void {
  program.emit(OP.LD_BYTE, AT.TABLE);
  program.goIfEqual(RT_TABLE_COMPAT, 'compat');
  for (const table of tables) {
    if (table < 256 && table !== RT_TABLE_COMPAT) program.goIfEqual(table, 'protocol');
  }
  program.emit(OP.JA, 'drop');
  program.label('compat');
  program.emit(OP.LD_IMM, AT.ATTRIBUTES);
  program.emit(OP.LDX_IMM, RTA_TABLE);
  program.emit(OP.LD_WORD, FIND_ATTRIBUTE);
  program.goIfEqual(0, 'protocol');
  program.emit(OP.TAX);
  program.emit(OP.LD_WORD_IND, 4);
  for (const table of tables) {
    if (table >= 256 || table === RT_TABLE_COMPAT) program.goIfEqual(word(table), 'protocol');
  }
  program.emit(OP.JA, 'drop');
}

/** A replacing route passes whatever its protocol: it may stand where one of the wanted stood. */
function protocolTest(program: Program, protocols: readonly number[]): void {
  program.emit(OP.LD_HALF, AT.TYPE);
  program.emit(OP.JEQ, half(RTM.NEWROUTE), 0, 3);
  program.emit(OP.LD_BYTE, REPLACE_BYTE);
  program.emit(OP.JSET, 1, 0, 1);
  program.emit(OP.JA, 'pass');
  program.emit(OP.LD_BYTE, AT.PROTOCOL);
  for (const protocol of protocols) program.goIfEqual(protocol, 'pass');
  program.emit(OP.JA, 'drop');
}

/**
 * The classic BPF program (struct sock_filter[]) that leaves out unwanted route messages, and messages of the
 * other family, before they take room in the receive buffer. Null: nothing to leave out, or more tables and
 * protocols than a program can hold. What it drops is not counted as lost (do_one_broadcast, af_netlink.c).
 */
export function socketFilter(filter: KernelFilter): Uint8Array | null {
  const { family, tables, protocols } = filter;
  if (family === null && tables === null && protocols === null) return null;
  const program = new Program();
  program.emit(OP.LD_HALF, AT.TYPE);
  program.goIfEqual(half(RTM.NEWROUTE), 'route');
  program.goIfEqual(half(RTM.DELROUTE), 'route');
  otherMessages(program, family);
  program.label('route');
  if (family !== null) {
    program.emit(OP.LD_BYTE, AT.FAMILY);
    program.emit(OP.JEQ, AF[family], 1, 0);
    program.emit(OP.JA, 'drop');
  }
  if (tables !== null) tableTest(program, tables);
  program.label('protocol');
  if (protocols !== null) protocolTest(program, protocols);
  program.label('pass');
  program.emit(OP.RET, WHOLE_MESSAGE);
  program.label('drop');
  program.emit(OP.RET, 0);
  return program.assemble();
}
