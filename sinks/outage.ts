/** Says once that a target fails and once that it is back, however often it is tried in between. */
export class Outage {
  readonly #warn: (line: string) => void;
  #sinceMs: number | null = null;
  #droppedBefore = 0;

  constructor(warn: (line: string) => void) {
    this.#warn = warn;
  }

  /** True from the first failure until the target works again. */
  get isDown(): boolean {
    return this.#sinceMs !== null;
  }

  /** The target failed; `line` is printed if it worked until now. `dropped` is the sink's counter at this moment. */
  down(line: string, dropped: number): void {
    if (this.#sinceMs !== null) return;
    this.#sinceMs = Date.now();
    this.#droppedBefore = dropped;
    this.#warn(line);
  }

  /** The target works; `line` is printed, with how long it lasted, if it did not until now. */
  up(line: string, dropped: number): void {
    if (this.#sinceMs === null) return;
    const seconds = Math.round((Date.now() - this.#sinceMs) / 1000);
    const lost = dropped - this.#droppedBefore;
    this.#sinceMs = null;
    this.#warn(`${line} after ${seconds} s, ${lost} records dropped meanwhile`);
  }
}
