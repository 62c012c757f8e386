import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildFrame, FRAME_KIND } from '../../core/frame.js';
import {
  batchEnd,
  encodeRecordingHeader,
  RecordingSplitter,
  type RecordingHeader,
} from '../../core/recording.js';

const HEADER: RecordingHeader = { version: '0.1.0', host: 'r1', options: { snapshot: true } };

const joined = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

const frame = (payload: Uint8Array): Uint8Array =>
  buildFrame({ kind: FRAME_KIND.DATAGRAM, zone: 1, timeNs: 5n, payload });

/** Splits a file given in these pieces. */
function split(file: Uint8Array, cuts: readonly number[]) {
  const splitter = new RecordingSplitter();
  const batches: Uint8Array[] = [];
  let at = 0;
  for (const cut of [...cuts.map((n) => n % (file.length + 1)), file.length].sort(
    (a, b) => a - b,
  )) {
    batches.push(...splitter.push(file.subarray(at, cut)));
    at = cut;
  }
  return { splitter, batches, end: splitter.end() };
}

describe('a recording', () => {
  test('comes apart into the batches it was made of, whatever the chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.uint8Array({ maxLength: 70 }), { minLength: 1, maxLength: 4 }), {
          maxLength: 6,
        }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (payloads, cuts) => {
          const batches = payloads.map((batch) => joined(batch.map(frame)));
          const file = joined([
            encodeRecordingHeader(HEADER),
            ...batches.flatMap((batch) => [batch, batchEnd()]),
          ]);
          const result = split(file, cuts);
          expect(result.splitter.header).toEqual(HEADER);
          expect(result.batches.map((batch) => Buffer.from(batch))).toEqual(batches);
          expect(result.end).toEqual({ batch: null, tornBytes: 0 });
        },
      ),
    );
  });

  test('that was cut off anywhere gives its whole frames and counts the torn bytes', () => {
    const first = frame(new Uint8Array([1, 2, 3]));
    const second = frame(new Uint8Array(40).fill(7));
    const head = encodeRecordingHeader(HEADER);
    const file = joined([head, first, batchEnd(), first, second]);
    const lastFrame = file.length - second.length;
    for (let length = lastFrame; length < file.length; length++) {
      const { batches, end } = split(file.subarray(0, length), [100]);
      expect(batches).toHaveLength(1);
      expect(end.batch).toHaveLength(first.length);
      expect(end.tornBytes).toBe(length - lastFrame);
    }
  });

  test.each([
    [
      'other bytes',
      'pcap or so\n{}\n',
      'not a recording: expected it to begin with "routetap recording 1"',
    ],
    [
      'a header which is no JSON',
      'routetap recording 1\nhm\n',
      'recording header: expected a line of JSON',
    ],
    [
      'a header without a host',
      'routetap recording 1\n{}\n',
      'recording header: expected the members host and version',
    ],
  ])('with %s is refused in one line', (_, text, message) => {
    const splitter = new RecordingSplitter();
    expect(() => splitter.push(new TextEncoder().encode(text))).toThrow(
      expect.objectContaining({ kind: 'runtime', message }),
    );
  });

  test('ending in its header is refused', () => {
    const splitter = new RecordingSplitter();
    splitter.push(new TextEncoder().encode('routetap recording 1\n{"ho'));
    expect(() => splitter.end()).toThrow('recording ends inside its header line');
  });

  test('with something that is no frame says where', () => {
    const head = encodeRecordingHeader(HEADER);
    const file = joined([head, frame(new Uint8Array(3)), new Uint8Array(64).fill(0xff)]);
    expect(() => split(file, [])).toThrow(
      `recording broken at byte ${head.length + 40}: expected a frame, got kind 65535 with 4294967295 bytes`,
    );
  });
});
