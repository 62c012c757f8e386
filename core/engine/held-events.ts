import type { BpfEvent } from '../bpf/read-event.js';
import type { Questions } from './questions.js';

const MOST = 1024;

/** Records of namespaces that are not watched, kept for their zone to appear. */
export class HeldEvents {
  readonly #questions: Questions;
  readonly #patienceMs: number;
  readonly #expired: (event: BpfEvent) => void;
  #held: BpfEvent[] = [];
  #batch: BpfEvent[] = [];

  /** `expired` gets what no zone came for. */
  constructor(questions: Questions, patienceMs: number, expired: (event: BpfEvent) => void) {
    this.#questions = questions;
    this.#patienceMs = patienceMs;
    this.#expired = expired;
  }

  /** Keeps a record whose bytes are its own. */
  hold(event: BpfEvent): void {
    if (this.#held.length >= MOST) {
      this.#expired(event);
      return;
    }
    this.#held.push(event);
    this.#batch.push(event);
    if (this.#batch.length > 1) return;
    const batch = this.#batch;
    this.#questions.timer(this.#patienceMs, () => {
      if (this.#batch === batch) this.#batch = [];
      for (const due of batch) {
        if (!this.#held.includes(due)) continue;
        this.#held = this.#held.filter((other) => other !== due);
        this.#expired(due);
      }
    });
  }

  /** Takes out what `isOf` says yes to. */
  take(isOf: (event: BpfEvent) => boolean): readonly BpfEvent[] {
    const taken = this.#held.filter(isOf);
    if (taken.length > 0) this.#held = this.#held.filter((event) => !taken.includes(event));
    return taken;
  }

  /** No zone will come any more. */
  finish(): void {
    for (const event of this.take(() => true)) this.#expired(event);
  }
}
