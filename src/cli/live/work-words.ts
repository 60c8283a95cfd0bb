import { plainScreenText } from "../output/screen-text.ts";
import type { BuildRecord, StepRecord } from "../record/run-record.ts";

/** `push · main · 1a2b3c4`. */
export function buildSubtitle({
  event,
  ref,
  sha,
  waitsFor,
}: Pick<BuildRecord, "event" | "ref" | "sha" | "waitsFor">): string {
  const short = /^0*$/.test(sha) ? "" : sha.slice(0, 7);
  return [event, ref.replace(/^refs\/(heads|tags|pull)\//, ""), short, waitsFor ?? ""]
    .filter((part) => part !== "")
    .map(plainScreenText)
    .join(" · ");
}

/** Why a step failed, in a few words. */
export function stepFailure({ exitCode, signal, error }: StepRecord): string {
  if (error !== undefined && !isPlainExit(error)) return plainScreenText(error.split("\n")[0] ?? "");
  if (signal !== undefined) return `ended by ${signal}`;
  return exitCode === undefined ? "failed" : `exit code ${exitCode}`;
}

/** The runner's sentence for a process that ended with a code other than 0: the code says it in fewer words. */
export function isPlainExit(error: string): boolean {
  return /^Process completed with exit code -?\d+\.$/.test(error);
}
