/** How a line of a step's log is to be shown. */
export interface LogLine {
  readonly kind: "text" | "group" | "error" | "warning" | "notice" | "debug" | "command";
  /** Without its `##[…]`. Not yet safe for a terminal. */
  readonly text: string;
  /** Inside an open group. */
  readonly inGroup: boolean;
}

const COMMAND = /^(?:\ufeff)?##\[(group|endgroup|error|warning|notice|debug|command|section)\]/;

/** Reads the `##[…]` of one line; undefined for the end of a group, which is not shown. */
export function readLogLine(line: string): Omit<LogLine, "inGroup"> | undefined {
  if (!line.startsWith("##[") && !line.startsWith("\ufeff")) return { kind: "text", text: line };
  const name = COMMAND.exec(line)?.[1];
  if (name === undefined) return { kind: "text", text: line };
  const text = line.slice(line.indexOf("]") + 1);
  switch (name) {
    case "endgroup":
      return undefined;
    case "group":
    case "error":
    case "warning":
    case "notice":
    case "debug":
    case "command":
      return { kind: name, text };
    default:
      return { kind: "text", text };
  }
}

/**
 * Lines with closed groups folded to their titles; a group that is still open is shown with its lines. Debug lines are
 * left out. A group whose beginning is not among the lines is folded away up to its end.
 */
export function foldGroups(lines: readonly string[]): LogLine[] {
  const shown: LogLine[] = [];
  let openAt: number | undefined;
  for (const line of lines) {
    const read = readLogLine(line);
    if (read === undefined) {
      shown.length = openAt ?? 0;
      openAt = undefined;
    } else if (read.kind === "group") {
      shown.push({ ...read, inGroup: false });
      openAt = shown.length;
    } else if (read.kind !== "debug") shown.push({ ...read, inGroup: openAt !== undefined });
  }
  return shown;
}
