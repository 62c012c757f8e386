import type { EngineAsk } from '../core/engine/ask.js';
import type { Engine, EngineOptions } from '../core/engine/engine.js';
import { eachFrame } from '../core/engine/frames.js';
import { RoutetapError } from '../core/errors.js';
import type { RoutetapRecord } from '../core/event.js';
import { buildFrame, FRAME_KIND, type FrameFields, type ZoneIdentity } from '../core/frame.js';
import { batchEnd } from '../core/recording.js';
import { tiersFrame } from './bpf/frames.js';
import { openLiveBpf, type LiveBpf } from './bpf/live-bpf.js';
import { ProcessAnswers } from './process-answers.js';
import { recordedOptions } from './replay/recorded-options.js';
import type { RoutesOptions } from './routes.js';
import { openLiveReader, type IcmpSockets, type LiveReader } from './rtnetlink/live.js';
import { openRecorder, type Recorder } from './rtnetlink/recorder.js';
import { socketFilter } from './rtnetlink/socket-filter.js';
import { version } from './version.js';
import { wallClockNs } from './wall-clock.js';
import { resolveZone } from './zones/resolve.js';
import { watchZones, type ZoneWatch } from './zones/watch.js';
import type { FoundZone } from './zones/zone.js';

/** A stop waits this long for the last messages to be drained. */
const DRAIN_MS = 3000;
/** A namespace that is gone is let go of after this, drained or not. */
const LEAVE_MS = 1000;

/** What the feed gives. */
export interface LiveFeedOutput {
  engine(ask: EngineAsk): Engine;
  records(records: readonly RoutetapRecord[]): void;
  done(): void;
  failed(error: Error): void;
}

interface OpenZone {
  readonly number: number;
  readonly id: number;
}

/** Joins reader, zones, procfs and timers to one engine: what asks of the outside is answered here. */
export class LiveFeed {
  readonly #options: RoutesOptions;
  readonly #engineOptions: EngineOptions;
  readonly #output: LiveFeedOutput;
  readonly #engine: Engine;
  readonly #zones = new Map<number, OpenZone>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #filter: Uint8Array | null;
  readonly #answers: ProcessAnswers;
  #reader: LiveReader | null = null;
  #bpf: LiveBpf | null = null;
  #recorder: Recorder | null = null;
  #watch: ZoneWatch | null = null;
  #nextZone = 0;
  #state: 'new' | 'open' | 'stopping' | 'finishing' | 'closed' = 'new';
  #feeding = false;
  /** Frames made while the engine was fed; they follow as a batch of their own. */
  #own: Uint8Array[] = [];
  /** Redirects as the first zone's sockets see them; null where a program does. */
  #icmp: IcmpSockets | null = null;
  /** Zones that are gone, but for what the kernel said before. */
  readonly #leaving = new Set<number>();
  /** Barriers of `stop` still to come. */
  #awaited = 0;
  #closed: Promise<void> | null = null;

