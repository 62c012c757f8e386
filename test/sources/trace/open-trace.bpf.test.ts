import { afterEach, describe, expect, test } from '@jest/globals';
import { RT_STEP, RT_STEP_BYTES, RT_STEP_KIND } from '../../../core/bpf/layout.gen.js';
import { followCommand } from '../../../sources/trace/follow-command.js';
import { openTrace, type OpenedTrace } from '../../../sources/trace/open-trace.js';

let opened: OpenedTrace | null = null;

afterEach(() => {
  opened?.close();
  opened = null;
});

interface Step {
  readonly kind: number;
  readonly tid: number;
  readonly dst: string;
}

function stepsOf(bytes: Uint8Array): Step[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / RT_STEP_BYTES }, (_, index) => {
    const at = index * RT_STEP_BYTES;
    const dst = at + RT_STEP.flow_dst;
    return {
      kind: view.getUint8(at + RT_STEP.kind),
      tid: view.getUint32(at + RT_STEP.tid, true),
      dst: bytes.subarray(dst, dst + 4).join('.'),
    };
  });
}

const sendTo = (address: string): string =>
  `const socket = require('node:dgram').createSocket('udp4');
   socket.send('x', 9, '${address}', () => socket.close());`;

describe('a trace of this kernel', () => {
  test('by tracepoints sees the lookups of the process that is followed, and of no other', async () => {
    const steps: Step[] = [];
    opened = openTrace({
      mechanisms: ['tracepoint'],
      filters: { isFollowing: true },
      onBatch: (bytes) => steps.push(...stepsOf(bytes)),
    });
    const trace = opened;
    expect(trace.info.tier).toBe('tracepoint');
    expect(trace.info.functions.map(({ name }) => name)).toContain('fib:fib_table_lookup');
    const other = followCommand([process.execPath, '-e', sendTo('127.0.0.77')], () => undefined);
    expect(await other.end).toEqual({ code: 0, signal: null });
    const command = followCommand([process.execPath, '-e', sendTo('127.0.0.78')], (pid) => {
      trace.follow(pid);
    });
    expect(await command.end).toEqual({ code: 0, signal: null });
    trace.drain();
    const points = steps.filter(({ kind }) => kind === RT_STEP_KIND.point);
    const seen = points.map(({ dst }) => dst);
    expect(seen).toContain('127.0.0.78');
    expect(seen).not.toContain('127.0.0.77');
  });

  test('says in one line why nothing can be watched', () => {
    expect(() => openTrace({ mechanisms: [], filters: {}, onBatch: () => undefined })).toThrow(
      /^trace: expected an eBPF tier, got none: [^\n]+$/,
    );
  });
});
