/** Numbers as the kernel's memory has them: knobs, keys and values of maps. */

export const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

export const u64 = (value: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(value).buffer);
