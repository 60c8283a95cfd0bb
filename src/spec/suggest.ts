const MAX_WORD = 64;

/**
 * The candidate that was most probably meant by a mistyped word; undefined where none is near. Letter case and the
 * difference between `-` and `_` count little; swapped neighbours count as one slip. The first of equals wins.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalize(word);
  if (wanted === "" || wanted.length > MAX_WORD) return undefined;
  let best: string | undefined;
  // A third of the letters may be wrong, but never all of a short word.
  let limit = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    const distance = slips(wanted, normalize(candidate), limit);
    if (distance >= limit || distance >= Math.min(wanted.length, candidate.length)) continue;
    best = candidate;
    limit = distance;
    if (distance === 0) break;
  }
  return best;
}

function normalize(word: string): string {
  return word.toLowerCase().replaceAll("_", "-").trim();
}

/** Letters inserted, dropped, replaced or swapped with their neighbour; `limit` where it would be that many or more. */
function slips(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  if (a === b) return 0;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
      least = Math.min(least, cost);
    }
    if (least >= limit) return limit;
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? limit;
}
