import type { RoutetapRecord } from '../core/event.js';
import { jsonLine } from '../core/format/json.js';
import { putJsonLine } from '../core/format/json-template.js';
import { textLine, type TextOptions } from '../core/format/text.js';
import type { SinkOptions } from '../core/sink.js';

/** How readable text is written, besides its colour. */
export type TextStyle = Omit<TextOptions, 'colour'>;

/** What the built-in sinks take besides the contract: names and extent of readable text. */
export interface LineOptions extends SinkOptions, TextStyle {}

/** The part of `options` that readable text needs. */
export const textStyle = ({ names, showZone, verbose }: TextStyle): TextStyle => ({
  names,
  showZone: showZone ?? false,
  verbose: verbose ?? false,
});

export interface LineFormat {
  readonly format: 'json' | 'text';
  readonly full: boolean;
  readonly raw: boolean;
  readonly colour: boolean;
  readonly style: TextStyle;
}

/** How records become lines, newline included. */
export interface LineWriter<Item> {
  line(item: Item): string;
  /**
   * The quick way: writes the same line as UTF-8 from `at` on and returns where it ends, or -1 where only `line` can
   * make it or there is no room.
   */
  put?(item: Item, bytes: Uint8Array, at: number): number;
}

export const lineWriter = (options: LineFormat): LineWriter<RoutetapRecord> => {
  const { full, raw } = options;
  const text: TextOptions = { ...options.style, colour: options.colour };
  if (options.format === 'text') return { line: (record) => `${textLine(record, text)}\n` };
  const line = (record: RoutetapRecord): string => `${jsonLine(record, { full, raw })}\n`;
  return full || raw ? { line } : { line, put: putJsonLine };
};
