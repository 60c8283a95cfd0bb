import type { JobFinishedFrame } from "../../protocol/frame.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { runJob } from "../../runner/run-job.ts";
import type { RunnerPorts } from "../../runner/runner-ports.ts";
import { containerEnvironment } from "./container-environment.ts";
import { kitGit } from "./kit-git.ts";
import { kitPipes } from "./kit-pipes.ts";
import type { OpenForwards } from "./port-forwards.ts";

/**
 * Runs a job whose runner is the first process of a container: with the container's environment, the kit's tools, and what
 * the job reaches on its loopback. Rejects as `runJob` does.
 */
export async function runContainerJob(
  request: JobRequest,
  ports: RunnerPorts,
  env: { readonly [name: string]: string | undefined },
): Promise<JobFinishedFrame> {
  const pipes = kitPipes();
  const git = kitGit(env);
  let forwards: OpenForwards | undefined;
  try {
    if (request.forwards?.length) {
      const { openForwards } = await import("./port-forwards.ts");
      forwards = await openForwards(request.forwards);
    }
  } catch (error) {
    return await failedBefore(ports, error);
  }
  try {
    return await runJob(
      { ...request, baseEnv: containerEnvironment(env) },
      { ...ports, pipes, ...(git === undefined ? {} : { git }) },
    );
  } finally {
    forwards?.close();
    await pipes.close();
  }
}

/** A failed job with a reason, not a lost runner that would be tried again. */
async function failedBefore({ sink, clock }: RunnerPorts, error: unknown): Promise<JobFinishedFrame> {
  const message = error instanceof Error ? error.message : String(error);
  const finished: JobFinishedFrame = {
    type: "job.finished",
    result: "failure",
    outputs: {},
    error: message,
    durationMs: 0,
  };
  await sink({ seq: 1, at: clock.now(), ...finished });
  return finished;
}