  constructor(options: RoutesOptions, engineOptions: EngineOptions, output: LiveFeedOutput) {
    this.#options = options;
    this.#engineOptions = engineOptions;
    this.#output = output;
    this.#filter = socketFilter(engineOptions.filter);
    this.#answers = new ProcessAnswers({
      netnsOf: (zone) =>
        [...this.#zones.values()].find(({ number }) => number === zone)?.id ?? null,
      now: wallClockNs,
      areKept: options.recordFile !== undefined,
    });
    this.#engine = output.engine({
      query: (zone, token, request) => {
        this.#reader?.query(zone, token, request);
      },
      barrier: (zone, token) => {
        this.#reader?.barrier(zone, token);
      },
      timer: (token, delayMs) => {
        this.#startTimer(token, delayMs);
      },
      process: (zone, portid) => this.#answers.process(zone, portid),
      describe: (pid, cgroupId) => this.#answers.describe(pid, cgroupId),
    });
  }

  async start(): Promise<void> {
    const zone = this.#options.zone ?? 'self';
    const targets = zone === 'all' ? null : [resolveZone(zone)];
    if (this.#options.recordFile !== undefined) {
      this.#recorder = await openRecorder(
        this.#options.recordFile,
        {
          version: version(),
          host: this.#engineOptions.host,
          options: recordedOptions(this.#engineOptions),
        },
        this.#options.warn,
      );
    }
    if (this.#state !== 'new') return;
    this.#state = 'open';
    const { receiveBufferBytes, patience } = this.#options;
    this.#bpf = this.#openBpf(targets);
    this.#reader = openLiveReader({
      ...(receiveBufferBytes === undefined ? {} : { receiveBufferBytes }),
      ...(patience === undefined ? {} : { patience }),
      onBatch: (bytes) => {
        // A request stands before the notifications it causes: programs saw it at the call.
        this.#bpf?.drain();
        this.#feed(bytes);
      },
      onError: (error) => {
        this.#output.failed(error);
      },
    });
    let first: unknown = null;
    this.#watch = watchZones({
      all: targets === null,
      ...(targets === null ? {} : { zones: targets }),
      onAppear: (found) => {
        try {
          this.#open(found);
        } catch (error) {
          // One namespace of many that can't be entered is no reason to see none; one that is gone already is no news.
          if (targets !== null) first ??= error;
          else if (!(error instanceof RoutetapError && error.code === 'ENOENT')) {
            this.#options.warn?.(`routetap: ${(error as Error).message}`);
          }
        }
      },
      onVanish: (id) => {
        this.#vanish(id);
      },
    });
    if (first !== null) throw first as Error;
    if (this.#zones.size === 0) {
      throw new RoutetapError('runtime', 'expected a network namespace to watch, could open none');
    }
    this.#own.push(tiersFrame(this.#bpf.tierRows(this.#icmp), wallClockNs()));
    this.#feedOwn();
  }

  /** Attached before the first dump, so that what is told after `watching` is seen by all of them. */
  #openBpf(targets: readonly FoundZone[] | null): LiveBpf {
    const { bpf, probes, patience, zone } = this.#options;
    // A named namespace may come back as another one.
    const [self] = zone === undefined || zone === 'self' ? (targets ?? []) : [];
    return openLiveBpf({
      choice: bpf ?? 'auto',
      ...(probes === undefined ? {} : { probes }),
      ...(self === undefined ? {} : { onlyNetns: self.id }),
      ...(patience === undefined ? {} : { patience }),
      now: wallClockNs,
      onFrame: (frame) => {
        this.#feed(frame);
      },
    });
  }

  /** Drains what the kernel has sent, says the last record and completes. */
  stop(): void {
    if (this.#state !== 'open') {
      if (this.#state === 'new') this.#finish();
      return;
    }
    this.#state = 'stopping';
    this.#watch?.close();
    const zones = [...this.#zones.values()];
    this.#awaited = zones.length;
    const timer = setTimeout(() => {
      this.#finish();
    }, DRAIN_MS);
    this.#timers.add(timer);
    for (const { number } of zones) this.#reader?.barrier(number, STOP_TOKEN);
    if (zones.length === 0) this.#finish();
  }

  /** Lets go of everything; resolves when a recording is on disk. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    this.#watch?.close();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#bpf?.close();
    await this.#reader?.close();
    await this.#recorder?.close();
  }

  #finish(): void {
    if (this.#state === 'closed' || this.#state === 'finishing') return;
    this.#state = 'finishing';
    this.#bpf?.close();
    this.#put({ kind: FRAME_KIND.STOP, zone: 0, timeNs: wallClockNs() });
    this.#feedOwn();
    void this.close().then(() => {
      this.#output.done();
    });
  }

  #open(found: FoundZone): void {
    const number = this.#nextZone++;
    const path = found.path === '/proc/self/ns/net' ? null : found.path;
    const icmp = this.#bpf?.needsIcmp ?? false;
    const native = this.#reader?.addZone(number, path, this.#filter, { icmp });
    if (native === undefined) return;
    this.#icmp ??= native.icmp;
    this.#zones.set(found.id, { number, id: found.id });
    const identity: ZoneIdentity = {
      id: native.inode,
      name: found.name,
      cookie: native.cookie,
      initial: found.initial,
    };
    this.#put({
      kind: FRAME_KIND.ZONE,
      zone: number,
      timeNs: wallClockNs(),
      payload: new TextEncoder().encode(JSON.stringify(identity)),
    });
    if (this.#watch !== null) this.#feedOwn();
  }

  #vanish(id: number): void {
    const zone = this.#zones.get(id);
    if (zone === undefined) return;
    this.#zones.delete(id);
    // What the kernel still said in it is read first: its last deletes are announced ones.
    this.#leaving.add(zone.number);
    this.#reader?.barrier(zone.number, LEAVE_TOKEN);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#leave(zone.number);
    }, LEAVE_MS);
    this.#timers.add(timer);
  }

  #leave(number: number): void {
    if (!this.#leaving.delete(number)) return;
    this.#reader?.removeZone(number);
    this.#put({ kind: FRAME_KIND.ZONE_GONE, zone: number, timeNs: wallClockNs() });
    this.#feedOwn();
  }

  #startTimer(token: number, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#put({ kind: FRAME_KIND.TIMER, zone: 0, value: token, timeNs: wallClockNs() });
      this.#feedOwn();
    }, delayMs);
    this.#timers.add(timer);
  }

  #put(fields: FrameFields): void {
    this.#own.push(buildFrame(fields));
  }

  /** Feeds the frames made here, unless the engine is being fed: then they come right after. */
  #feedOwn(): void {
    while (!this.#feeding && this.#own.length > 0) {
      const batch = Buffer.concat(this.#own);
      this.#own = [];
      this.#feed(batch);
    }
  }

  #feed(bytes: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#feeding = true;
    const records: RoutetapRecord[] = [];
    this.#engine.feed(bytes, records);
    if (this.#recorder !== null) this.#record(bytes);
    this.#feeding = false;
    if (records.length > 0) this.#output.records(records);
    if (this.#leaving.size > 0) {
      for (const zone of zonesDone(bytes, LEAVE_TOKEN)) this.#leave(zone);
    }
    if (this.#state === 'stopping') this.#lookForStop(bytes);
    this.#feedOwn();
  }

  #record(bytes: Uint8Array): void {
    for (const frame of this.#answers.takeFrames()) this.#recorder?.write(frame);
    this.#recorder?.write(bytes);
    this.#recorder?.write(batchEnd());
  }

  /** The barrier asked for by `stop`, of every zone. */
  #lookForStop(bytes: Uint8Array): void {
    this.#awaited -= zonesDone(bytes, STOP_TOKEN).length;
    if (this.#awaited <= 0) this.#finish();
  }
}

/** No tokens of an engine: those count up from 1. */
const STOP_TOKEN = 0xffff_ffff;
const LEAVE_TOKEN = 0xffff_fffe;

/** Zones whose barrier with this token has come, or can't come any more. */
function zonesDone(bytes: Uint8Array, token: number): number[] {
  const zones: number[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  eachFrame(view, ({ kind, value, zone }) => {
    if (value !== token) return;
    if (kind === FRAME_KIND.BARRIER || kind === FRAME_KIND.QUERY_FAILED) zones.push(zone);
  });
  return zones;
}
