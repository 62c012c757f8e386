import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { accepted, BIN, demo, leftOvers, routeEvents } from './demo-run.js';

/** A demo takes some 15 s, on a loaded machine several times that. */
const LIMIT_MS = 240_000;

describe('the demo', () => {
  test(
    'without eBPF shows what can be seen, says what is left out, and leaves nothing behind',
    async () => {
      const { code, stdout, stderr, pid } = await demo(['--json'], { bpf: 'off' });
      expect(`${code} ${stderr}`).toMatch(/^0 /);
      const events = routeEvents(stdout);
      const told = events.map(({ probe, route, inferred, cause }) =>
        [probe, route?.dst, inferred === true ? `inferred ${cause?.kind}` : ''].join(' '),
      );
      expect(told).toEqual(
        expect.arrayContaining([
          'add 10.1.0.0/16 ',
          'change 10.1.0.0/16 ',
          'delete 10.1.0.0/16 ',
          'change 2001:db8:100::/48 ',
          'delete 10.2.0.0/16 inferred nexthop-removed',
          'delete 10.3.0.0/16 inferred link-down',
          'delete 127.0.0.0/8 inferred zone-removed',
        ]),
      );
      expect(told.filter((line) => line === 'change 10.1.0.0/16 ')).toHaveLength(1);
      expect(leftOvers(pid)).toEqual([]);
      // Redirects are seen by ICMP sockets; a miss and a losing by nothing, which one line each says.
      const redirects = events.filter(({ probe }) => probe === 'redirect');
      expect(new Set(redirects.map(({ provenance }) => provenance))).toEqual(
        new Set(['icmp-socket']),
      );
      expect(accepted(redirects)).toEqual(['192.168.5.3', 'fe80::3']);
      expect(told.filter((line) => /^(miss|losing)/.test(line))).toEqual([]);
      expect(stderr.match(/^# left out: .+; .+$/gm)).toHaveLength(3);
      expect(stderr).not.toContain('198.51.100.7');
    },
    LIMIT_MS,
  );

  test(
    'cleans up when it is interrupted',
    async () => {
      const { code, pid, stderr } = await demo([], { interrupt: 'a route is added' });
      expect(code).toBe(0);
      expect(stderr).not.toContain('the namespace itself goes away');
      expect(leftOvers(pid)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'cleans up when nobody reads its output any more',
    async () => {
      const child = spawn(process.execPath, [BIN, 'demo'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stderr.once('data', () => {
        child.stderr.destroy();
        child.stdout.destroy();
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(code).toBe(0);
      expect(leftOvers(child.pid ?? 0)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'without the right to make namespaces it ends with exit code 3 and one line',
    () => {
      const { status, stderr } = spawnSync('unshare', ['-Ur', process.execPath, BIN, 'demo'], {
        encoding: 'utf8',
      });
      expect(`${status} ${stderr}`).toMatch(/^3 routetap: demo: expected .*CAP_SYS_ADMIN.*\n$/);
    },
    LIMIT_MS,
  );
});
