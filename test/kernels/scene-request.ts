import { ipLines, NETNS, type Bench } from './bench.js';
import {
  differences,
  isText,
  mechanismOf,
  onlyOne,
  routeEvents,
  statuses,
  type Check,
} from './check.js';
import type { Line, TierName, Watched } from './watcher.js';

const SHORT_LIVED = 15;

const eventsFor = (watched: Watched, probe: string, dst: string, zone: string = NETNS.host) =>
  routeEvents(watched, probe).filter(
    (line) => line['route']?.dst === dst && line['zone']?.name === zone,
  );

interface Request {
  readonly dst: string;
  readonly pid: number;
}

/** Every one of these processes has ended before anybody could look it up. */
async function playShortLived({ host }: Bench): Promise<Check> {
  const requests: Request[] = [];
  for (let index = 1; index <= SHORT_LIVED; index += 1) {
    const inet = `10.50.${index}.0/24`;
    const inet6 = `fd50:${index.toString(16)}::/64`;
    requests.push({ dst: inet, pid: await host.ip(`route add ${inet} via 10.9.1.1`) });
    requests.push({ dst: inet6, pid: await host.ip(`route add ${inet6} via fd09:1::1`) });
  }
  const wrongOf = (watched: Watched, { dst, pid }: Request): string | null =>
    onlyOne(eventsFor(watched, 'add', dst), {
      process: { pid, comm: 'ip', uid: 0, confidence: 'exact' },
      csinfo: { cs_pid: pid },
      cause: { kind: 'request' },
    });
  return {
    subject: 'request',
    name: `${requests.length} processes that add a route and end are named exactly`,
    verify: (watched) => {
      const wrong = requests.flatMap((request) => {
        const words = wrongOf(watched, request);
        return words === null ? [] : [`${request.dst}: ${words}`];
      });
      return wrong.length === 0 ? null : `${wrong.length} wrong: ${wrong.slice(0, 3).join('; ')}`;
    },
  };
}

async function playOtherWays({ host, vrf }: Bench): Promise<readonly Check[]> {
  await host.ask('ioctl', { dst: '10.70.0.0', via: '10.9.1.1' });
  const inVrf = await vrf.ip('route add 10.78.0.0/16 vrf vrf0 via 10.77.0.2');
  return [
    {
      subject: 'request',
      name: 'a route added by ioctl has its process',
      verify: (watched) =>
        onlyOne(eventsFor(watched, 'add', '10.70.0.0/16'), {
          process: { pid: host.pid, comm: 'python3', confidence: 'exact' },
        }),
    },
    {
      subject: 'request',
      name: 'a route added in a VRF has its table and its process',
      verify: (watched) =>
        onlyOne(eventsFor(watched, 'add', '10.78.0.0/16', NETNS.vrf), {
          route: { table: 100 },
          process: { pid: inVrf, comm: 'ip', confidence: 'exact' },
        }),
    },
  ];
}

async function playRefused({ host }: Bench): Promise<readonly Check[]> {
  ipLines('host', ['route add 10.90.0.0/16 via 10.9.1.1', 'route add fd90::/32 via fd09:1::1']);
  const rows = [
    {
      ask: 'route add 10.90.0.0/16 via 10.9.1.1',
      errno: 'EEXIST',
      request: 'RTM_NEWROUTE',
      dst: '10.90.0.0/16',
    },
    {
      ask: 'route add 10.91.0.0/16 via 172.31.0.1',
      errno: 'ENETUNREACH',
      request: 'RTM_NEWROUTE',
      dst: '10.91.0.0/16',
      extack: isText,
    },
    { ask: 'route del 10.92.0.0/16', errno: 'ESRCH', request: 'RTM_DELROUTE', dst: '10.92.0.0/16' },
    {
      ask: 'route add fd90::/32 via fd09:1::1',
      errno: 'EEXIST',
      request: 'RTM_NEWROUTE',
      dst: 'fd90::/32',
    },
  ];
  const pids: number[] = [];
  for (const { ask } of rows) pids.push(await host.ip(ask));
  return rows.map(({ ask, dst, ...wanted }, index): Check => {
    const pid = pids[index];
    return {
      subject: 'request',
      name: `refused with ${wanted.errno}: ${ask}`,
      verify: (watched) => {
        const found = statuses(watched, 'refused').filter((line) => line['dst'] === dst);
        return onlyOne(found, {
          ...wanted,
          zone: { name: NETNS.host },
          process: { pid, comm: 'ip' },
        });
      },
    };
  });
}

/** Attribution of what processes ask for, granted or refused. */
export async function playRequests(bench: Bench): Promise<readonly Check[]> {
  const checks = [
    await playShortLived(bench),
    ...(await playOtherWays(bench)),
    ...(await playRefused(bench)),
  ];
  return checks.map((check) => ({
    ...check,
    verify: (watched) =>
      mechanismOf(watched, 'request', 'inet') === null
        ? 'no program sees requests'
        : check.verify(watched),
  }));
}

const CONFIRMING: readonly TierName[] = ['fentry', 'kprobe'];

/** IPv4 routes that go without a message, with who made them go. */
export async function playRemovals({ host }: Bench): Promise<readonly Check[]> {
  const silent = ['10.81.0.0/24', '10.82.0.0/24', '10.83.0.0/24'];
  ipLines('host', [
    'link add d1 type dummy',
    'link set d1 up',
    'addr add 10.80.0.1/24 dev d1',
    ...silent.map((dst) => `route add ${dst} via 10.80.0.2`),
    'link add d2 type dummy',
    'link set d2 up',
    'addr add 10.84.0.1/24 dev d2',
    'route add 10.85.0.0/24 via 10.84.0.2',
  ]);
  const down = await host.ip('link set d1 down');
  const removed = await host.ip('addr del 10.84.0.1/24 dev d2');
  const rows = [
    ...silent.map((dst) => ({ dst, pid: down, kind: 'link-down', by: 'a link set down' })),
    { dst: '10.85.0.0/24', pid: removed, kind: 'address-removed', by: 'an address deleted' },
  ];
  const found = (watched: Watched, dst: string): readonly Line[] =>
    eventsFor(watched, 'delete', dst);
  const named: Check = {
    subject: 'request',
    name: 'routes that go in silence are told with the process that made them go',
    verify: (watched) => {
      const wrong = rows.flatMap(({ dst, pid, kind }) => {
        const wanted = { inferred: true, cause: { kind }, process: { pid, comm: 'ip' } };
        const words = onlyOne(found(watched, dst), wanted);
        return words === null ? [] : [`${dst}: ${words}`];
      });
      return wrong.length === 0 ? null : wrong.join('; ');
    },
  };
  const confirmed = rows.map(({ dst, pid, by }): Check => ({
    subject: 'removed',
    name: `${dst}, gone by ${by}, was seen leaving the table`,
    tiers: CONFIRMING,
    verify: (watched) => {
      const lines = found(watched, dst);
      const wrong =
        lines.length === 1
          ? differences({ inferred: true, provenance: watched.tier, process: { pid } }, lines[0])
          : [`${lines.length} records`];
      return wrong.length === 0 ? null : wrong.join(', ');
    },
  }));
  return [named, ...confirmed];
}
