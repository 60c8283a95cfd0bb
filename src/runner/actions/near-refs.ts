/** The refs that someone who wrote `ref` most probably meant, best first; `limit` at most. */
export function nearRefs(ref: string, refs: readonly string[], limit: number): string[] {
  return refs
    .map((candidate) => ({ candidate, distance: distanceOf(ref.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || byVersion(b.candidate, a.candidate))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

function distanceOf(wanted: string, candidate: string): number {
  if (candidate === wanted) return 0;
  if (candidate === `v${wanted}` || wanted === `v${candidate}`) return 0.1;
  // `v4.1` for `v4`, and `v4` for `v4.9`: the same line of versions.
  if (candidate.startsWith(`${wanted}.`) || wanted.startsWith(`${candidate}.`)) return 0.5;
  return editDistance(wanted, candidate) - shared(wanted, candidate) / 4;
}

function shared(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return length;
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Levenshtein's: how many characters to put in, take out or change. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
