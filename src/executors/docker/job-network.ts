import { ExecError } from "../../errors.ts";
import { isCode } from "./daemon-errors.ts";
import type { DockerEngine, NetworkOptions } from "./docker-engine.ts";
import type { JobNames } from "./job-names.ts";

/** The job's own network, made if it is not there; gives its id. Its containers find each other by name on it. */
export async function ensureJobNetwork(
  engine: DockerEngine,
  names: JobNames,
  options: NetworkOptions,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await engine.createNetwork(names.network, names.labels("network"), options, signal);
  } catch (error) {
    if (!isCode(error, "Conflict")) throw error;
    const there = await engine.inspectNetwork(names.network, signal);
    if (there !== undefined) return there.id;
    throw new ExecError("Transient", `The network ${names.network} is there and is not.`, { cause: error });
  }
}
