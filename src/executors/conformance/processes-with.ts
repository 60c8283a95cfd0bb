import { readdirSync, readFileSync } from "node:fs";

/**
 * Living processes of this machine, those of its containers too, with a text in their environment or arguments: `<id> <name>`.
 * Sees other users' processes only as root. This process does not count.
 */
export function processesWith(
  text: string,
  where: readonly ("environ" | "cmdline")[] = ["environ", "cmdline"],
): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid))
    .flatMap((pid) => {
      const has = where.some((file) => read(`/proc/${pid}/${file}`).includes(text));
      const status = has ? read(`/proc/${pid}/status`) : "";
      // A zombie has ended; only nobody has asked for its exit code yet.
      return status === "" || /^State:\s+[ZX]/m.test(status)
        ? []
        : [`${pid} ${/^Name:\s+(.*)$/m.exec(status)?.[1] ?? "?"}`];
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has ended, or is not ours to read.
    return "";
  }
}
