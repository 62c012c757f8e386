import { execFileSync, spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { compileTool } from '../../tools/compile.js';

/** A message in an answer: where its payload stands, nlmsghdr right before it. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly flags: number;
  readonly start: number;
  readonly end: number;
}

/** The messages of a run of datagrams. */
function messagesOf(bytes: Uint8Array): readonly Message[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Message[] = [];
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = view.getUint32(at, true);
    messages.push({
      bytes,
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      start: at + 16,
      end: at + length,
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

/** A route message as readRouteBody wants it: family, protocol, scope, type, flags, attributes. */
export function bodyOf({ bytes, start, end }: Message): Uint8Array {
  const body = new Uint8Array(end - start - 4);
  body[0] = bytes[start] ?? 0;
  body.set(bytes.subarray(start + 5, start + 8), 1);
  body.set(bytes.subarray(start + 8, end), 4);
  return body;
}

const PATIENCE_MS = 20_000;

/** Waits for what the kernel does by itself after a command (carrier, addresses of IPv6). */
export async function eventually(holds: () => boolean): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > until) throw new Error(`waited ${PATIENCE_MS} ms in vain`);
    await setTimeout(20);
  }
}

/** A namespace of the test's own. */
export class TestNamespace {
  readonly name: string;
  readonly #exchange: string;

  constructor(label: string) {
    this.name = `rt-${label}-${process.pid}`;
    this.#exchange = compileTool('netlink-exchange');
    execFileSync('ip', ['netns', 'add', this.name]);
  }

  remove(): void {
    execFileSync('ip', ['netns', 'del', this.name]);
  }

  /** Runs `ip` with these arguments; what it wrote to stderr, '' for success. */
  attempt(line: string): string {
    return spawnSync('ip', ['-n', this.name, ...line.split(' ')], { encoding: 'utf8' }).stderr;
  }

  ip(line: string): void {
    execFileSync('ip', ['-n', this.name, ...line.split(' ')]);
  }

  json(line: string): readonly Record<string, unknown>[] {
    const text = execFileSync('ip', ['-n', this.name, '-j', ...line.split(' ')], {
      encoding: 'utf8',
    });
    return JSON.parse(text) as Record<string, unknown>[];
  }

  /** The kernel's answer to a request. */
  exchange(request: Uint8Array): readonly Message[] {
    return messagesOf(
      execFileSync('ip', ['netns', 'exec', this.name, this.#exchange], {
        input: request,
        maxBuffer: 1 << 26,
      }),
    );
  }
}
