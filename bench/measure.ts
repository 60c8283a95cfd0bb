// Ours beside a baseline, taking turns in the same run, so that whatever else the machine does hits both.

export interface Comparison {
  readonly name: string;
  /** What the ratio may be at most, ours to baseline; or what `ours` may be at most in milliseconds. */
  readonly goal: { readonly ratio: number } | { readonly ms: number };
  /** Each returns milliseconds. */
  readonly ours: () => number | Promise<number>;
  readonly baseline: () => number | Promise<number>;
  readonly runs: number;
  /** More figures worth showing, e.g. memory, asked for after the last run. */
  readonly notes?: () => string;
}

export interface Result {
  readonly name: string;
  readonly oursMs: number;
  readonly baselineMs: number;
  readonly ratio: number;
  readonly goal: string;
  readonly met: boolean;
  readonly notes: string;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export async function compare(comparison: Comparison): Promise<Result> {
  const { ours, baseline, goal, runs } = comparison;
  // The first of each fills caches and is not counted.
  await baseline();
  await ours();
  const oursMs: number[] = [];
  const baselineMs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    // Whoever is second finds the caches as the first left them: each is first in turn.
    if (run % 2 === 0) baselineMs.push(await baseline());
    oursMs.push(await ours());
    if (run % 2 === 1) baselineMs.push(await baseline());
  }
  const a = median(oursMs);
  const b = median(baselineMs);
  const ratio = a / b;
  const met = "ratio" in goal ? ratio <= goal.ratio : a <= goal.ms;
  return {
    name: comparison.name,
    oursMs: a,
    baselineMs: b,
    ratio,
    goal: "ratio" in goal ? `≤ ${goal.ratio} ×` : `≤ ${goal.ms} ms`,
    met,
    notes: comparison.notes?.() ?? "",
  };
}

/** Milliseconds that something took. */
export async function timed(action: () => unknown): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}
