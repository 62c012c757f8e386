import { RT_STEP_BYTES } from '../bpf/layout.gen.js';
import { RoutetapError } from '../errors.js';
import { buildFrame, frameBytes, FRAME_HEADER_BYTES, FRAME_KIND } from '../frame.js';
import { readTraceHeader, type TraceHeader } from './trace-header.js';
import type { TraceZone } from './model.js';

/**
 * A saved trace: this magic line, one line of JSON (`TraceHeader`), then frames of core/frame.ts: STEPS, IMPLIED and
 * ZONES. A namespace's name stands before the records that need it.
 */
const TRACE_MAGIC = 'routetap trace 1\n';

/** Functions with their prototypes take some 20 KiB. */
const HEADER_LIMIT_BYTES = 4 << 20;
const PAYLOAD_LIMIT_BYTES = 64 << 20;
/** Of a STEPS frame: the i64 before the records. */
const OFFSET_BYTES = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Magic and header line as bytes. */
export const encodeTraceHeader = (header: TraceHeader): Uint8Array =>
  encoder.encode(`${TRACE_MAGIC}${JSON.stringify(header)}\n`);

/** A batch of records as the ring gave them, and how many more were lost. */
export interface Steps {
  /** To be added to a record's `time_ns`. */
  readonly wallOffsetNs: bigint;
  /** Whole records. */
  readonly records: Uint8Array;
  readonly lost: number;
  /** What had been quiet for long was given out at this time, ns since the epoch, before the records; 0: nothing was. */
  readonly settledNs: bigint;
}

export function stepsFrame({ wallOffsetNs, records, lost, settledNs }: Steps): Uint8Array {
  const payload = new Uint8Array(OFFSET_BYTES + records.length);
  new DataView(payload.buffer).setBigInt64(0, wallOffsetNs, true);
  payload.set(records, OFFSET_BYTES);
  const value = Math.min(lost, 0xffff_ffff);
  return buildFrame({ kind: FRAME_KIND.STEPS, zone: 0, timeNs: settledNs, value, payload });
}

const jsonFrame = (kind: number, value: unknown): Uint8Array =>
  buildFrame({ kind, zone: 0, timeNs: 0n, payload: encoder.encode(JSON.stringify(value)) });

export const zoneFrame = (zone: TraceZone): Uint8Array => jsonFrame(FRAME_KIND.ZONES, zone);

/** `implied`: JSON data as core/trace/implied-calls.ts makes it. */
export const impliedFrame = (implied: unknown): Uint8Array =>
  jsonFrame(FRAME_KIND.IMPLIED, implied);

/** What a saved trace holds after its header. */
export type TracePart =
  | { readonly kind: 'steps'; readonly steps: Steps }
  | { readonly kind: 'zone'; readonly zone: TraceZone }
  | { readonly kind: 'implied'; readonly implied: unknown };

const broken = (at: number, what: string): RoutetapError =>
  new RoutetapError('runtime', `broken at byte ${at}: ${what}`);

function readJson(payload: Uint8Array, at: number): unknown {
  try {
    return JSON.parse(decoder.decode(payload)) as unknown;
  } catch {
    throw broken(at, 'expected JSON in a frame');
  }
}

function readZone(value: unknown, at: number): TraceZone {
  const { id, name } = (typeof value === 'object' && value !== null ? value : {}) as {
    readonly id?: unknown;
    readonly name?: unknown;
  };
  if (typeof id === 'number' && (name === null || typeof name === 'string')) return { id, name };
  throw broken(at, 'expected a namespace with id and name');
}

function readSteps(frame: Frame, at: number): Steps {
  const { payload, value, timeNs } = frame;
  const bytes = payload.length - OFFSET_BYTES;
  if (bytes < 0 || bytes % RT_STEP_BYTES !== 0) {
    throw broken(at, `expected records of ${RT_STEP_BYTES} bytes, got ${Math.max(bytes, 0)} bytes`);
  }
  const view = new DataView(payload.buffer, payload.byteOffset);
  return {
    wallOffsetNs: view.getBigInt64(0, true),
    records: payload.subarray(OFFSET_BYTES),
    lost: value,
    settledNs: timeNs,
  };
}

