import type { JobFinishedFrame } from "../../protocol/frame.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { OutputPipes } from "../../runner/process/output-pipes.ts";
import { runJob } from "../../runner/run-job.ts";
import type { RunnerPorts } from "../../runner/runner-ports.ts";
import { KIT } from "../kit/kit-layout.ts";
import { containerEnvironment } from "./container-environment.ts";
import { kitGit } from "./kit-git.ts";

/** Runs a job whose runner is the first process of a container, with the tools of the kit. */
export async function runContainerJob(
  request: JobRequest,
  ports: RunnerPorts,
  env: { readonly [name: string]: string | undefined },
): Promise<JobFinishedFrame> {
  const pipes = new OutputPipes(undefined, undefined, [KIT.busybox, "mkfifo"]);
  try {
    return await runJob(
      { ...request, baseEnv: containerEnvironment(env) },
      { ...ports, pipes, git: kitGit(env) },
    );
  } finally {
    await pipes.close();
  }
}
