import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeText, quoteJson } from '../../../core/format/escape.js';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });

describe('strings from outside', () => {
  test('control characters become visible', () => {
    expect(escapeText('ip\u001b[31m\r\n\u007f')).toBe('ip\\x1b[31m\\x0d\\x0a\\x7f');
    expect(escapeText('\u009b0m')).toBe('\\x9b0m');
  });

  test('bidirectional, invisible and half characters become visible', () => {
    expect(escapeText('a\u202eb\u200bc\ud800')).toBe('a\\u{202e}b\\u{200b}c\\u{d800}');
    expect(escapeText('\u{e0041}')).toBe('\\u{e0041}');
  });

  test('a backslash is doubled, so that an escape cannot be forged', () => {
    expect(escapeText('\\x1b')).toBe('\\\\x1b');
    expect(escapeText('\\x1b')).not.toBe(escapeText('\u001b'));
  });

  test('ordinary text of any script passes unchanged', () => {
    expect(escapeText('kworker/u8:1 ünïcode 名前 😀')).toBe('kworker/u8:1 ünïcode 名前 😀');
  });

  test('different texts never look the same after escaping', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => (escapeText(a) === escapeText(b)) === (a === b)),
    );
    const decode = (text: string): string =>
      text.replace(/\\(?:\\|x([0-9a-f]{2})|u\{([0-9a-f]+)\})/g, (whole, x?: string, u?: string) =>
        whole === '\\\\' ? '\\' : String.fromCodePoint(Number.parseInt(x ?? u ?? '', 16)),
      );
    fc.assert(fc.property(anyText, (text) => decode(escapeText(text)) === text));
  });

  test('a JSON string reads back as it was and holds no character a terminal acts on', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const quoted = quoteJson(text);
        expect(JSON.parse(quoted)).toBe(text);

        expect(quoted).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});
