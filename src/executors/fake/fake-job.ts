import { ExecError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import type { FrameBody } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { evaluateString, evaluateTemplate, toStringValue } from "../../spec/expressions/evaluate.ts";
import type { JobEnd } from "../executor.ts";

export interface FakeJobPorts {
  readonly now: () => number;
  readonly gate: (name: string) => Promise<void>;
}

const SAID: ReadonlySet<string> = new Set(["mask", "annotate", "summary", "part"]);

type Reported = Extract<JobEnd, { kind: "reported" }>["final"];
type Result = Reported["result"];

/**
 * A job as its `run` steps script it. Lines it understands, after their expressions were evaluated:
 *
 * - `exit N`: the step, and with it the job, ends; it fails unless N is 0
 * - `NAME=VALUE`: an output of the step
 * - `hold GATE`: waits until the test opens the gate, or the job is cancelled
 * - `stubborn`: from here on a cancel is ignored; only a kill ends it
 * - `lose ATTEMPTS`: the place is lost on the first so many attempts
 * - `skip N`: so many frame numbers are left out
 * - `twice`: every frame from here on is sent twice
 * - `mask VALUE`, `annotate TEXT`, `summary TEXT`: a frame of that kind
 * - `pause N`: lets so many turns of the event loop go by
 * - `part TEXT`: printed without a line end
 * - `large NAME N`: an output of N characters
 * - anything else is printed
 */
export class FakeJob {
  readonly request: JobRequest;
  readonly #sink: FrameSink;
  readonly #ports: FakeJobPorts;
  readonly #cancelled = Promise.withResolvers<void>();
  readonly #killed = Promise.withResolvers<void>();
  #seq = 0;
  #twice = false;
  #stubborn = false;
  #reason: string | undefined;
  #stopped: "cancel" | "kill" | undefined;

  constructor(request: JobRequest, sink: FrameSink, ports: FakeJobPorts) {
    this.request = request;
    this.#sink = sink;
    this.#ports = ports;
  }

  /** As a runner does, it gives the reason back as its error. */
  cancel(reason: string): void {
    this.#stopped ??= "cancel";
    this.#reason ??= reason;
    this.#cancelled.resolve();
  }

  kill(): void {
    this.#stopped = "kill";
    this.#killed.resolve();
  }

  async run(): Promise<JobEnd> {
    await this.#send({ type: "job.started", workspace: this.request.directories.workspace });
    let steps: { readonly [id: string]: JsonObject } = {};
    let result: Result = "success";
    for (const [index, step] of this.request.steps.entries()) {
      if (step.kind !== "run" || result !== "success") continue;
      const number = index + 1;
      const name = step.id ?? `step ${number}`;
      const id = step.id === undefined ? {} : { id: step.id };
      await this.#send({
        type: "step.added",
        step: number,
        ...id,
        name,
        stage: "main",
        action: "run",
        background: false,
      });
      await this.#send({ type: "step.started", step: number, name });
      const outputs: { [name: string]: string } = {};
      const text = evaluateString(step.run, { contexts: { ...this.request.contexts, steps } });
      const ended = await this.#script(text, number, outputs);
      if (ended === "lost" || this.#stopped === "kill") {
        return { kind: "lost", error: new ExecError("Transient", "the place was lost") };
      }
      result = ended;
      steps = { ...steps, [step.id ?? `__${number}`]: { outputs, conclusion: result, outcome: result } };
      const conclusion = { outcome: result, conclusion: result };
      await this.#send({ type: "step.finished", step: number, ...conclusion, outputs, durationMs: 0 });
    }
    const final: Reported = {
      type: "job.finished",
      result,
      outputs: this.#outputs(steps),
      ...(result === "cancelled" && this.#reason !== undefined ? { error: this.#reason } : {}),
      durationMs: 0,
    };
    await this.#send(final);
    return { kind: "reported", final };
  }

  async #script(text: string, step: number, outputs: { [name: string]: string }): Promise<Result | "lost"> {
    for (const line of text.split("\n").filter((each) => each !== "")) {
      const [word = "", argument = ""] = line.split(" ");
      const output = /^(\w+)=(.*)$/.exec(line);
      if (word === "exit") return argument === "0" ? "success" : "failure";
      if (word === "lose" && this.request.attempt <= Number(argument)) return "lost";
      if (word === "hold")
        await Promise.race([this.#ports.gate(argument), this.#killed.promise, this.#cancel()]);
      else if (word === "stubborn") this.#stubborn = true;
      else if (word === "skip") this.#seq += Number(argument);
      else if (word === "twice") this.#twice = true;
      else if (output !== null) outputs[output[1] ?? ""] = output[2] ?? "";
      else if (SAID.has(word)) await this.#say(word, step, line.slice(word.length + 1));
      else if (word === "pause") await turns(Number(argument));
      else if (word === "large") outputs[argument] = "x".repeat(Number(line.split(" ")[2]));
      else if (word !== "lose") await this.#send({ type: "log", step, data: Buffer.from(`${line}\n`) });
      if (this.#stopped !== undefined && !(this.#stubborn && this.#stopped === "cancel")) return "cancelled";
    }
    return "success";
  }

  async #say(word: string, step: number, text: string): Promise<void> {
    if (word === "mask") await this.#send({ type: "mask", value: text });
    else if (word === "annotate")
      await this.#send({ type: "annotation", step, level: "error", message: text });
    else if (word === "summary") await this.#send({ type: "summary", step, markdown: text });
    else await this.#send({ type: "log", step, data: Buffer.from(text) });
  }

  #cancel(): Promise<void> {
    return this.#stubborn ? this.#killed.promise : this.#cancelled.promise;
  }

  #outputs(steps: JsonObject): { [name: string]: string } {
    if (this.request.outputs === undefined) return {};
    const values = evaluateTemplate(this.request.outputs, { contexts: { ...this.request.contexts, steps } });
    return Object.fromEntries(
      Object.entries(values ?? {}).map(([name, value]) => [name, toStringValue(value)]),
    );
  }

  async #send(body: FrameBody): Promise<void> {
    this.#seq += 1;
    const frame = { seq: this.#seq, at: this.#ports.now(), ...body };
    const taken = this.#sink(frame);
    if (taken !== undefined) await taken;
    if (this.#twice) await this.#sink(frame);
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
