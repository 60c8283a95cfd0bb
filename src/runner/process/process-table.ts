import { readdirSync, readFileSync } from "node:fs";

/** What Linux tells of a process in `/proc`. */
export interface ProcessEntry {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** The ids of all processes; undefined where there is no `/proc`. */
export function processIds(): number[] | undefined {
  try {
    return readdirSync("/proc")
      .filter((name) => name.charCodeAt(0) <= 57)
      .map(Number)
      .filter(Number.isInteger);
  } catch {
    return undefined;
  }
}

/** Undefined: it is gone, or dead and only waits for its parent to notice. */
export function processEntry(pid: number): ProcessEntry | undefined {
  const text = read(`/proc/${pid}/stat`)?.toString("latin1");
  if (text === undefined) return undefined;
  const nameEnd = text.lastIndexOf(")");
  const [state, parent, group, session] = text.slice(nameEnd + 2).split(" ", 4);
  if (state === "Z" || state === "X") return undefined;
  const name = text.slice(text.indexOf("(") + 1, nameEnd);
  return { pid, name, parent: Number(parent), group: Number(group), session: Number(session) };
}

/** The value of a variable in the environment the process was started with; undefined also where it may not be read. */
export function processVariable(pid: number, name: string): string | undefined {
  const environment = read(`/proc/${pid}/environ`);
  if (environment === undefined) return undefined;
  const key = `${name}=`;
  for (let at = environment.indexOf(key); at >= 0; at = environment.indexOf(key, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString("utf8", at + key.length, end < 0 ? environment.length : end);
  }
  return undefined;
}

/** The id given to the newest process. Ids go up and begin again from below. */
export function newestProcessId(): number {
  return Number(read("/proc/loadavg")?.toString("latin1").trim().split(" ").at(-1) ?? 0);
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
