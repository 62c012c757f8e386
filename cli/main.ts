import { exit, exitCodeOf, EXIT } from './exit.js';
import { errorLine, say } from './say.js';
import { version } from '../sources/version.js';

/** Runs the command line; resolves with the exit code. */
async function main(args: readonly string[]): Promise<number> {
  // Without the parser: scripts ask for it often.
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    process.stdout.write(`${version()}\n`);
    return EXIT.done;
  }
  try {
    const { runProgram } = await import('./program.js');
    return await runProgram(args);
  } catch (error) {
    say(errorLine(error));
    if (process.env['ROUTETAP_DEBUG'] && error instanceof Error) say(error.stack ?? '');
    return exitCodeOf(error);
  }
}

/** What stdout still has to write, when it is a pipe or a terminal that takes it slowly. */
const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    else
      stream
        .once('drain', resolve)
        .once('close', resolve)
        .once('error', () => resolve());
  });

// A reader that leaves is no failure (`routetap doctor | head -1`), and no reason to leave things undone.
const output = { isLost: false };
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || output.isLost) return;
  output.isLost = true;
  say(`routetap: expected a stdout that can be written, got ${String(error.code)}`);
});
process.stderr.on('error', () => undefined);

const code = await main(process.argv.slice(2));
await Promise.all([written(process.stdout), written(process.stderr)]);
// A write that failed says so a turn later.
await new Promise(setImmediate);
exit(code === EXIT.done && output.isLost ? EXIT.runtime : code);
