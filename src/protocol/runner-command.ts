/** What a runner is told after its request, one JSON object a line on its standard input. */
export type RunnerCommand =
  | { readonly type: "cancel"; readonly reason: string }
  /** End everything at once. The end of the input means the same: whoever started the runner is gone. */
  | { readonly type: "kill" };

export function encodeRunnerCommand(command: RunnerCommand): string {
  return `${JSON.stringify(command)}\n`;
}

/** Undefined for a line that is no command, which a runner ignores: it may come from a newer worker. */
export function parseRunnerCommand(line: string): RunnerCommand | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  if (value.type === "kill") return { type: "kill" };
  if (value.type !== "cancel") return undefined;
  const reason = "reason" in value && typeof value.reason === "string" ? value.reason : "";
  return { type: "cancel", reason };
}
