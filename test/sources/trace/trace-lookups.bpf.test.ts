import { afterEach, expect, test } from '@jest/globals';
import { firstValueFrom, take, timer, toArray, type Subscription } from 'rxjs';
import { answerOf } from '../../../core/trace/summary.js';
import { traceLookups } from '../../../sources/trace/trace-lookups.js';
import { cleanUp, Namespace } from '../../engine/harness.js';

const running: Subscription[] = [];

afterEach(async () => {
  for (const subscription of running.splice(0)) subscription.unsubscribe();
  await cleanUp();
});

test('gives the lookups asked for, named by their namespace', async () => {
  const namespace = new Namespace('lookups');
  namespace.ip('link set lo up');
  namespace.pair('v0', '10.0.0.5/24');
  namespace.ip('route add 10.66.0.0/16 via 10.0.0.2');
  // Until the programs are attached nothing is seen.
  const script = '(echo >/dev/udp/192.0.2.1/9; echo >/dev/udp/10.66.0.1/9) 2>&-; true';
  running.push(timer(0, 200).subscribe(() => namespace.exec('bash', ['-c', script])));
  const lookups = await firstValueFrom(
    traceLookups({ zone: namespace.name, dst: '10.66.0.0/16' }).pipe(take(2), toArray()),
  );
  for (const { tree, zone } of lookups) {
    expect(zone.name).toBe(namespace.name);
    expect(answerOf(tree, { table: String })).toMatchObject({
      dst: '10.66.0.1',
      gateway: '10.0.0.2',
    });
  }
});

test.each([
  [{ dst: 'x' }, 'dst: expected an IPv4 or IPv6 address or prefix, got "x"'],
  [{ src: 'default' }, 'src: expected an IPv4 or IPv6 address or prefix, got "default"'],
  [{ zone: 'no-such-zone' }, '--zone: expected the name of a network namespace'],
])('with %j is an error of the observable', async (options, words) => {
  await expect(firstValueFrom(traceLookups(options))).rejects.toThrow(words);
});
