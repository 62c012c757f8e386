import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { KernelBtf } from '../../../sources/bpf/kernel-btf.js';

const KIND_ENUM = 6;
const SIGNED = 1 << 31;

/** Writes BTF: types are numbered from 1 in the order added. */
class BtfBytes {
  readonly #words: number[] = [];
  #text = '\0';
  #count = 0;

  name(text: string): number {
    if (text === '') return 0;
    const at = this.#text.length;
    this.#text += `${text}\0`;
    return at;
  }

  add(kind: number, name: string, vlen: number, third: number, ...rest: number[]): number {
    const flags = kind & SIGNED;
    this.#words.push(this.name(name), flags | ((kind & 0x1f) << 24) | vlen, third, ...rest);
    this.#count += 1;
    return this.#count;
  }

  ptr(to: number): number {
    return this.add(2, '', 0, to);
  }

  func(name: string, returns: number, parameters: readonly (readonly [string, number])[]): number {
    const proto = this.add(
      13,
      '',
      parameters.length,
      returns,
      ...parameters.flatMap(([parameter, type]) => [this.name(parameter), type]),
    );
    return this.add(12, name, 1, proto);
  }

  bytes(): Uint8Array {
    const types = Uint32Array.from(this.#words);
    const head = Uint32Array.of(0x1_eb9f, 24, 0, types.byteLength, types.byteLength);
    return Buffer.concat([
      new Uint8Array(head.buffer),
      new Uint8Array(Uint32Array.of(this.#text.length).buffer),
      new Uint8Array(types.buffer),
      Buffer.from(this.#text, 'latin1'),
    ]);
  }
}

const prototypeOf = (bytes: Uint8Array, name: string): string => {
  const found = new KernelBtf(bytes).prototypes([name]).get(name);
  if (found === undefined) return 'none';
  return `${found.returns}(${found.parameters.map((one) => `${one.type}: ${one.name}`).join(', ')})`;
};

describe('the BTF of a kernel', () => {
  test('says the prototype of a function in C', () => {
    const btf = new BtfBytes();
    const int = btf.add(1, 'int', 0, 4, 0);
    const u32 = btf.add(8, '__be32', 0, int);
    const flow = btf.add(4, 'flowi4', 1, 4, btf.name('daddr'), u32, 0);
    const constFlow = btf.add(10, '', 0, flow);
    const device = btf.add(7, 'net_device', 0, 0);
    const reason = btf.add(19, 'skb_drop_reason', 1, 8, btf.name('NONE'), 0, 0);
    const tagged = btf.add(18, 'rcu', 0, device);
    btf.func('ip_find', reason, [
      ['flow', btf.ptr(constFlow)],
      ['dev', btf.ptr(tagged)],
      ['at', btf.ptr(btf.ptr(device))],
      ['addr', u32],
    ]);
    btf.func('ip_give', btf.ptr(device), []);
    expect(prototypeOf(btf.bytes(), 'ip_find')).toBe(
      'enum skb_drop_reason(const struct flowi4 *: flow, struct net_device *: dev, struct net_device **: at, __be32: addr)',
    );
    expect(prototypeOf(btf.bytes(), 'ip_give')).toBe('struct net_device *()');
    expect(prototypeOf(btf.bytes(), 'ip_take')).toBe('none');
  });

  test('says types that C writes around the name', () => {
    const btf = new BtfBytes();
    const int = btf.add(1, 'int', 0, 4, 0);
    const char = btf.add(1, 'char', 0, 1, 0);
    const array = btf.add(3, '', 0, 0, char, int, 16);
    const callback = btf.add(13, '', 2, int, 0, btf.ptr(0), 0, array);
    const fixed = btf.add(10, '', 0, btf.ptr(char));
    btf.func('ip_call', 0, [
      ['call', btf.ptr(callback)],
      ['fixed', fixed],
      ['bits', btf.add(9, '', 0, btf.add(5, '', 0, 4))],
      ['half', btf.add(16, 'float', 0, 4)],
      ['', 0],
    ]);
    expect(prototypeOf(btf.bytes(), 'ip_call')).toBe(
      'void(int (*)(void *, char[16]): call, char * const: fixed, volatile union {…}: bits, float: half, ...: )',
    );
  });

  test('numbers types over kinds that say more behind them', () => {
    const btf = new BtfBytes();
    const int = btf.add(1, 'int', 0, 4, 0);
    btf.add(14, 'jiffies', 0, int, 1);
    btf.add(15, '.data', 2, 8, 2, 0, 4, 2, 4, 4);
    btf.add(17, 'tag', 0, int, 0);
    btf.add(11, '', 0, int);
    const id = btf.func('ip_after', int, [['x', int]]);
    const found = new KernelBtf(btf.bytes()).prototypes(['ip_after']).get('ip_after');
    expect(found).toEqual({ id, parameters: [{ name: 'x', type: 'int' }], returns: 'int' });
  });

  test('gives the values of an enum, signed and wide ones too', () => {
    const btf = new BtfBytes();
    const minus = 0xff_ff_ff_ff;
    btf.add(KIND_ENUM, 'reason', 0, 4);
    btf.add(KIND_ENUM, 'reason', 2, 4, btf.name('A'), 0, btf.name('B'), minus);
    btf.add(KIND_ENUM | SIGNED, 'signed', 1, 4, btf.name('MINUS'), minus);
    btf.add(19, 'wide', 1, 8, btf.name('BIG'), 1, 2);
    btf.add(19 | SIGNED, 'wide_signed', 1, 8, btf.name('LESS'), minus - 1, minus);
    const kernel = new KernelBtf(btf.bytes());
    expect([...kernel.enumNames('reason')]).toEqual([
      [0, 'A'],
      [minus, 'B'],
    ]);
    expect([...kernel.enumNames('signed')]).toEqual([[-1, 'MINUS']]);
    expect([...kernel.enumNames('wide')]).toEqual([[2 ** 33 + 1, 'BIG']]);
    expect([...kernel.enumNames('wide_signed')]).toEqual([[-2, 'LESS']]);
    expect([...kernel.enumNames('nothing')]).toEqual([]);
  });

  test('is read from bytes at any place of a buffer', () => {
    const btf = new BtfBytes();
    btf.func('ip_zero', 0, []);
    const moved = Buffer.concat([Uint8Array.of(7), btf.bytes()]).subarray(1);
    expect(prototypeOf(moved, 'ip_zero')).toBe('void()');
  });

  describe('is refused in one line', () => {
    const patched = (offset: number, value: number): Uint8Array => {
      const btf = new BtfBytes();
      btf.func('ip_zero', 0, [['x', btf.add(1, 'int', 0, 4, 0)]]);
      const bytes = btf.bytes();
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(offset, value, true);
      return bytes;
    };

    test.each<[string, Uint8Array, string]>([
      ['no header', new Uint8Array(3), 'expected a header, got 3 bytes'],
      ['other magic', patched(0, 0x1_7f45), 'expected the magic number 0xeb9f, got 0x7f45'],
      ['a short file', patched(20, 1_000_000), 'expected sections within the file'],
      ['an unknown kind', patched(28, 31 << 24), 'expected a kind of type up to 19, got 31'],
      ['a type cut off', patched(28, (4 << 24) | 9999), 'expected whole types'],
      ['a name outside', patched(52, 5000), 'expected a name within'],
      ['a type outside', patched(56, 77), 'expected a type up to 3, got 77'],
      ['a function without prototype', patched(68, 1), 'expected a prototype behind each function'],
    ])('%s', (_, bytes, words) => {
      const read = (): unknown => new KernelBtf(bytes).prototypes(['ip_zero']);
      expect(read).toThrow(words);
      expect(read).toThrow(/^BTF of the kernel: [^\n]*$/);
    });

    test('types that end in themselves', () => {
      const btf = new BtfBytes();
      btf.func('ip_loop', 0, [['x', 3]]);
      btf.add(2, '', 0, 3);
      expect(() => new KernelBtf(btf.bytes()).prototypes(['ip_loop'])).toThrow(
        'expected at most 32 types within each other',
      );
    });
  });

  const real = '/sys/kernel/btf/vmlinux';
  const onKernel = existsSync(real) ? test : test.skip;
  onKernel('of the running kernel says what the routing code takes', () => {
    const kernel = new KernelBtf(readFileSync(real));
    const found = kernel.prototypes(['fib_table_lookup', 'ip6_route_output_flags', 'fib_lookup']);
    expect([...found.keys()].sort()).toEqual(['fib_table_lookup', 'ip6_route_output_flags']);
    expect(found.get('fib_table_lookup')).toMatchObject({
      parameters: [
        { name: 'tb', type: 'struct fib_table *' },
        { name: 'flp', type: 'const struct flowi4 *' },
        { name: 'res', type: 'struct fib_result *' },
        { name: 'fib_flags', type: 'int' },
      ],
      returns: 'int',
    });
    expect(found.get('ip6_route_output_flags')?.returns).toBe('struct dst_entry *');
    expect(kernel.enumNames('tcp_ca_state').get(4)).toBe('TCP_CA_Loss');
  });
});
