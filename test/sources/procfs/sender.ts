import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** What two-sockets.py says of itself. */
interface Said {
  readonly pid: number;
  readonly portids: readonly [number, number];
  readonly told: readonly [number, number];
}

/** A running two-sockets.py. */
export interface Sender extends Said {
  /** Its pid as we see it, which is another one when it runs in a pid namespace. */
  readonly outerPid: number;
  readonly netns: number;
  /** Ends it and waits until it is gone. */
  end(): Promise<void>;
}

const SCRIPT = new URL('two-sockets.py', import.meta.url).pathname;

/** Starts two-sockets.py behind `prefix` (such as unshare and its options), lo up, in that namespace. */
export async function startSender(prefix: readonly string[], portid?: number): Promise<Sender> {
  const script = `ip link set lo up && exec python3 "$0" "$@"`;
  const own = portid === undefined ? [] : [String(portid)];
  const [command = 'sh', ...rest] = [...prefix, 'sh', '-c', script, SCRIPT, ...own];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const line = await firstLine(child);
  const said = JSON.parse(line) as Said;
  const outerPid = leaf(child.pid ?? 0);
  return {
    ...said,
    outerPid,
    netns: Number(/\d+/.exec(readlinkSync(`/proc/${outerPid}/ns/net`))?.[0]),
    end: async () => {
      child.stdin.end();
      await closed;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no stdout');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the sender ended without a word');
}

/** The last of a line of only children: the sender itself behind unshare --fork. */
function leaf(pid: number): number {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  return child > 0 ? leaf(child) : pid;
}
