import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What scenes/agent.py answers; members by operation. */
export interface Answer {
  readonly errno?: number;
  readonly sport?: number;
  readonly done?: number;
  readonly pid?: number;
  readonly output?: string;
}

/** A process in a network namespace that makes traffic when asked. */
export interface Agent {
  readonly pid: number;
  ask(op: string, members?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Runs `ip` with these words in the namespace; the process id it had. */
  ip(words: string): Promise<number>;
  stop(): void;
}

/** Starts one in a namespace of /run/netns; `program` is scenes/agent.py. Its process id stays through `ip netns exec`. */
export async function startAgent(netns: string, program: string): Promise<Agent> {
  const child = spawn('ip', ['netns', 'exec', netns, 'python3', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the agent in ${netns} ended`);
    return JSON.parse(value) as Answer;
  };
  await next();
  const ask: Agent['ask'] = (op, members = {}) => {
    child.stdin.write(`${JSON.stringify({ op, ...members })}\n`);
    return next();
  };
  return {
    pid: child.pid ?? 0,
    ask,
    ip: async (words) => (await ask('run', { words: `ip ${words}` })).pid ?? 0,
    stop: () => void child.kill('SIGKILL'),
  };
}
