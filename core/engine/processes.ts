import type { Process } from '../event.js';
import { readProcess } from '../attribution/process.js';
import type { Requests } from './requests.js';

/** How long an answer about a port id holds; the asked side keeps it longer when it can prove it. */
const HOLDS_NS = 1_000_000_000n;

/** Who stands behind the port ids of one zone. */
export class Processes {
  readonly #seen = new Map<number, { process: Process | null; timeNs: bigint }>();
  readonly #ask: (portid: number) => Uint8Array | null;
  readonly #requests: Requests;

  constructor(ask: (portid: number) => Uint8Array | null, requests: Requests) {
    this.#ask = ask;
    this.#requests = requests;
  }

  /** A PROCESS frame for the port id. */
  saw(portid: number, payload: Uint8Array, timeNs: bigint): void {
    if (this.#seen.size > 4096) this.#seen.clear();
    this.#seen.set(portid, { process: readProcess(payload), timeNs });
  }

  /** As a program saw it at the call, else as procfs tells. */
  of(portid: number, timeNs: bigint): Process | null {
    const exact = this.#requests.by(portid, timeNs)?.process;
    return exact === undefined
      ? this.#lookedUp(portid, timeNs)
      : this.#enriched(exact, portid, timeNs);
  }

  /** A program knows no paths: where nobody could describe the process, procfs may. */
  #enriched(exact: Process, portid: number, timeNs: bigint): Process {
    if (exact.exe !== null) return exact;
    const found = this.#lookedUp(portid, timeNs);
    if (found?.pid !== exact.pid) return exact;
    const { exe, cgroup, unit, container } =
      exact.cgroup === null ? found : { ...exact, exe: found.exe };
    return { ...exact, exe, cgroup, unit, container };
  }

  #lookedUp(portid: number, timeNs: bigint): Process | null {
    const seen = this.#seen.get(portid);
    if (seen !== undefined && timeNs - seen.timeNs < HOLDS_NS) return seen.process;
    const payload = this.#ask(portid);
    if (payload !== null) {
      this.saw(portid, payload, timeNs);
      return this.#seen.get(portid)?.process ?? null;
    }
    // The last good answer beats none: a port id is reused far later than it is forgotten.
    const process = seen?.process ?? null;
    this.#seen.set(portid, { process, timeNs });
    return process;
  }

  /** The same process, as the author of a cascade. */
  cascade(portid: number, timeNs: bigint): Process | null {
    if (portid === 0) return null;
    const process = this.of(portid, timeNs);
    return process === null ? null : { ...process, confidence: 'cascade' };
  }
}