interface Frame {
  readonly kind: number;
  readonly value: number;
  readonly timeNs: bigint;
  readonly payload: Uint8Array;
}

/** Null: a kind of a newer routetap, which is passed over. */
function readPart(frame: Frame, at: number): TracePart | null {
  const { kind, payload } = frame;
  switch (kind) {
    case FRAME_KIND.STEPS:
      return { kind: 'steps', steps: readSteps(frame, at) };
    case FRAME_KIND.ZONES:
      return { kind: 'zone', zone: readZone(readJson(payload, at), at) };
    case FRAME_KIND.IMPLIED:
      return { kind: 'implied', implied: readJson(payload, at) };
    default:
      return null;
  }
}

/** Splits a saved trace into its parts, whatever chunks the file arrives in. */
export class TraceSplitter {
  #header: TraceHeader | null = null;
  #held: Uint8Array = new Uint8Array(0);
  /** Offset of `#held` in the file. */
  #offset = 0;

  /** Null until the header line is whole. */
  get header(): TraceHeader | null {
    return this.#header;
  }

  /**
   * Takes the next bytes; gives the parts they complete. Throws a runtime RoutetapError where the bytes are no saved
   * trace: what stood before it has been given then.
   */
  *push(chunk: Uint8Array): Generator<TracePart> {
    const joined = new Uint8Array(this.#held.length + chunk.length);
    joined.set(this.#held);
    joined.set(chunk, this.#held.length);
    this.#held = joined;
    if (this.#header === null && !this.#takeHeader()) return;
    const held = this.#held;
    const view = new DataView(held.buffer, held.byteOffset, held.byteLength);
    let at = 0;
    while (at + FRAME_HEADER_BYTES <= held.length) {
      const length = view.getUint32(at, true);
      const kind = view.getUint16(at + 4, true);
      const place = this.#offset + at;
      if (length > PAYLOAD_LIMIT_BYTES || kind === 0) {
        throw broken(place, `expected a frame, got kind ${kind} with ${length} bytes`);
      }
      const end = at + frameBytes(length);
      if (end > held.length) break;
      const start = at + FRAME_HEADER_BYTES;
      const part = readPart(
        {
          kind,
          value: view.getUint32(at + 12, true),
          timeNs: view.getBigUint64(at + 16, true),
          // Records are read as 64-bit numbers: they begin a buffer of their own.
          payload: held.slice(start, start + length),
        },
        place,
      );
      at = end;
      if (part !== null) yield part;
    }
    this.#held = held.subarray(at);
    this.#offset += at;
  }

  /** Nothing follows. Throws when the file ends inside its header or a frame. */
  end(): void {
    if (this.#header === null) {
      const what = this.#held.length === 0 ? 'an empty file' : 'the beginning of one';
      throw new RoutetapError('runtime', `expected a file of routetap trace --save, got ${what}`);
    }
    const torn = this.#held.length;
    if (torn > 0)
      throw new RoutetapError('runtime', `cut off: ${torn} bytes of a frame at its end`);
  }

  #takeHeader(): boolean {
    const held = this.#held;
    const seen = Math.min(held.length, TRACE_MAGIC.length);
    for (let i = 0; i < seen; i++) {
      if (held[i] !== TRACE_MAGIC.charCodeAt(i)) {
        throw new RoutetapError(
          'runtime',
          'expected a file of routetap trace --save, got something else',
        );
      }
    }
    const end = held.indexOf(0x0a, TRACE_MAGIC.length);
    if (end < 0) {
      if (held.length <= HEADER_LIMIT_BYTES) return false;
      throw new RoutetapError('runtime', 'expected a header line, got none');
    }
    this.#header = readTraceHeader(decoder.decode(held.subarray(TRACE_MAGIC.length, end)));
    this.#held = held.subarray(end + 1);
    this.#offset = end + 1;
    return true;
  }
}
