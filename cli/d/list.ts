import { PROBE_TABLE, type ProbeRow } from '../../core/d/program/probes.js';
import { escapeText } from '../../core/format/escape.js';
import type { ProbeRow as Mechanism } from '../doctor/findings.js';
import { Described } from './described.js';
import { lookAtMechanisms, mechanismOf } from './mechanisms.js';
import { parsedProgram } from './parsed-program.js';
import type { ProgramText } from './program-text.js';
import { attributeLines, shortAttributes, stabilityOf } from './stability.js';

/** The arguments of a route probe by their number. */
const ARGUMENTS = ['void', 'csinfo_t *', 'void', 'void', 'routeinfo_t *', 'linuxinfo_t *'] as const;

const argumentsText = ARGUMENTS.flatMap((type, index) =>
  type === 'void' ? [] : [`args[${index}] ${type}`],
).join(', ');

/** The columns of `dtrace -l`, and what a machine has to say about each probe after them. */
const columns = (cells: readonly [string, string, string, string, string]): string => {
  const [id, provider, module, func, name] = cells;
  return `${id.padStart(5)} ${provider.padStart(10)} ${module.padStart(17)} ${func.padStart(33)} ${name}`;
};

const MORE_WIDTHS = [14, 20, 22] as const;

const more = (name: string, cells: readonly [string, string, string]): string => {
  const [nameWidth, ...widths] = MORE_WIDTHS;
  const pad = ' '.repeat(Math.max(0, nameWidth - name.length));
  const [mechanism, stability, types] = cells;
  return `${pad} ${mechanism.padEnd(widths[0])} ${stability.padEnd(widths[1])} ${types}`.trimEnd();
};

const HEADER = `${columns(['ID', 'PROVIDER', 'MODULE', 'FUNCTION', 'NAME'])}${more('NAME', ['MECHANISM', 'STABILITY', 'ARGUMENTS'])}`;

function rowLine(row: ProbeRow, mechanisms: readonly Mechanism[]): string {
  const { id, provider, module, name, probe } = row;
  const mechanism = probe === null ? 'routetap' : mechanismOf(mechanisms, probe);
  const stability = shortAttributes(stabilityOf(provider).probes);
  const types = probe === null ? '' : argumentsText;
  return `${columns([String(id), provider, module, '', name])}${more(name, [mechanism, stability, types])}`;
}

const mechanismLine = ({ family, mechanism, who, fidelity, better }: Mechanism): string => {
  const by = mechanism === null ? 'none' : mechanism + (who === null ? '' : `, who: ${who}`);
  const hint = better === null ? '' : `; better: ${escapeText(better)}`;
  return `\t\t${family}: ${by} (${escapeText(fidelity)}${hint})\n`;
};

/** What dtrace(1) prints of a probe with -v, and the mechanisms. */
function details({ provider, probe }: ProbeRow, mechanisms: readonly Mechanism[]): string {
  const { probes, parameters } = stabilityOf(provider);
  const types =
    probe === null
      ? '\t\tNone\n'
      : ARGUMENTS.map((type, index) => `\t\targs[${index}]: ${type}\n`).join('');
  const served =
    probe === null
      ? '\t\troutetap itself\n'
      : mechanisms
          .filter((row) => row.probe === probe)
          .map(mechanismLine)
          .join('');
  return (
    `\n\tProbe Description Attributes\n${attributeLines(probes)}` +
    `\n\tArgument Attributes\n${attributeLines(parameters)}` +
    `\n\tArgument Types\n${types}\n\tMechanism\n${served}\n`
  );
}

interface Asked {
  readonly rows: readonly ProbeRow[];
  /** A line for each description that matches none. */
  readonly misses: readonly string[];
}

/** What the descriptions of the programs match, in their order; every probe without a program. */
function askedRows(texts: readonly ProgramText[], args: readonly string[]): Asked {
  if (texts.length === 0) return { rows: PROBE_TABLE, misses: [] };
  const described = new Described(args, null);
  const misses: string[] = [];
  const rows = texts.flatMap((program) =>
    described.rows(parsedProgram(program), (text, { message, suggestion }) => {
      const near = suggestion === null ? '' : `; did you mean ${suggestion}?`;
      misses.push(`routetap: failed to match ${escapeText(text)}: ${message}${near}`);
    }),
  );
  return { rows, misses };
}

/** `-l`: the text of the list, and a line for each description that matches nothing. */
export function listProbes(
  texts: readonly ProgramText[],
  args: readonly string[],
  isVerbose: boolean,
): { readonly text: string; readonly misses: readonly string[] } {
  const { rows, misses } = askedRows(texts, args);
  const mechanisms = rows.some(({ probe }) => probe !== null) ? lookAtMechanisms() : [];
  const lines = rows.map(
    (row) => `${rowLine(row, mechanisms)}\n${isVerbose ? details(row, mechanisms) : ''}`,
  );
  return { text: `${HEADER}\n${lines.join('')}`, misses };
}
