import type { Bench } from './bench.js';
import type { Check } from './check.js';
import { routeEvents } from './check.js';

const CONNECTIONS = 10_000;

/** Connections that work: no program may say anything of them. */
export async function playQuiet({ host, far }: Bench): Promise<readonly Check[]> {
  await far.ask('serve', { port: 7100 });
  const inet = await host.ask('many', { to: '10.9.2.2', port: 7100, count: CONNECTIONS / 2 });
  const inet6 = await host.ask('many', { to: 'fd09:2::2', port: 7100, count: CONNECTIONS / 2 });
  const done = (inet.done ?? 0) + (inet6.done ?? 0);
  const mentions = (
    section: { readonly dst?: unknown; readonly dport?: unknown } | null | undefined,
  ) => section?.dport === 7100;
  return (['miss', 'losing'] as const).map((subject) => ({
    subject,
    name: `${CONNECTIONS} connections that work are no ${subject}`,
    verify: (watched) => {
      if (done !== CONNECTIONS) return `${done} connections were made`;
      const found = routeEvents(watched, subject).filter(
        ({ lookup, timeout }) => mentions(lookup) || mentions(timeout),
      );
      return found.length === 0 ? null : `${found.length} records`;
    },
  }));
}
