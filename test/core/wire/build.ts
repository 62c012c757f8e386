/** Pieces of netlink messages, for tests of what the kernel at hand does not send. */

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

export const u8 = (n: number): Uint8Array => Uint8Array.of(n);

export const u16le = (n: number): Uint8Array => Uint8Array.of(n & 0xff, n >>> 8);

export const u32le = (n: number): Uint8Array =>
  Uint8Array.of(n & 0xff, (n >>> 8) & 0xff, (n >>> 16) & 0xff, n >>> 24);

export const u32be = (n: number): Uint8Array => u32le(n).reverse();

/** Text with its NUL. */
export const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(`${value}\0`));

export const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** An attribute with its padding. */
export function attribute(type: number, ...payload: readonly Uint8Array[]): Uint8Array {
  const content = joined(...payload);
  const bytes = new Uint8Array((4 + content.length + 3) & ~3);
  bytes.set(u16le(4 + content.length), 0);
  bytes.set(u16le(type), 2);
  bytes.set(content, 4);
  return bytes;
}
