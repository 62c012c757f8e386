import { RoutetapError } from '../errors.js';

const NS_PER_SECOND = 1_000_000_000;
const SECOND = BigInt(NS_PER_SECOND);

const THREE_DIGITS: readonly string[] = Array.from({ length: 1000 }, (_, n) =>
  String(n).padStart(3, '0'),
);

const twoDigits = (n: number): string => (n < 10 ? `0${n}` : String(n));

const digits = (n: number): string => THREE_DIGITS[n] ?? '000';

/** The second `timeNs` lies in, as ns since the epoch; floors before 1970 too. */
function startOfSecond(timeNs: bigint): bigint {
  const rest = timeNs % SECOND;
  return rest < 0n ? timeNs - rest - SECOND : timeNs - rest;
}

// Events come many to a second, so the second's text and its first nanosecond are kept: what is left
// per event is one bigint subtraction, the costly part of the work.
let isoBase = 0n;
let isoSecond = '1970-01-01T00:00:00.';

/** ISO 8601 UTC with nanoseconds: `2026-11-22T14:21:06.148835123Z`. `timeNs` counts from the epoch. */
export function isoTime(timeNs: bigint): string {
  let ns = Number(timeNs - isoBase);
  if (!(ns >= 0 && ns < NS_PER_SECOND)) {
    isoBase = startOfSecond(timeNs);
    isoSecond = new Date(Number(isoBase / 1_000_000n)).toISOString().slice(0, 20);
    ns = Number(timeNs - isoBase);
  }
  const us = (ns / 1000) | 0;
  const ms = (us / 1000) | 0;
  return isoSecond + digits(ms) + digits(us - ms * 1000) + digits(ns - us * 1000) + 'Z';
}

let putBase = -1n;
let putNs: bigint | null = null;
const put = new Uint8Array(30);

function putDigits(at: number, n: number): void {
  const tens = (n / 10) | 0;
  const hundreds = (tens / 10) | 0;
  put[at] = 0x30 + hundreds;
  put[at + 1] = 0x30 + tens - hundreds * 10;
  put[at + 2] = 0x30 + n - tens * 10;
}

/** Writes the 30 characters of isoTime() and returns where they end. */
export function putIsoTime(bytes: Uint8Array, at: number, timeNs: bigint): number {
  if (timeNs !== putNs) {
    const ns = Number(timeNs - putBase);
    if (putNs !== null && ns >= 0 && ns < NS_PER_SECOND) {
      const us = (ns / 1000) | 0;
      const ms = (us / 1000) | 0;
      putDigits(20, ms);
      putDigits(23, us - ms * 1000);
      putDigits(26, ns - us * 1000);
    } else {
      putBase = startOfSecond(timeNs);
      const text = isoTime(timeNs);
      for (let index = 0; index < put.length; index += 1) put[index] = text.charCodeAt(index);
    }
    putNs = timeNs;
  }
  bytes.set(put, at);
  return at + put.length;
}

let clockBase = -1n;
let clockSecond = '';

/** Local wall-clock time, `14:21:06.148835`: what `ip -ts` shows of the day. */
export function clockTime(timeNs: bigint): string {
  let ns = Number(timeNs - clockBase);
  if (clockSecond === '' || !(ns >= 0 && ns < NS_PER_SECOND)) {
    clockBase = startOfSecond(timeNs);
    const date = new Date(Number(clockBase / 1_000_000n));
    clockSecond = `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}.`;
    ns = Number(timeNs - clockBase);
  }
  const us = (ns / 1000) | 0;
  const ms = (us / 1000) | 0;
  return clockSecond + digits(ms) + digits(us - ms * 1000);
}

const ISO_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/**
 * Nanoseconds since the epoch of an ISO 8601 time with zone, up to nine decimals.
 * Throws a runtime RoutetapError for anything else.
 */
export function timeNsOf(iso: string): bigint {
  const match = ISO_TIME.exec(iso);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1] ?? ''}${match[3] ?? ''}`);
  if (Number.isNaN(ms)) {
    throw new RoutetapError(
      'runtime',
      `expected a time like 2026-11-22T14:21:06.148835123Z, got ${JSON.stringify(iso)}`,
    );
  }
  return BigInt(ms) * 1_000_000n + BigInt((match?.[2] ?? '').padEnd(9, '0'));
}
