import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openSyslog from '../../../sinks/syslog/syslog.js';
import { buildUnixDatagram } from '../../../scripts/build-unix-datagram.js';
import { added, events, oneTo, sinkOptions, until } from '../records.js';

let folder = '';
let port = 0;
let daemon: ChildProcess | undefined;

/** A real rsyslogd with one input; what it parsed goes into `parsed`, one JSON-like line per message. */
const rsyslogd = async (input: string, isUp: () => boolean): Promise<void> => {
  const template =
    '%syslogfacility-text%|%syslogseverity-text%|%app-name%|%procid%|%msgid%|%hostname%|' +
    '%timereported:::date-rfc3339%|%structured-data%|%msg%\\n';
  writeFileSync(
    join(folder, 'conf'),
    `${input}\ntemplate(name="t" type="string" string="${template}")\n` +
      `action(type="omfile" file="${folder}/parsed" template="t")\n`,
  );
  daemon = spawn('rsyslogd', ['-n', '-f', join(folder, 'conf'), '-i', join(folder, 'pid')], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  await until('rsyslogd', isUp);
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const free = (server.address() as AddressInfo).port;
  server.close();
  await once(server, 'close');
  return free;
};

/** Whether the kernel lists a socket bound to the port. */
const isBound = (table: string): boolean =>
  readFileSync(`/proc/net/${table}`, 'utf8').includes(
    `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `,
  );

const parsed = (): string[][] =>
  existsSync(join(folder, 'parsed'))
    ? readFileSync(join(folder, 'parsed'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('|'))
    : [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), `routetap-rsyslog-${process.pid}-`));
  port = await freePort();
  if (!existsSync('build/unix-datagram.node')) buildUnixDatagram();
});
afterEach(async () => {
  daemon?.kill('SIGKILL');
  if (daemon?.exitCode === null && daemon.signalCode === null) {
    await once(daemon, 'exit');
  }
  daemon = undefined;
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['tcp', 'imtcp'],
  ['udp', 'imudp'],
])('rsyslogd reads every member of the message over %s', async (transport, module) => {
  await rsyslogd(
    `module(load="${module}")\ninput(type="${module}" address="127.0.0.1" port="${port}")`,
    () => isBound(transport),
  );
  const sink = await openSyslog(
    sinkOptions(`syslog+${transport}://127.0.0.1:${port}`, {
      facility: 'local3',
      severity: 'add:err',
    }),
  );
  sink.write(events(100));
  const { process: by } = added(1);
  sink.write([added(101, { process: by === null ? null : { ...by, comm: 'q"b]s\\' } })]);
  await until('the messages', () => parsed().length === 101);
  await sink.close();
  const lines = parsed();
  const fields = lines[0] ?? [];
  expect(fields.slice(0, 6)).toEqual([
    'local3',
    'err',
    'routetap',
    String(process.pid),
    'ROUTE-ADD',
    'r1',
  ]);
  expect(new Date(fields[6] ?? '').getTime()).toBe(
    Math.floor(Number(added(1).timeNs / 1_000_000n)),
  );
  expect(fields[7]).toContain('[routetap@32473 probe="add" dst="10.0.0.0/24"');
  expect(fields[8]).toMatch(/^ ?add +.*10\.0\.0\.0\/24/);
  const seq = lines.map((line) => Number(/ seq="(\d+)"/.exec(line[7] ?? '')?.[1]));
  expect(seq.sort((a, b) => a - b)).toEqual(oneTo(101));
  expect(lines.at(-1)?.[7]).toContain(String.raw`comm="q\"b\]s\\\\"`);
});

test('rsyslogd reads the local socket as any program writes to it', async () => {
  const path = join(folder, 'log');
  await rsyslogd(
    `module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="${path}" RateLimit.Interval="0")`,
    () => existsSync(path),
  );
  const sink = await openSyslog(sinkOptions(`syslog:${path}`));
  sink.write(events(2000));
  await until('the messages', () => parsed().length === 2000);
  await sink.close();
  expect(sink.counters).toMatchObject({ written: 2000, dropped: 0, failed: 0 });
  const [facility, severity, app, procId] = parsed()[0] ?? [];
  expect([facility, severity, app, procId]).toEqual([
    'local0',
    'info',
    'routetap',
    String(process.pid),
  ]);
  expect(parsed()[0]?.[8]).toMatch(/^ add .*10\.0\.0\.0\/24/);
});
