import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import { RoutetapError } from '../../core/errors.js';
import { escapeText } from '../../core/format/escape.js';

const runFile = promisify(execFile);

/** Node must not watch for a debugger or load what the user's NODE_OPTIONS name. */
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, NODE_OPTIONS: '' });

function refusal(words: readonly string[], cause: unknown): RoutetapError {
  const { code, stderr } = cause as { code?: unknown; stderr?: string };
  const [said = ''] = (stderr ?? '').split('\n');
  const failed = said === '' ? String(code) : said;
  const why = code === 'ENOENT' ? 'no such command; install iproute2' : failed;
  const command = ['ip', ...words].join(' ');
  if (/not permitted|permission denied/i.test(failed)) {
    return new RoutetapError(
      'privilege',
      `demo: expected CAP_SYS_ADMIN and CAP_NET_ADMIN, to make network namespaces, got from ${command}: ${escapeText(why)}`,
      { cause },
    );
  }
  return new RoutetapError('runtime', `demo: ${command}: ${escapeText(why)}`, { cause });
}

/** Runs `ip` with these words, and with `lines` as a batch. Throws a RoutetapError naming the command. */
export async function ip(
  words: readonly string[],
  lines: readonly string[] | null = null,
): Promise<void> {
  try {
    const running = runFile('ip', words, { env: environment() });
    // It may have ended before it read everything, and says why itself.
    running.child.stdin?.on('error', () => undefined).end(lines?.join('\n'));
    await running;
  } catch (cause) {
    throw refusal(words, cause);
  }
}

/** Starts `ip` with these words and leaves it running; resolves with its first word on stdout. Throws when it ends without one. */
export function startIp(words: readonly string[]): Promise<ChildProcess> {
  const child = spawn('ip', words, { stdio: ['pipe', 'pipe', 'pipe'], env: environment() });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += String(text)));
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      reject(refusal(words, cause));
    });
    child.on('close', (code) => {
      reject(refusal(words, { code, stderr }));
    });
    child.stdout.once('data', () => {
      resolve(child);
    });
  });
}
