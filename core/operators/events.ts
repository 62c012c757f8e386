import { filter, type OperatorFunction } from 'rxjs';
import type { RouteEvent, RoutetapRecord } from '../event.js';

/**
 * Route events only. Gaps are left out too: what counts events should look at the gaps beside them,
 * as `churn` does.
 */
export function events(): OperatorFunction<RoutetapRecord, RouteEvent> {
  return filter((record): record is RouteEvent => record.type === 'route');
}
