import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RoutetapError } from '../../core/errors.js';
import { escapeText } from '../../core/format/escape.js';

const run = promisify(execFile);

/** Runs `ip` with these words. Throws a RoutetapError naming the command. */
async function ip(words: readonly string[]): Promise<void> {
  try {
    await run('ip', words);
  } catch (cause) {
    const { code, stderr } = cause as { code?: unknown; stderr?: string };
    const [said = ''] = (stderr ?? '').split('\n');
    const failed = said === '' ? String(code) : said;
    const why = code === 'ENOENT' ? 'no such command; install iproute2' : failed;
    if (/not permitted|permission denied/i.test(failed)) {
      throw new RoutetapError(
        'privilege',
        `demo: expected CAP_SYS_ADMIN and CAP_NET_ADMIN, to make network namespaces, got from ip ${words.join(' ')}: ${escapeText(why)}`,
        { cause },
      );
    }
    throw new RoutetapError('runtime', `demo: ip ${words.join(' ')}: ${escapeText(why)}`, {
      cause,
    });
  }
}

/** Words of a command line as they stand. */
const words = (line: string): readonly string[] => line.split(' ');

/**
 * Two network namespaces of our own joined by a cable: all that happens in the demo happens there,
 * nothing on the machine's own links and routes.
 */
export class DemoScene {
  readonly name = `routetap-demo-${process.pid}`;
  readonly #neighbour = `${this.name}-peer`;

  async build(): Promise<void> {
    await ip(['netns', 'add', this.name]);
    await ip(['netns', 'add', this.#neighbour]);
    await this.ip('link set lo up');
    await this.ip(`link add v0 type veth peer name v1 netns ${this.#neighbour}`);
    await ip(['-n', this.#neighbour, ...words('link set v1 up')]);
    // Link-local addresses would speak up in the middle of an act, when their duplicate detection is over.
    await this.ip('link set v0 addrgenmode none');
    await this.ip('link set v0 up');
    await this.ip('addr add 192.168.5.1/24 dev v0');
    await this.ip('addr add 2001:db8:5::1/64 dev v0 nodad');
  }

  /** Runs `ip` in the watched namespace. */
  async ip(line: string): Promise<void> {
    await ip(['-n', this.name, ...words(line)]);
  }

  /** Removes what there is of it. */
  async remove(): Promise<void> {
    for (const name of [this.name, this.#neighbour]) {
      await run('ip', ['netns', 'del', name]).catch(() => undefined);
    }
  }
}
