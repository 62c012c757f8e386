import { Observable, type OperatorFunction } from 'rxjs';

/**
 * Gathers what arrives in one turn of the event loop's microtasks, at most `maxRecords`, so that what follows
 * works on whole batches as sinks do. Keeps the order, loses nothing; on the end or an error the last batch
 * goes out first.
 */
export function batched<T>(maxRecords = 1024): OperatorFunction<T, readonly T[]> {
  return (source) =>
    new Observable((subscriber) => {
      let batch: T[] = [];
      let isScheduled = false;
      const send = (): void => {
        isScheduled = false;
        if (batch.length === 0) return;
        const full = batch;
        batch = [];
        subscriber.next(full);
      };
      const subscription = source.subscribe({
        next: (value) => {
          batch.push(value);
          if (batch.length >= maxRecords) {
            send();
          } else if (!isScheduled) {
            isScheduled = true;
            queueMicrotask(send);
          }
        },
        error: (error: unknown) => {
          send();
          subscriber.error(error);
        },
        complete: () => {
          send();
          subscriber.complete();
        },
      });
      return () => {
        batch = [];
        subscription.unsubscribe();
      };
    });
}
