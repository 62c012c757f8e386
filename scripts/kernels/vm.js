import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PORTS = ['out', 'err', 'control'];

/** `la57=off`: page tables of five levels make emulated memory slower and nothing here needs them. */
const CPU = 'max,la57=off';

/** However we end, the machine ends with us. */
const ENDINGS = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'];

const KERNEL_LINE =
  'console=ttyS0 loglevel=5 panic=-1 reboot=t mitigations=off random.trust_cpu=on rdinit=/init';

function qemuArguments({ kernel, initramfs, cpus, memoryMib, folder }) {
  const ports = PORTS.flatMap((name) => [
    ...['-chardev', `socket,id=${name},path=${join(folder, name)}`],
    ...['-device', `virtserialport,chardev=${name},name=routetap.${name}`],
  ]);
  return [
    ...['-machine', 'pc', '-accel', 'tcg,thread=multi', '-cpu', CPU],
    ...['-smp', String(cpus), '-m', String(memoryMib), '-nodefaults', '-display', 'none'],
    ...['-no-reboot', '-kernel', kernel.image, '-initrd', initramfs, '-append', KERNEL_LINE],
    ...['-serial', `file:${join(folder, 'console')}`, '-device', 'virtio-serial-pci', ...ports],
  ];
}

/** Listens where one port of the machine connects; `take` gets the bytes. */
function listen(path, take) {
  let ended;
  const end = new Promise((resolve) => (ended = resolve));
  const server = createServer((socket) => {
    socket.on('data', take);
    socket.on('error', () => socket.destroy());
    socket.once('close', ended);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve({ server, end }));
  });
}

/**
 * Boots a kernel with an initramfs and runs what the initramfs says. Resolves with { exitCode, bootS, console, why }:
 * the command's exit code, or null and why there is none; the console is what the kernel printed. `onOutput(bytes)`
 * and `onError(bytes)` get what the command prints.
 */
export async function runMachine({
  kernel,
  initramfs,
  timeoutS,
  onOutput,
  onError,
  cpus = 2,
  memoryMib = 2048,
}) {
  const folder = mkdtempSync(join(tmpdir(), 'routetap-vm-'));
  let said = '';
  const takers = { out: onOutput, err: onError, control: (bytes) => (said += bytes.toString()) };
  const listeners = [];
  for (const name of PORTS) listeners.push(await listen(join(folder, name), takers[name]));
  let trouble = '';
  let isLate = false;
  const child = spawn(
    'qemu-system-x86_64',
    qemuArguments({ kernel, initramfs, cpus, memoryMib, folder }),
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  child.stderr.on('data', (bytes) => (trouble += bytes.toString()));
  const kill = () => child.kill('SIGKILL');
  for (const name of ENDINGS) process.once(name, kill);
  const watchdog = setTimeout(() => {
    isLate = true;
    kill();
  }, timeoutS * 1000);
  const started = await new Promise((resolve) => {
    child.once('error', (error) => {
      trouble += error.message;
      resolve(false);
    });
    child.once('close', () => resolve(true));
  });
  clearTimeout(watchdog);
  for (const name of ENDINGS) process.off(name, kill);
  if (started) await Promise.all(listeners.map(({ end, server }) => connected(server, end)));
  for (const { server } of listeners) server.close();
  const console = readConsole(join(folder, 'console'));
  rmSync(folder, { recursive: true, force: true });
  const exit = /^exit (\d+)$/m.exec(said);
  const up = /^up ([\d.]+)$/m.exec(said);
  return {
    exitCode: exit === null ? null : Number(exit[1]),
    bootS: up === null ? null : Number(up[1]),
    console,
    why: exit === null ? reason({ isLate, up, timeoutS, trouble }) : null,
  };
}

/** A port whose machine ended before it connected has no end to wait for. */
const connected = (server, end) =>
  new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error) reject(error);
      else resolve(count === 0 ? undefined : end);
    });
  });

function reason({ isLate, up, timeoutS, trouble }) {
  if (isLate) return `${up === null ? 'did not boot' : 'did not end'} in ${timeoutS} s`;
  if (trouble.trim() !== '') return `qemu: ${trouble.trim()}`;
  return up === null ? 'the kernel did not boot' : 'the kernel ended before the command';
}

function readConsole(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
