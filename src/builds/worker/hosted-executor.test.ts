import { describe, expect, it } from "vitest";
import type { Executor, JobEnd, RunningJob } from "../../executors/executor.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { HostedExecutor } from "./hosted-executor.ts";

class Inner implements Executor {
  readonly name = "docker";
  readonly jobsOutliveIt = true;
  readonly started: string[] = [];
  readonly ends = new Map<string, (end: JobEnd) => void>();

  refuses(): undefined {
    return undefined;
  }

  refOf({ jobKey }: { readonly jobKey: string }): string {
    return `ref-${jobKey}`;
  }

  async start({ jobKey }: JobRequest): Promise<RunningJob> {
    this.started.push(jobKey);
    return this.#job(`ref-${jobKey}`);
  }

  async attach(ref: string): Promise<RunningJob | undefined> {
    return ref === "ref-none" ? undefined : this.#job(ref);
  }

  end(ref: string): void {
    const final = { type: "job.finished", result: "success", outputs: {}, durationMs: 0 } as const;
    this.ends.get(ref)?.({ kind: "reported", final });
  }

  #job(ref: string): RunningJob {
    const ended = new Promise<JobEnd>((resolve) => this.ends.set(ref, resolve));
    return { ref, ended, cancel: () => {}, kill: () => {} };
  }
}

const request = (jobKey: string) => ({ buildId: "b", jobKey, attempt: 1 }) as JobRequest;
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("an executor of one machine whose jobs outlive it", () => {
  it("tells how a job is found again before the job has its turn", async () => {
    const inner = new Inner();
    const hosted = new HostedExecutor({ executor: inner, maxJobs: 1, now: () => 0 });
    expect(hosted.jobsOutliveIt).toBe(true);
    const jobs = await Promise.all(["a", "b"].map((key) => hosted.start(request(key), () => {})));
    expect(jobs.map(({ ref }) => ref)).toEqual(["ref-a", "ref-b"]);
    expect(inner.started).toEqual(["a"]);
  });

  it("counts the jobs it has found again, until they end", async () => {
    const inner = new Inner();
    const hosted = new HostedExecutor({ executor: inner, maxJobs: 1, now: () => 0 });
    await hosted.attach("ref-old", 0, () => {});
    expect(await hosted.attach("ref-none", 0, () => {})).toBeUndefined();
    await hosted.start(request("new"), () => {});
    await settled();
    expect(inner.started).toEqual([]);
    inner.end("ref-old");
    await settled();
    expect(inner.started).toEqual(["new"]);
  });
});
