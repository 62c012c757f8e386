import { Observable } from 'rxjs';

/** Items between two looks at the room left; as many as a batch holds. */
const CHUNK = 1024;

/**
 * An iterable as an observable that is pulled no faster than `room` allows, and leaves the event loop a turn
 * now and then. Unsubscribing ends the iteration (`return()`); an error of the iterable is the observable's.
 */
export function pulled<T>(
  items: Iterable<T> | AsyncIterable<T>,
  room: () => Promise<void>,
): Observable<T> {
  return new Observable((subscriber) => {
    const iterator =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    let isOver = false;
    const pull = async (): Promise<void> => {
      for (let given = 1; !subscriber.closed; given += 1) {
        const step = iterator.next();
        const result = step instanceof Promise ? await step : step;
        if (result.done === true) {
          isOver = true;
          subscriber.complete();
        } else {
          subscriber.next(result.value);
        }
        if (given % CHUNK === 0) await pause(room);
      }
    };
    pull().catch((error: unknown) => {
      isOver = true;
      subscriber.error(error);
    });
    return () => {
      if (isOver) return;
      // Nobody is left to tell when it can't end.
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    };
  });
}

async function pause(room: () => Promise<void>): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await room();
}
