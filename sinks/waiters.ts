interface Waiter {
  readonly mark: number;
  readonly done: (settled: boolean) => void;
  readonly timer: NodeJS.Timeout;
}

/** Those who wait until a count that only grows has come as far as their mark. */
export class Waiters {
  #reached = 0;
  #waiting: Waiter[] = [];

  /** How far the count has come. */
  get reached(): number {
    return this.#reached;
  }

  /** Resolves true once the count has reached `mark`, false after `timeoutMs`. */
  until(mark: number, timeoutMs: number): Promise<boolean> {
    if (this.#reached >= mark) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (settled: boolean): void => {
        clearTimeout(timer);
        resolve(settled);
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((waiter) => waiter.done !== done);
        done(false);
      }, timeoutMs);
      this.#waiting.push({ mark, done, timer });
    });
  }

  advance(by: number): void {
    this.#reached += by;
    const due = this.#waiting.filter(({ mark }) => mark <= this.#reached);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ mark }) => mark > this.#reached);
    for (const { done } of due) done(true);
  }
}
