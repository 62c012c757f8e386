import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Compiles the syslog sink's addon into build/unix-datagram.node; throws when the compiler does. */
export const buildUnixDatagram = () => {
  const output = join(root, 'build', 'unix-datagram.node');
  const temporary = `${output}.${process.pid}`;
  mkdirSync(dirname(output), { recursive: true });
  execFileSync(
    process.env.CC ?? 'gcc',
    [
      ...['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-fvisibility=hidden'],
      ...['-I', join(root, 'node_modules', 'node-api-headers', 'include')],
      ...['-o', temporary],
      join(root, 'sinks', 'syslog', 'native', 'unix-datagram.c'),
    ],
    { stdio: 'inherit' },
  );
  // A process that has the old file mapped keeps it.
  renameSync(temporary, output);
  return output;
};
