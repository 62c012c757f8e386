import type { OpenSink } from '../../core/sink.js';
import type { GuardableSink } from '../../core/guard-sink.js';
import { lineWriter, textStyle, type LineOptions } from '../line.js';
import { byteSize, oneOf, readOptions, yesNo } from '../options.js';
import { LineQueue } from '../line-queue.js';
import { openOutput, wantsColour } from './output.js';
import { FdWriter } from './fd-writer.js';

const OPTIONS = {
  format: oneOf('text', 'json'),
  colour: oneOf('auto', 'always', 'never'),
  queue: byteSize(4096),
  full: yesNo,
  raw: yesNo,
};

const FLUSH_MS = 4000;
const CLOSE_MS = 3000;

/** Records on standard output: one readable line each, or JSON Lines with `format=json`. */
const openStdout = (options: LineOptions, fd = 1): GuardableSink => {
  const values = readOptions('stdout', OPTIONS, options.options);
  const colour =
    values.colour === 'always' || (values.colour !== 'never' && wantsColour(fd, process.env));
  const lines = lineWriter({
    format: values.format ?? 'text',
    full: values.full ?? options.full,
    raw: values.raw ?? options.raw,
    colour,
    style: textStyle(options),
  });
  const queue = new LineQueue(lines, values.queue);
  const writer = new FdWriter(openOutput(fd), queue, options.warn);
  return {
    name: 'stdout',
    counters: queue,
    get backlogBytes() {
      return queue.bytes;
    },
    get closed() {
      return writer.isBroken;
    },
    whenClosed: writer.whenBroken,
    write(records) {
      if (writer.isBroken) {
        queue.dropped += records.length;
        return;
      }
      queue.push(records);
      writer.wake();
    },
    async flush() {
      await queue.settled(FLUSH_MS);
    },
    async close() {
      await queue.settled(CLOSE_MS);
      writer.stop();
      queue.giveUp();
    },
  };
};

export default openStdout satisfies OpenSink;
