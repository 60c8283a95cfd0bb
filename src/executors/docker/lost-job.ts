import { ExecError } from "../../errors.ts";
import type { FollowEnd } from "./job-follower.ts";
import { bytesText } from "./quantities.ts";

/** Why a job's container ended without a result, and whether another try may do better. */
export function lostJob(
  name: string,
  { facts, words, cut }: Extract<FollowEnd, { kind: "silent" }>,
  wasKilled: boolean,
): ExecError {
  if (wasKilled) return new ExecError("Cancelled", `The runner of job '${name}' was killed.`);
  if (facts === undefined) {
    return new ExecError("Transient", `Somebody removed the container of job '${name}' while it ran.`);
  }
  const { exitCode, outOfMemory, memoryLimitBytes } = facts;
  if (outOfMemory) {
    const limit =
      memoryLimitBytes === 0 ? "the machine has no more" : `its limit is ${bytesText(memoryLimitBytes)}`;
    return new ExecError(
      "QuotaExceeded",
      `The runner of job '${name}' ran out of memory (${limit}). Give the job more, or let it use less at a time.`,
    );
  }
  const said = words === "" ? "It said nothing." : `Its last words: ${words}`;
  const signal = exitCode > 128 ? ` (signal ${exitCode - 128})` : "";
  const interrupted = cut ? " The connection to the Docker daemon had been cut." : "";
  return new ExecError(
    "Transient",
    `The runner of job '${name}' ended without a result: exit code ${exitCode}${signal}.${interrupted} ${said}`,
  );
}
