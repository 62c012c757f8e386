import { parsedLines, startBackground, type Background } from './background.js';

export type TierName = 'fentry' | 'kprobe' | 'tracepoint';

/** A line of `monitor --json --full`; docs/events.md has the members. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the checks read what is there and say what is not
export type Line = Readonly<Record<string, any>>;

/** What one `monitor` said, when it has ended. */
export interface Watched {
  readonly tier: TierName;
  readonly lines: readonly Line[];
  readonly code: number;
  readonly stderr: string;
}

export interface Watcher {
  readonly tier: TierName;
  readonly sees: Background['sees'];
  stop(): Promise<Watched>;
}

/** Starts `routetap monitor` on all namespaces with one tier alone. */
export function startWatcher(tier: TierName, program: string, folder: string): Watcher {
  const args = ['monitor', '--zone', 'all', '--json', '--full', '--bpf', tier];
  const { sees, stop } = startBackground(program, args, { folder, name: tier });
  return {
    tier,
    sees,
    async stop() {
      const { code, stdout, stderr } = await stop();
      return { tier, lines: parsedLines<Line>(stdout), code, stderr };
    },
  };
}
