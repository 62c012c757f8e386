import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { completeEvent } from '../../core/complete-record.js';
import { jsonLine } from '../../core/format/json.js';
import { runProgram } from './program.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routetap-examples-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const line = (second: number, probe: 'add' | 'delete', dst: string): string =>
  jsonLine(
    completeEvent({
      time: `2026-11-22T14:21:${String(second).padStart(2, '0')}Z`,
      probe,
      route: { dst },
    }),
    {
      full: false,
      raw: false,
    },
  );

describe('examples', () => {
  test('custom-source makes whole records of an array', async () => {
    const program = runProgram('examples/custom-source.js', []);
    expect([await program.ended(), program.stderr()]).toEqual([0, '']);
    const records = program
      .stdout()
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as unknown);
    expect(records).toMatchObject([
      {
        v: 1,
        seq: 1,
        type: 'route',
        time: '2026-11-22T14:21:06.148835123Z',
        probe: 'add',
        process: { pid: 123, comm: 'ip' },
        route: { dst: '10.1.0.0/16', table: 254, metrics: { mtu: 1400 } },
        routeinfo: { route_mtu_metric: 1400, route_gateway_address: '192.168.5.2' },
      },
      { seq: 2, probe: 'delete', route: { dst: '2001:db8::/32', family: 'inet6' } },
    ]);
  });

  test('churn-to-syslog sends the busiest prefixes of each window by UDP', async () => {
    const server = createSocket('udp4');
    const messages: string[] = [];
    server.on('message', (message) => messages.push(message.toString('utf8')));
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address();
      const program = runProgram('examples/churn-to-syslog.js', [
        `syslog+udp://127.0.0.1:${String(port)}`,
      ]);
      const input = [
        line(1, 'add', '10.1.0.0/16'),
        line(2, 'delete', '10.1.0.0/16'),
        line(3, 'add', '10.2.0.0/16'),
        line(31, 'add', '10.3.0.0/16'),
      ];
      program.process.stdin.end(`${input.join('\n')}\n`);
      expect([await program.ended(), program.stderr()]).toEqual([0, '']);
      await waitFor(() => messages.length === 2);
      expect(messages[0]).toContain('churn');
      expect(messages[0]).toContain('10.1.0.0/16');
      expect(messages[1]).toContain('10.3.0.0/16');
    } finally {
      server.close();
    }
  });

  test('custom-sink writes CSV and counts what it wrote', async () => {
    const path = join(folder, 'routes.csv');
    const program = runProgram('--input-type=module', [
      '-e',
      `import { openSink, tap } from 'routetap';
       const sink = openSink(${JSON.stringify(`./examples/custom-sink.js?path=${encodeURIComponent(path)}`)}, { warn: console.error, full: false, raw: false });
       const source = Array.from({ length: 2003 }, (_, n) => ({ probe: 'add', route: { dst: \`10.0.\${n >> 8}.\${n & 255}/32\` } }));
       const { sinks } = await tap({ sources: [source], sinks: [sink] }).done;
       console.log(JSON.stringify(sinks));`,
    ]);
    expect([await program.ended(), program.stderr()]).toEqual([0, '']);
    expect(JSON.parse(program.stdout())).toEqual([
      { name: 'csv', written: 2003, dropped: 0, queued: 0, failed: 0 },
    ]);
    const rows = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(rows).toHaveLength(2003);
    expect(rows[2002]).toBe('"1970-01-01T00:00:00.000000000Z","add","10.0.7.210/32","254","",""');
  });

  test('custom-sink refuses to open without a path, in one line', async () => {
    const program = runProgram('--input-type=module', [
      '-e',
      `import { openSink } from 'routetap';
       await openSink('./examples/custom-sink.js', { warn: console.error, full: false, raw: false })
         .catch((error) => console.log(error.kind, error.message));`,
    ]);
    expect(await program.ended()).toBe(0);
    expect(program.stdout()).toBe('usage csv: expected ?path=FILE, got none\n');
  });

  test('two-zones-merged says how it is called', async () => {
    const program = runProgram('examples/two-zones-merged.js', ['blue']);
    expect(await program.ended()).toBe(2);
    expect(program.stderr()).toBe(
      'two-zones-merged: expected two names of network namespaces, got 1\n',
    );
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(condition()).toBe(true);
}
