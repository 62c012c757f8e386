import { Fib, type FibListener } from '../../../core/fib/fib.js';
import { RouteKey } from '../../../core/fib/route-key.js';
import { dstText } from '../../../core/engine/dst-text.js';
import { namesFrom } from '../../../core/names/names.js';
import { readRouteBody } from '../../../core/wire/route.js';
import { RouteScan, scanRoute } from '../../../core/wire/scan.js';
import { isInet6, routePayload, type RouteSpec } from './route-message.js';

const CONTEXT = { deviceName: () => null, names: namesFrom({}) };

export function scanned(spec: RouteSpec): RouteScan {
  const payload = routePayload(spec);
  const scan = new RouteScan();
  if (!scanRoute(payload, 0, payload.length, scan)) throw new Error('expected a route message');
  return scan;
}

/** The scan's canonical body, by itself. */
export const bodyOf = (spec: RouteSpec): Uint8Array => {
  const scan = scanned(spec);
  return scan.body.slice(0, scan.bodyBytes);
};

/** A mirror and what it said, as short lines: `add 10.0.0.0/8 via 10.9.0.2 dev 2`. */
export class Mirror implements FibListener {
  readonly fib: Fib;
  readonly freed: number[] = [];
  /** What was said since the last `told()`. */
  #said: string[] = [];
  #inet6 = false;
  nowMs = 1_000_000;

  constructor() {
    this.fib = new Fib((body) => this.freed.push(body));
    this.fib.learning = false;
  }

  /** Applies an RTM_NEWROUTE with these nlmsg_flags; returns what it made the mirror say. */
  set(spec: RouteSpec, flags: number): string[] {
    return this.#apply(spec, (scan, key) => {
      this.fib.applyNew(scan, key, flags, this.nowMs, this);
    });
  }

  /** Applies an RTM_DELROUTE. */
  remove(spec: RouteSpec): string[] {
    return this.#apply(spec, (scan, key) => {
      this.fib.applyDelete(scan, key, this);
    });
  }

  #apply(spec: RouteSpec, act: (scan: RouteScan, key: RouteKey) => void): string[] {
    this.#inet6 = isInet6(spec);
    const scan = scanned(spec);
    const key = new RouteKey();
    this.fib.keyOf(scan, key);
    act(scan, key);
    const said = this.#said;
    this.#said = [];
    return said;
  }

  added(key: RouteKey, body: number): void {
    this.#said.push(`add ${this.#text(key, body)}`);
  }

  deleted(key: RouteKey, body: number, stale: boolean, expiryMs?: number): void {
    const expiry = expiryMs === undefined ? '' : ` until ${expiryMs}`;
    this.#said.push(`${stale ? 'stale ' : ''}delete ${this.#text(key, body)}${expiry}`);
  }

  changed(key: RouteKey, before: number, after: number): void {
    this.#said.push(`change ${this.#text(key, before)} → ${this.#paths(after)}`);
  }

  doubtful(inet6: boolean): void {
    this.#said.push(`doubtful ${inet6 ? 'inet6' : 'inet'}`);
  }

  /** Everything it holds, aliases in order. */
  routes(): string[] {
    const lines: string[] = [];
    const key = new RouteKey();
    for (const store of [this.fib.inet, this.fib.inet6]) {
      const seen = new Set<number>();
      for (let slot = 0; slot < store.limit; slot++) {
        if (!store.isUsed(slot) || seen.has(slot)) continue;
        store.readKey(slot, key);
        this.#inet6 = store.inet6;
        for (let alias = store.first(key); alias >= 0; alias = store.next(alias)) {
          if (seen.has(alias)) throw new Error('an alias stands under two keys');
          seen.add(alias);
          lines.push(this.#text(key, store.body(alias)));
        }
      }
      if (seen.size !== store.size) throw new Error(`size ${store.size}, found ${seen.size}`);
    }
    return lines;
  }

  #text(key: RouteKey, body: number): string {
    const tos = key.tos === 0 ? '' : ` tos ${key.tos}`;
    const metric = key.priority === (this.#inet6 ? 1024 : 0) ? '' : ` metric ${key.priority}`;
    const { table } = this.fib.contexts.of(key.context);
    const where = table === 254 ? '' : ` table ${table}`;
    return `${dstText(key, this.#inet6)}${where}${tos}${metric} ${this.#paths(body)}`;
  }

  #paths(body: number): string {
    const { nexthops, type, nhid, metrics } = readRouteBody(this.fib.bodies.bytes(body), CONTEXT);
    const hops = nexthops.map(({ gateway, ifindex, weight, flags }) =>
      [
        ...(gateway === null ? [] : ['via', gateway]),
        'dev',
        String(ifindex),
        ...(weight === 1 ? [] : ['weight', String(weight)]),
        ...flags,
      ].join(' '),
    );
    const mtu = metrics['mtu'];
    return [
      ...(type === 'unicast' ? [] : [type]),
      ...(nhid === null ? [] : [`nhid ${nhid}`]),
      hops.join(' + '),
      ...(typeof mtu === 'number' ? [`mtu ${mtu}`] : []),
    ].join(' ');
  }
}
