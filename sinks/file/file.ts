import { resolve } from 'node:path';
import type { OpenSink, Sink } from '../../core/sink.js';
import { lineWriter, textStyle, type LineOptions } from '../line.js';
import { byteSize, duration, integer, oneOf, readOptions, yesNo } from '../options.js';
import { LineQueue } from '../line-queue.js';
import { FileWriter } from './file-writer.js';
import { Rotation } from './rotation.js';
import { openTarget } from './target.js';

const OPTIONS = {
  format: oneOf('json', 'text'),
  rotate: byteSize(1024),
  every: duration,
  keep: integer(1, 9999),
  gzip: yesNo,
  queue: byteSize(4096),
  full: yesNo,
  raw: yesNo,
};

const DEFAULT_KEEP = 7;
const FLUSH_MS = 4000;
const CLOSE_MS = 3000;

/**
 * Records appended to a file, JSON Lines unless `format=text`.
 * @throws {RoutetapError} usage: a wrong option; runtime: the file can't be opened.
 */
const openFile = (options: LineOptions): Sink => {
  const values = readOptions('file', OPTIONS, options.options);
  const lines = lineWriter({
    format: values.format ?? 'json',
    full: values.full ?? options.full,
    raw: values.raw ?? options.raw,
    colour: false,
    style: textStyle(options),
  });
  const path = resolve(options.target);
  const target = openTarget(path);
  const queue = new LineQueue(lines, values.queue);
  const rotation = new Rotation({
    path,
    maxBytes: values.rotate ?? Infinity,
    everyMs: values.every ?? Infinity,
    keep: values.keep ?? DEFAULT_KEEP,
    gzip: values.gzip ?? true,
    warn: options.warn,
  });
  const writer = new FileWriter({ target, queue, rotation, warn: options.warn });
  return {
    name: 'file',
    counters: queue,
    get backlogBytes() {
      return queue.bytes;
    },
    write(records) {
      queue.push(records);
      writer.wake();
    },
    reopen() {
      writer.reopen();
    },
    async flush() {
      await queue.settled(FLUSH_MS);
    },
    async close() {
      await queue.settled(CLOSE_MS);
      await writer.stop();
      queue.giveUp();
    },
  };
};

export default openFile satisfies OpenSink;
