import type { FactRecord } from "../../store/build-record.ts";
import type { BuildMachine } from "../build-machine.ts";
import { decodeFact } from "./fact-codec.ts";
import type { OutputLimits } from "./output-limits.ts";
import type { Outstanding } from "./outstanding.ts";
import { parseSound } from "./prepare-build.ts";

export interface Replayed {
  /** Why it was cancelled. */
  readonly cancelled: string | undefined;
  readonly timedOut: boolean;
  readonly lastSeq: number;
}

/** Rebuilds a machine from its facts. Throws `ExecError` where they, or the workflows in them, cannot be read any more. */
export function replayFacts(
  machine: BuildMachine,
  records: readonly FactRecord[],
  outstanding: Outstanding,
  limits: OutputLimits,
): Replayed {
  let cancelled: string | undefined;
  let late = false;
  let lastSeq = 0;
  for (const { seq, fact: json } of records) {
    const { fact, timedOut } = decodeFact(json, (file) => parseSound(file, "The called workflow").spec);
    if (fact.kind === "cancelled") cancelled ??= fact.reason;
    if (fact.kind === "job-ended") limits.take(fact);
    late ||= timedOut === true;
    lastSeq = seq;
    outstanding.replay(machine, fact);
  }
  return { cancelled, timedOut: late, lastSeq };
}
