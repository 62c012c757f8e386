import { escapeText } from '../core/format/escape.js';
import { findings, probeRows, type Finding, type ProbeRow } from './doctor/findings.js';
import { lookAtMachine } from './doctor/machine.js';
import { version } from '../sources/version.js';

/** Columns as wide as their widest cell; the last one is left ragged. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const probeCells = ({ probe, family, mechanism, missing }: ProbeRow): readonly string[] => [
  probe,
  family,
  missing === null ? 'yes' : 'no',
  missing === null ? (mechanism ?? '') : `needs ${escapeText(missing)}`,
];

const findingCells = ({ what, is, get }: Finding): readonly string[] => [
  what,
  get === null ? escapeText(is) : `${escapeText(is)}; to get more: ${get}`,
];

/** `routetap doctor`: what this machine can see, and how to see more. Exit code 0 whatever it finds. */
export function doctor(asJson: boolean): void {
  const machine = lookAtMachine();
  const probes = probeRows(machine);
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ version: version(), probes, machine })}\n`);
    return;
  }
  const probeTable = table([['PROBE', 'FAMILY', 'SEEN', 'BY'], ...probes.map(probeCells)]);
  const found = table(findings(machine).map(findingCells));
  process.stdout.write(`${probeTable}\n\n${found}\n`);
}
