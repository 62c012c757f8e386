import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import { loadLibbpf, type Libbpf } from '../../sources/bpf/libbpf.js';

const SOURCES = fileURLToPath(new URL('../../bpf/', import.meta.url));
const TICKS = fileURLToPath(new URL('./ticks.bpf.c', import.meta.url));

/** A folder with ticks.bpf.c compiled under the name of a probe. */
export function compiledTicks(probe: string): { readonly folder: string; readonly bytes: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), `routetap-bpf-${process.pid}-`));
  const object = join(folder, `${probe}.bpf.o`);
  const flags = ['-target', 'bpf', '-mcpu=v3', '-D__TARGET_ARCH_x86', '-O2', '-g', '-std=gnu11'];
  try {
    execFileSync('clang', [...flags, `-I${SOURCES}`, '-o', object, '-c', TICKS]);
    return { folder, bytes: readFileSync(object) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

export function libbpf(): Libbpf {
  const loaded = loadLibbpf();
  if ('missing' in loaded) throw new Error(loaded.missing);
  return loaded;
}

export const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);
export const u64 = (value: bigint): Uint8Array =>
  new Uint8Array(new BigUint64Array([value]).buffer);

/** Numbers of the kernel's eBPF objects, by kind as bpftool names them. */
export interface Held {
  readonly prog: readonly number[];
  readonly map: readonly number[];
  readonly link: readonly number[];
}

const KINDS = ['prog', 'map', 'link'] as const;

/** Programs, maps and links a process holds by a descriptor. */
export function heldBy(pid: number): Held {
  const found = { prog: new Set<number>(), map: new Set<number>(), link: new Set<number>() };
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
      for (const kind of KINDS) {
        const id = new RegExp(`^${kind}_id:\\s+(\\d+)`, 'm').exec(info)?.[1];
        if (id !== undefined) found[kind].add(Number(id));
      }
    } catch {
      // Closed since the folder was read.
    }
  }
  return { prog: [...found.prog], map: [...found.map], link: [...found.link] };
}

/** Instructions the verifier went through for each program this process holds. */
export function verifiedSteps(): readonly number[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
      const steps = /^verified_insns:\s+(\d+)/m.exec(info)?.[1];
      return steps === undefined ? [] : [Number(steps)];
    } catch {
      return []; // Closed since the folder was read.
    }
  });
}

/** Those of them that the kernel still has. */
export function stillThere(held: Held): Held {
  const left = KINDS.map((kind) => {
    const text = execFileSync('bpftool', ['-j', kind, 'show'], { encoding: 'utf8' });
    const ids = (JSON.parse(text) as { readonly id: number }[]).map(({ id }) => id);
    return [kind, held[kind].filter((id) => ids.includes(id))] as const;
  });
  return Object.fromEntries(left) as unknown as Held;
}

export const NOTHING: Held = { prog: [], map: [], link: [] };

/** The knob that makes the program see this process alone. */
export const ONLY_US = { only_tgid: u32(process.pid) };

/** getpriority(2), `count` times. */
export function tick(count: number): void {
  for (let done = 0; done < count; done += 1) getPriority();
}

/** Resolves when `isTrue`; throws after half a minute. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 10) {
    if (waited > 30_000) throw new Error('waited half a minute in vain');
    await sleep(10);
  }
}
