import { compileFilters } from './filters.js';
import { resolveOptions } from './config.js';
import { readNames } from '../sources/names-files.js';
import { version } from '../sources/version.js';
import { compilePrograms } from './d/compile-programs.js';
import { dOptions, readDRequest, type DRequest } from './d/flags.js';
import { listProbes } from './d/list.js';
import { openTextOutput } from './d/output.js';
import { readPrograms, type ProgramText } from './d/program-text.js';
import { runDProgram } from './d/run.js';
import { sourceOf } from './d/source.js';
import { holdCommand, watchProcess, type Target } from './d/target.js';
import { EXIT } from './exit.js';
import { say } from './say.js';

function openTarget({ command, pid }: DRequest): Target | null {
  if (command !== null) return holdCommand(command);
  return pid === null ? null : watchProcess(pid);
}

async function list(request: DRequest, texts: readonly ProgramText[]): Promise<number> {
  const output = openTextOutput(request.outputFile);
  const { text, misses } = listProbes(texts, request.args, request.switches.has('v'));
  output.write(text, true);
  await output.close();
  if (output.failure !== null) throw output.failure;
  for (const line of misses) say(line);
  return misses.length === 0 ? EXIT.done : EXIT.runtime;
}

async function run(
  request: DRequest,
  texts: readonly ProgramText[],
  target: Target | null,
): Promise<number> {
  const { recording, switches, sources } = request;
  const options = resolveOptions(sources, dOptions(recording !== null));
  const { program, isQuiet, matchedLines, report } = compilePrograms(
    request,
    texts,
    target?.pid ?? null,
  );
  const filters = compileFilters(options, readNames());
  const output = openTextOutput(request.outputFile);
  if (switches.has('v')) output.write(report, true);
  if (switches.has('e')) {
    await output.close();
    if (output.failure !== null) throw output.failure;
    return EXIT.done;
  }
  const log = options.quiet || isQuiet ? () => undefined : say;
  return runDProgram({
    program,
    output,
    open: (control) =>
      sourceOf(
        { probes: program.probes, recording, options, kernel: filters.kernel, warn: log },
        control,
      ),
    isLive: recording === null,
    beginsAtOnce: recording === null && program.probes.size === 0 && options.record === null,
    filter: filters.test,
    target,
    count: options.count,
    durationMs: options.durationMs,
    notices: matchedLines,
    log,
    warn: say,
    detail: options.verbose && !options.quiet ? say : null,
  });
}

/** `routetap -n`, `-s` and `-l`: D programs on the command line of dtrace(1). Resolves with the exit code. */
export async function runD(words: readonly string[]): Promise<number> {
  const request = readDRequest(words, process.env);
  if (request.switches.has('V')) {
    process.stdout.write(`${version()}\n`);
    return EXIT.done;
  }
  const texts = await readPrograms(request.programs);
  if (request.switches.has('l')) return list(request, texts);
  const target = openTarget(request);
  try {
    return await run(request, texts, target);
  } finally {
    target?.release();
  }
}
