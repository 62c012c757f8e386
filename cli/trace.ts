import { readTraceOptions, type TraceFlags } from './trace-options.js';

/**
 * `routetap trace`: how the kernel finds its way, as call trees of its route lookups; of this kernel, or of a trace
 * saved before. Resolves with the exit code; throws a RoutetapError.
 */
export async function trace(command: readonly string[], flags: TraceFlags): Promise<number> {
  const options = readTraceOptions(command, flags);
  if (options.load === null) return (await import('./trace/live.js')).traceLive(options);
  return (await import('./trace/saved.js')).traceSaved(options.load, options);
}
