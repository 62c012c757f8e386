/** Columns of the table: one monitor for each watched what happened. */
const TIERS = ['fentry', 'kprobe', 'tracepoint'];

/** What a kernel prints of itself when something is wrong with it. */
export const KERNEL_TROUBLE =
  /\b(BUG:|WARNING:|Oops|Kernel panic|general protection fault|rcu_\w+ self-detected stall)/;

/** Results in what the scenario runner printed: a JSON line each; other lines are no result. */
export function resultsIn(text, kernel) {
  const results = [];
  for (const line of text.split('\n').filter((row) => row.startsWith('{'))) {
    try {
      results.push({ kernel, ...JSON.parse(line) });
    } catch {
      results.push({
        ...{ kernel, tier: null, probe: 'machine', name: 'its results can be read', ok: false },
        detail: line,
      });
    }
  }
  return results;
}

/** Pages of `trace` in what the scenario runner printed, { name: text }; a line that can't be read is none. */
export function pagesIn(text) {
  const pages = {};
  for (const [, line] of text.matchAll(/^page (\{.*\})$/gm)) {
    try {
      const { name, text: page } = JSON.parse(line);
      pages[name] = page;
    } catch {
      continue;
    }
  }
  return pages;
}

/** What the machine itself must show: that it ran to its end, and that its kernel has no complaint. */
export function machineResults(kernel, { exitCode, why, console }) {
  const trouble = console.split('\n').find((line) => KERNEL_TROUBLE.test(line));
  const common = { kernel, tier: null, probe: 'machine' };
  return [
    {
      ...common,
      name: 'the scenes run to their end',
      ok: exitCode === 0,
      detail: exitCode === 0 ? null : (why ?? `exit code ${exitCode}`),
    },
    {
      ...common,
      name: 'the kernel has no complaint',
      ok: trouble === undefined,
      detail: trouble ?? null,
    },
  ];
}

export const failureLine = ({ kernel, tier, probe, name, detail }) =>
  `FAILED ${kernel} ${tier ?? 'machine'} ${probe}: ${name}: ${detail}`;

function cell(results) {
  if (results.length === 0) return '-';
  return `${results.filter(({ ok }) => ok).length}/${results.length}`;
}

/** Lines of the table kernel × probe × tier: how many claims held of how many. */
export function tableLines(results) {
  const rows = [['kernel', 'probe', ...TIERS]];
  const keys = new Set(
    results.filter(({ tier }) => tier !== null).map(({ kernel, probe }) => `${kernel}\t${probe}`),
  );
  for (const key of keys) {
    const [kernel, probe] = key.split('\t');
    const own = results.filter((result) => result.kernel === kernel && result.probe === probe);
    rows.push([
      kernel,
      probe,
      ...TIERS.map((tier) => cell(own.filter((one) => one.tier === tier))),
    ]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
