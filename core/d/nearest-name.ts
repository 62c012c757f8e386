/**
 * The name that was probably meant, or null when none is near: one that goes on where this one stops
 * (`route_mtu`, `route_mtu_metric`), else the fewest slips of the keyboard away, at most a third of the name.
 */
export function nearestName(name: string, names: Iterable<string>): string | null {
  let nearest: string | null = null;
  let distance = Math.max(1, Math.ceil(name.length / 3)) + 1;
  const wanted = name.toLowerCase();
  for (const candidate of names) {
    const other = candidate.toLowerCase();
    const slips = other.startsWith(wanted) && wanted.length > 2 ? 0.5 : editDistance(wanted, other);
    if (slips < distance) {
      nearest = candidate;
      distance = slips;
    }
  }
  return nearest;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      let best = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
