// C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width and other invisible
// formats, tags, and halves of surrogate pairs: what can rewrite or hide a line on a terminal.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;

const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

/**
 * Text from outside (comm, interface, namespace, unit names) made harmless for a terminal or a log line:
 * control and bidirectional characters become `\xNN` or `\u{N}`, a backslash becomes `\\`.
 */
export function escapeText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

const PLAIN_JSON = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * A JSON string literal. What JSON itself lets through but a terminal acts on (DEL, C1, bidirectional
 * controls) is written as `\uNNNN` too.
 */
export function quoteJson(text: string): string {
  if (PLAIN_JSON.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(UNSAFE, (character) => {
    let escaped = '';
    for (let at = 0; at < character.length; at++) {
      escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
    }
    return escaped;
  });
}
