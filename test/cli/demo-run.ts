import { execFileSync, spawn } from 'node:child_process';
import { BIN } from './command.js';

export { BIN };

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number;
}

export interface DemoEvent {
  readonly probe: string;
  readonly inferred?: boolean;
  readonly provenance?: string;
  readonly cause?: { readonly kind: string };
  readonly route?: { readonly dst?: string };
  readonly process?: { readonly pid: number; readonly confidence: string };
  readonly lookup?: { readonly dst: string; readonly direction: string };
  readonly timeout?: { readonly protocol: string; readonly dst: string };
  readonly redirect?: { readonly accepted: string; readonly new: string; readonly author: string };
}

/** Runs the demo; `interrupt`: SIGINT as soon as stderr has this in it. */
export function demo(
  options: readonly string[],
  { interrupt, bpf = 'auto' }: { readonly interrupt?: string; readonly bpf?: string } = {},
): Promise<Run> {
  const child = spawn(process.execPath, [BIN, 'demo', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], XDG_CONFIG_HOME: '/nonexistent', ROUTETAP_BPF: bpf },
  });
  let stdout = '';
  let stderr = '';
  let interrupted = interrupt === undefined;
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => {
    stderr += String(text);
    if (interrupted || !stderr.includes(interrupt ?? '')) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr, pid: child.pid ?? 0 });
    });
  });
}

/** Namespaces of that demo which are still there. */
export const leftOvers = (pid: number): string[] =>
  execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`routetap-demo-${pid}`));

export const routeEvents = (stdout: string): DemoEvent[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DemoEvent & { readonly type: string })
    .filter(({ type }) => type === 'route');

/** The gateways redirects put in use, sorted. */
export const accepted = (events: readonly DemoEvent[]): string[] =>
  events.flatMap(({ redirect }) => (redirect?.accepted === 'yes' ? [redirect.new] : [])).sort();
