import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let made = 0;

/** Namespaces of one test; `cleanUp` takes them all away. */
export class Namespaces {
  readonly #undo: (() => void | Promise<void>)[] = [];

  /** A name nobody else uses. */
  newName(): string {
    made += 1;
    return `rtz${process.pid}-${made}`;
  }

  /** `ip netns add`; gives the inode. */
  add(name: string): number {
    execFileSync('ip', ['netns', 'add', name]);
    this.#undo.push(() => this.delete(name));
    return statSync(`/run/netns/${name}`).ino;
  }

  /** `ip netns del`, without a word when it is gone already. */
  delete(name: string): void {
    try {
      statSync(`/run/netns/${name}`);
    } catch {
      return;
    }
    execFileSync('ip', ['netns', 'del', name]);
  }

  /** A process in a named namespace, or in one of its own. */
  async inhabit(name?: string): Promise<{ id: number; pid: number; end: () => Promise<void> }> {
    const enter = name === undefined ? ['unshare', '-n'] : ['nsenter', `--net=/run/netns/${name}`];
    const [command, ...rest] = [...enter, 'sh', '-c', 'echo ready; exec sleep 600'];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const pid = child.pid ?? 0;
    const id = Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[0]);
    const end = ender(child);
    this.#undo.push(end);
    return { id, pid, end };
  }

  /** Mounts the namespace of a process on a file outside /run/netns; gives its path and what unmounts it. */
  mount(pid: number): { path: string; unmount: () => void } {
    const directory = mkdtempSync(join(tmpdir(), 'routetap zone '));
    const path = join(directory, 'net');
    writeFileSync(path, '');
    execFileSync('mount', ['--bind', `/proc/${pid}/ns/net`, path]);
    let mounted = true;
    const unmount = (): void => {
      if (mounted) execFileSync('umount', [path]);
      mounted = false;
      rmSync(directory, { recursive: true, force: true });
    };
    this.#undo.push(unmount);
    return { path, unmount };
  }

  async cleanUp(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }
}

/** Ends a process and waits until it is gone. */
function ender(child: ChildProcess): () => Promise<void> {
  const closed = once(child, 'close');
  return async () => {
    child.kill('SIGKILL');
    await closed;
  };
}

/** Waits until the condition holds; throws after a minute. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('waited a minute in vain');
}
