// The runner of a simulated pod: it reads its request as the pod has it, and tells its frames over HTTP as the real one
// does, by the same code; what the job does is what the test says.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { JOB_PATHS } from "../../src/executors/kit/kit-layout.ts";
import { createPushSink, type Delivery, type PushSink } from "../../src/executors/push/push-sink.ts";
import type { FrameBody, JobFinishedFrame } from "../../src/protocol/frame.ts";
import type { JobRequest } from "../../src/protocol/job-request.ts";
import type { RunnerCommand } from "../../src/protocol/runner-command.ts";
import type { PodEnd, RunningPod } from "../support/kube/kubelet/pod-script.ts";

const EXIT_CODES = { success: 0, failure: 1, cancelled: 3 } as const;

export class PlayedRunner {
  readonly request: JobRequest;
  /** Aborted when the pod is to end. */
  readonly signal: AbortSignal;
  /** What the server told it so far. */
  readonly commands: RunnerCommand[] = [];
  readonly #pod: RunningPod;
  readonly #push: PushSink;
  readonly #waiting: (() => void)[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "slipway-played-"));
  #seq = 0;

  constructor(pod: RunningPod) {
    const text = pod.readFile("/__slipway/request.json");
    if (text === undefined) throw new Error("the pod has no request");
    this.request = JSON.parse(text) as JobRequest;
    this.#pod = pod;
    this.signal = pod.signal;
    if (this.request.push === undefined) throw new Error("the request does not say where frames go");
    this.#push = createPushSink({
      target: this.request.push,
      spoolDirectory: join(this.#folder, JOB_PATHS.spool),
      clock: systemClock,
      fetch: (url, init) => fetch(url, init),
      random: Math.random,
      onCommand: (command) => {
        this.commands.push(command);
        for (const wake of this.#waiting.splice(0)) wake();
      },
      say: (line) => pod.log(`${line}\n`),
    });
  }

  get jobKey(): string {
    return this.request.jobKey;
  }

  get attempt(): number {
    return this.request.attempt;
  }

  async say(...bodies: FrameBody[]): Promise<void> {
    for (const body of bodies) {
      this.#seq += 1;
      await this.#push.sink({ seq: this.#seq, at: Date.now(), ...body });
    }
  }

  /** The job and its one step have begun. */
  async begin(): Promise<void> {
    await this.say(
      { type: "job.started", workspace: this.request.directories.workspace },
      { type: "step.added", step: 1, name: "works", stage: "main", action: "run", background: false },
      { type: "step.started", step: 1, name: "works" },
    );
  }

  /** Of the step. */
  async print(text: string): Promise<void> {
    this.#pod.log(text);
    await this.say({ type: "log", step: 1, data: Buffer.from(text) });
  }

  /** `silent`: the end is only left in the pod. `undelivered`: why the server does not have all. */
  async finish(
    result: JobFinishedFrame["result"] = "success",
    { silent = false, ...more }: Partial<JobFinishedFrame> & { readonly silent?: boolean } = {},
  ): Promise<PodEnd & { readonly delivery?: Delivery }> {
    const final: JobFinishedFrame = { type: "job.finished", result, outputs: {}, durationMs: 1, ...more };
    const outcome = result === "success" ? "success" : result;
    if (!silent)
      await this.say(
        { type: "step.finished", step: 1, outcome, conclusion: outcome, outputs: {}, durationMs: 1 },
        final,
      );
    const delivery = await this.#push.finish();
    rmSync(this.#folder, { recursive: true, force: true });
    return { exitCode: EXIT_CODES[result], terminationMessage: JSON.stringify(final), delivery };
  }

  /** Stops telling the server anything, as a process that died does. */
  die(): void {
    void this.#push.finish().finally(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Resolves with the first command; undefined when the pod is to end before one came. */
  async command(): Promise<RunnerCommand | undefined> {
    while (this.commands.length === 0 && !this.signal.aborted) {
      await new Promise<void>((wake) => {
        this.#waiting.push(wake);
        this.signal.addEventListener("abort", () => wake(), { once: true });
      });
    }
    return this.commands[0];
  }

  async terminated(): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise<void>((wake) => this.signal.addEventListener("abort", () => wake(), { once: true }));
  }
}
