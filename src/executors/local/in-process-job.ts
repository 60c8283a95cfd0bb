import { randomUUID } from "node:crypto";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { OutputPipes } from "../../runner/process/output-pipes.ts";
import type { Spawner } from "../../runner/process/spawner.ts";
import { runJob } from "../../runner/run-job.ts";
import type { RunnerPorts } from "../../runner/runner-ports.ts";
import type { JobEnd, RunningJob } from "../executor.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export interface InProcessSetting {
  readonly clock: Clock;
  /** For all jobs of the executor. */
  readonly pipes?: OutputPipes;
  readonly spawner?: Spawner;
  readonly onStepFailed?: NonNullable<RunnerPorts["onStepFailed"]>;
  readonly runJob?: typeof runJob;
}

/** Runs the runner's own function; what it throws is a lost job. */
export function startInProcess(request: JobRequest, sink: FrameSink, setting: InProcessSetting): RunningJob {
  const cancel = new AbortController();
  const kill = new AbortController();
  const trackingId = `github_${randomUUID()}`;
  const { clock, pipes, spawner, onStepFailed } = setting;
  const ports: RunnerPorts = {
    sink: oneAtATime(sink),
    signal: cancel.signal,
    kill: kill.signal,
    clock,
    trackingId,
    ...(pipes === undefined ? {} : { pipes }),
    ...(spawner === undefined ? {} : { spawner }),
    ...(onStepFailed === undefined ? {} : { onStepFailed }),
  };
  return {
    ref: `local:${process.pid}:${trackingId}`,
    ended: run(setting.runJob ?? runJob, request, ports),
    cancel: (reason) => cancel.abort(reason),
    kill: () => {
      cancel.abort("killed");
      kill.abort();
    },
  };
}

async function run(job: typeof runJob, request: JobRequest, ports: RunnerPorts): Promise<JobEnd> {
  try {
    return { kind: "reported", final: await job(request, ports) };
  } catch (error) {
    if (error instanceof ExecError) return { kind: "lost", error };
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The runner of job '${request.displayName}' broke: ${reason}`;
    return { kind: "lost", error: new ExecError("Permanent", message, { cause: error }) };
  }
}
