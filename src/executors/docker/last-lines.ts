import type { DockerEngine } from "./docker-engine.ts";

const MAX_BYTES = 64 * 1024;

/** The end of what a container printed. None where the daemon does not tell: this is said beside something worse. */
export async function lastLines(
  engine: DockerEngine,
  containerId: string,
  count: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const pieces: Buffer[] = [];
  try {
    const chunks = await engine.logs(containerId, { follow: false, lastLines: count }, signal);
    for await (const { data } of chunks) pieces.push(data);
  } catch {
    if (signal.aborted) return [];
  }
  const text = Buffer.concat(pieces).subarray(-MAX_BYTES).toString("utf8").trimEnd();
  return text === "" ? [] : text.split("\n").slice(-count);
}
