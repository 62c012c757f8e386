import { RoutetapError } from './errors.js';
import { buildFrame, frameBytes, FRAME_HEADER_BYTES, FRAME_KIND } from './frame.js';

/**
 * The recording format: this magic line, one line of JSON (`RecordingHeader`), then frames exactly as
 * core/frame.ts has them. A BATCH frame closes what the engine was fed at once.
 */
export const RECORDING_MAGIC = 'routetap recording 1\n';

/** The header line may not be longer; a file without a newline is no recording. */
const HEADER_LIMIT_BYTES = 1 << 20;

/** No datagram and no slab is longer; a larger length is a broken file. */
const PAYLOAD_LIMIT_BYTES = 64 << 20;

/** What a replay must know so that it prints what the live run printed. */
export interface RecordingHeader {
  /** Version of the routetap that wrote it. */
  readonly version: string;
  /** `host` of every record. */
  readonly host: string;
  /** The options of the engine that decide which records come out, as plain JSON data. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Magic and header line as bytes. */
export function encodeRecordingHeader(header: RecordingHeader): Uint8Array {
  return new TextEncoder().encode(`${RECORDING_MAGIC}${JSON.stringify(header)}\n`);
}

/** The frame which closes a batch. */
export const batchEnd = (): Uint8Array =>
  buildFrame({ kind: FRAME_KIND.BATCH, zone: 0, timeNs: 0n });

function parseHeader(line: string): RecordingHeader {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new RoutetapError('runtime', 'recording header: expected a line of JSON', { cause });
  }
  const members = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const { version, host, options } = members;
  if (typeof host !== 'string' || typeof version !== 'string') {
    throw new RoutetapError('runtime', 'recording header: expected the members host and version');
  }
  return {
    version,
    host,
    options:
      typeof options === 'object' && options !== null ? (options as Record<string, unknown>) : {},
  };
}

/**
 * Splits a recording into its batches, whatever chunks the file arrives in.
 * Throws a RoutetapError (`runtime`) when the bytes are no recording or a frame cannot be one.
 */
export class RecordingSplitter {
  #header: RecordingHeader | null = null;
  #held: Uint8Array = new Uint8Array(0);
  /** Bytes of `#held` already known to be whole frames. */
  #scanned = 0;
  /** Offset of `#held` in the file. */
  #offset = 0;

  /** Null until the header line is whole. */
  get header(): RecordingHeader | null {
    return this.#header;
  }

  /** Takes the next bytes of the file; returns the frames of each batch they complete. */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#held.length === 0) {
      this.#held = chunk;
    } else {
      const joined = new Uint8Array(this.#held.length + chunk.length);
      joined.set(this.#held);
      joined.set(chunk, this.#held.length);
      this.#held = joined;
    }
    if (this.#header === null && !this.#takeHeader()) return [];
    return this.#takeBatches();
  }

  /**
   * Nothing follows. `batch` holds the whole frames after the last BATCH frame, null without;
   * `tornBytes` counts what a crash left of one more.
   */
  end(): { readonly batch: Uint8Array | null; readonly tornBytes: number } {
    if (this.#header === null) {
      throw new RoutetapError('runtime', 'recording ends inside its header line');
    }
    const batch = this.#scanned > 0 ? this.#held.slice(0, this.#scanned) : null;
    return { batch, tornBytes: this.#held.length - this.#scanned };
  }

  #takeHeader(): boolean {
    const held = this.#held;
    const seen = Math.min(held.length, RECORDING_MAGIC.length);
    for (let i = 0; i < seen; i++) {
      if (held[i] !== RECORDING_MAGIC.charCodeAt(i)) {
        throw new RoutetapError(
          'runtime',
          `not a recording: expected it to begin with "${RECORDING_MAGIC.trimEnd()}"`,
        );
      }
    }
    const end = held.indexOf(0x0a, RECORDING_MAGIC.length);
    if (end < 0) {
      if (held.length > HEADER_LIMIT_BYTES) {
        throw new RoutetapError(
          'runtime',
          `recording header: expected a line of at most ${HEADER_LIMIT_BYTES} bytes`,
        );
      }
      return false;
    }
    this.#header = parseHeader(
      new TextDecoder().decode(held.subarray(RECORDING_MAGIC.length, end)),
    );
    this.#held = held.subarray(end + 1);
    this.#offset = end + 1;
    return true;
  }

  #takeBatches(): Uint8Array[] {
    const batches: Uint8Array[] = [];
    const held = this.#held;
    const view = new DataView(held.buffer, held.byteOffset, held.byteLength);
    let start = 0;
    let at = this.#scanned;
    while (at + FRAME_HEADER_BYTES <= held.length) {
      const payloadLength = view.getUint32(at, true);
      const kind = view.getUint16(at + 4, true);
      if (payloadLength > PAYLOAD_LIMIT_BYTES || kind === 0) {
        throw new RoutetapError(
          'runtime',
          `recording broken at byte ${this.#offset + at}: expected a frame, got kind ${kind} with ${payloadLength} bytes`,
        );
      }
      const end = at + frameBytes(payloadLength);
      if (end > held.length) break;
      if (kind === FRAME_KIND.BATCH) {
        // The engine reads 64-bit fields: hand on bytes which begin their own buffer.
        if (at > start) batches.push(held.slice(start, at));
        start = end;
      }
      at = end;
    }
    this.#held = start === 0 ? held : held.slice(start);
    this.#offset += start;
    this.#scanned = at - start;
    return batches;
  }
}
