import { mergeMap, type OperatorFunction } from 'rxjs';

/** Batches one record at a time: `routeBatches()` through the operators that take records. Keeps the order. */
export function unbatched<T>(): OperatorFunction<readonly T[], T> {
  return mergeMap((batch) => batch);
}
