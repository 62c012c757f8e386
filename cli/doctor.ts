import { escapeText } from '../core/format/escape.js';
import { findings, probeRows, type Finding, type ProbeRow } from './doctor/findings.js';
import { lookAtMachine } from './doctor/machine.js';
import { lookAtTiers } from './doctor/tiers.js';
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

const probeCells = (row: ProbeRow): readonly string[] => {
  const { probe, family, mechanism, who, fidelity, missing } = row;
  const by = who === null ? (mechanism ?? '') : `${mechanism ?? ''}, who: ${who}`;
  return missing === null
    ? [probe, family, 'yes', by, escapeText(fidelity)]
    : [probe, family, 'no', '', `needs ${escapeText(missing)}`];
};

/** Each reason once, with the probes it holds back. */
function betterLines(rows: readonly ProbeRow[]): readonly string[] {
  const reasons = new Map<string, Set<string>>();
  for (const { probe, better, missing } of rows) {
    if (better === null || missing !== null) continue;
    const probes = reasons.get(better);
    if (probes === undefined) reasons.set(better, new Set([probe]));
    else probes.add(probe);
  }
  return [...reasons].map(
    ([reason, probes]) => `better for ${[...probes].join(', ')}: ${escapeText(reason)}`,
  );
}

const findingCells = ({ what, is, get }: Finding): readonly string[] => [
  what,
  get === null ? escapeText(is) : `${escapeText(is)}; to get more: ${get}`,
];

/**
 * `routetap doctor`: what this machine can see, and how to see more. Loads the eBPF programs for real and lets them go
 * again. Exit code 0 whatever it finds.
 */
export function doctor(asJson: boolean): void {
  const machine = lookAtMachine();
  const tiers = lookAtTiers();
  const probes = probeRows(machine, tiers);
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ version: version(), probes, tiers, machine })}\n`);
    return;
  }
  const parts = [
    table([['PROBE', 'FAMILY', 'SEEN', 'BY', 'WHAT TO EXPECT'], ...probes.map(probeCells)]),
    betterLines(probes).join('\n'),
    table(findings(machine).map(findingCells)),
  ];
  process.stdout.write(`${parts.filter((part) => part !== '').join('\n\n')}\n`);
}
