import type { JobFinishedFrame } from "../../protocol/frame.ts";

export interface TerminationLog {
  readonly final: JobFinishedFrame;
  /** Its outputs did not fit. */
  readonly truncated: boolean;
}

const RESULTS: ReadonlySet<unknown> = new Set(["success", "failure", "cancelled"]);

/** What a runner left in its container's termination log; undefined for anything else. */
export function parseTerminationLog(message: string): TerminationLog | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message.trim());
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { type, result, outputs, error, environmentUrl, durationMs, truncated } = value as Record<
    string,
    unknown
  >;
  if (type !== "job.finished" || !RESULTS.has(result)) return undefined;
  const texts = typeof outputs === "object" && outputs !== null ? Object.entries(outputs) : [];
  return {
    final: {
      type: "job.finished",
      result: result as JobFinishedFrame["result"],
      outputs: Object.fromEntries(
        texts.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
      ),
      ...(typeof error === "string" ? { error } : {}),
      ...(typeof environmentUrl === "string" ? { environmentUrl } : {}),
      durationMs: typeof durationMs === "number" ? durationMs : 0,
    },
    truncated: truncated === true,
  };
}
