import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openSyslog from '../../../sinks/syslog/syslog.js';
import { buildUnixDatagram } from '../../../scripts/build-unix-datagram.js';
import { accepted, events, oneTo, sinkOptions, until } from '../records.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-syslog-${process.pid}-`));
  if (!existsSync('build/unix-datagram.node')) buildUnixDatagram();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const seqOf = (message: string): number => Number(/ seq="(\d+)"\]/.exec(message)?.[1]);

/** Messages of an octet-counted stream; an unfinished last one is left out. */
const unframed = (bytes: Buffer): string[] => {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(32, at);
    const length = Number(bytes.toString('latin1', at, blank));
    if (blank === -1 || blank + 1 + length > bytes.length) break;
    messages.push(bytes.toString('utf8', blank + 1, blank + 1 + length));
    at = blank + 1 + length;
  }
  return messages;
};

/** A TCP server that keeps what each connection sent. */
const listen = async (
  port = 0,
): Promise<{ server: Server; sockets: Socket[]; messages: () => string[] }> => {
  const sockets: Socket[] = [];
  const chunks: Buffer[][] = [];
  const server = createServer((socket) => {
    const own: Buffer[] = [];
    sockets.push(socket);
    chunks.push(own);
    socket.on('data', (chunk) => own.push(chunk));
    socket.on('error', () => undefined);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    sockets,
    messages: () => chunks.flatMap((own) => unframed(Buffer.concat(own))),
  };
};

describe('syslog over TCP', () => {
  test('keeps records while the server is away and goes on when it is back, saying so once each', async () => {
    const warnings: string[] = [];
    const first = await listen();
    const { port } = first.server.address() as AddressInfo;
    const sink = await openSyslog(sinkOptions(`syslog+tcp://127.0.0.1:${port}`, {}, warnings));
    sink.write(events(500));
    await until('the first records', () => first.messages().length === 500);
    for (const socket of first.sockets) socket.destroy();
    first.server.close();
    await until('the loss to be seen', () => warnings.length === 1);
    sink.write(events(500, 501));
    await until('a refused attempt', () => sink.counters.failed >= 2);
    expect(sink.counters).toMatchObject({ written: 500, queued: 500 });
    const second = await listen(port);
    await until('the rest', () => second.messages().length === 500);
    await sink.close();
    expect(first.messages().map(seqOf)).toEqual(oneTo(500));
    expect(second.messages().map(seqOf)).toEqual(oneTo(1000).slice(500));
    expect(sink.counters).toMatchObject({ written: 1000, dropped: 0, queued: 0 });
    expect(warnings).toEqual([
      expect.stringContaining(`no connection to syslog+tcp://127.0.0.1:${port}`),
      expect.stringMatching(/connected to \S+ again after \d+ s, 0 records dropped meanwhile/),
    ]);
    for (const socket of second.sockets) socket.destroy();
    second.server.close();
  });

  test('drops and counts when its queue is full, and close gives up after a few seconds', async () => {
    const idle = await listen();
    const { port } = idle.server.address() as AddressInfo;
    idle.server.close();
    const sink = await openSyslog(sinkOptions(`syslog+tcp://127.0.0.1:${port}`, { queue: '4k' }));
    sink.write(events(100));
    expect(sink.counters.dropped).toBeGreaterThan(50);
    expect(accepted(sink.counters)).toBe(100);
    await sink.close();
    expect(sink.counters).toMatchObject({ written: 0, dropped: 100, queued: 0 });
  });
});

describe('syslog over UDP', () => {
  test('sends one datagram per record', async () => {
    const server = createSocket('udp4');
    const messages: string[] = [];
    server.on('message', (bytes) => messages.push(bytes.toString()));
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const sink = await openSyslog(sinkOptions(`syslog+udp://127.0.0.1:${server.address().port}`));
    sink.write(events(100));
    await until('the datagrams', () => messages.length === 100);
    await sink.close();
    expect(messages.map(seqOf)).toEqual(oneTo(100));
    expect(sink.counters).toMatchObject({ written: 100, dropped: 0, failed: 0 });
    server.close();
  });

  test('hears that the port is closed, holds the others back, and goes on when somebody listens', async () => {
    const warnings: string[] = [];
    const probe = createSocket('udp4');
    probe.bind(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    const sink = await openSyslog(sinkOptions(`syslog+udp://127.0.0.1:${port}`, {}, warnings));
    sink.write(events(1));
    await until('the refusal', () => sink.counters.failed > 0);
    sink.write(events(50, 2));
    const server = createSocket('udp4');
    const got: number[] = [];
    server.on('message', (bytes) => got.push(seqOf(bytes.toString())));
    server.bind(port, '127.0.0.1');
    await until('the queue to empty', () => sink.counters.queued === 0);
    await until('the last record', () => got.includes(51));
    await sink.close();
    expect(got.length).toBeGreaterThan(45);
    expect(accepted(sink.counters)).toBe(51);
    expect(warnings).toEqual([
      expect.stringContaining('(ECONNREFUSED)'),
      expect.stringContaining('takes records again'),
    ]);
    server.close();
  });
});

describe('syslog to a socket file', () => {
  const receive = async (path: string, type: string, out: string): Promise<ChildProcess> => {
    const child = spawn(
      'socat',
      ['-u', '-b', '65536', `${type}:${path}`, `OPEN:${out},creat,append`],
      { stdio: 'ignore' },
    );
    await until('socat', () => existsSync(path));
    return child;
  };
  const end = async (child: ChildProcess): Promise<void> => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  const count = (out: string): number =>
    existsSync(out) ? readFileSync(out, 'utf8').split(' add ').length - 1 : 0;

  test('waits while the receiver is stopped, and for the next one when it dies', async () => {
    const warnings: string[] = [];
    const path = join(folder, 'log');
    const out = join(folder, 'out');
    let child = await receive(path, 'UNIX-RECV', out);
    const sink = await openSyslog(sinkOptions(`syslog:${path}`, {}, warnings));
    child.kill('SIGSTOP');
    sink.write(events(3000));
    await until('a full receiver', () => sink.counters.written > 0);
    expect(accepted(sink.counters)).toBe(3000);
    expect(sink.counters).toMatchObject({ dropped: 0, failed: 0 });
    child.kill('SIGCONT');
    await until('all records', () => count(out) === 3000);
    expect(warnings).toEqual([]);
    await end(child);
    rmSync(path, { force: true });
    sink.write(events(10, 3001));
    await until('the failure', () => sink.counters.failed > 0);
    child = await receive(path, 'UNIX-RECV', out);
    await until('the rest', () => count(out) === 3010);
    await sink.close();
    await end(child);
    expect(sink.counters).toMatchObject({ written: 3010, dropped: 0, queued: 0 });
    expect(warnings).toEqual([
      expect.stringContaining('records wait'),
      expect.stringContaining('takes records again'),
    ]);
    expect(readFileSync(out, 'utf8')).toMatch(/^<134>\w{3} [ \d]\d [\d:]{8} routetap\[\d+\]: add /);
  });

  test('takes a stream socket for what it is', async () => {
    const path = join(folder, 'stream');
    const out = join(folder, 'stream-out');
    const child = await receive(path, 'UNIX-LISTEN', out);
    const sink = await openSyslog(sinkOptions(`syslog:${path}`));
    sink.write(events(5));
    await until('the records', () => count(out) === 5);
    await sink.close();
    await end(child);
    expect(readFileSync(out, 'utf8').trimEnd().split('\n')).toHaveLength(5);
  });
});
