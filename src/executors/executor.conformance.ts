/**
 * What every executor promises, as tests: the same jobs, the same frames, the same end, wherever a runner is placed.
 * Each case is one small job; what is looked at is only what the frames say and what is left behind.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Frame, StepFinishedFrame } from "../protocol/frame.ts";
import type { FrameSink } from "../protocol/frame-sink.ts";
import type { JobRequest } from "../protocol/job-request.ts";
import type { TemplateExpression } from "../spec/template/template-value.ts";
import type { RunStepSpec, StepSpec, UsesStepSpec } from "../spec/workflow-spec.ts";
import type { Executor, JobEnd, RunningJob } from "./executor.ts";

export interface ExecutorUnderTest {
  readonly executor: Executor;
  /** A request without steps, its directories empty and its own. */
  readonly request: JobRequest;
  /** A folder of this machine's that the jobs see under the same path. */
  readonly shared: string;
  /** Whether a process that a job named by its id still runs. */
  readonly isAlive: (pid: number) => boolean;
  readonly close: () => Promise<void>;
}

const at = { line: 1, column: 1 };
const run = (script: string, more: Partial<RunStepSpec> = {}): RunStepSpec => ({
  kind: "run",
  run: script,
  background: false,
  at,
  ...more,
});
const uses = (action: string, more: Partial<UsesStepSpec> = {}): UsesStepSpec => ({
  kind: "uses",
  uses: action,
  background: false,
  at,
  ...more,
});
const expression = (source: string): TemplateExpression => ({ kind: "expression", source, at });
const when = (source: string) => ({ if: { source, at } });
const mapping = (entries: { readonly [key: string]: string | TemplateExpression }) => ({
  kind: "mapping" as const,
  entries: Object.entries(entries).map(([key, value]) => ({ key, value })),
});

/** Keeps what a job says, and lets a test wait for a part of it. */
class Recording {
  readonly frames: Frame[] = [];
  readonly #waiting: (() => void)[] = [];

  readonly sink: FrameSink = (frame) => {
    this.frames.push(frame);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  bytes(step?: number): Buffer {
    const logs = this.frames.flatMap((frame) =>
      frame.type === "log" && (step === undefined || frame.step === step) ? [frame.data] : [],
    );
    return Buffer.concat(logs);
  }

  text(step?: number): string {
    return this.bytes(step).toString("utf8");
  }

  /** Of the steps of the file, in their order. */
  steps(): (StepFinishedFrame & { readonly name: string })[] {
    return this.frames.flatMap((added) => {
      if (added.type !== "step.added" || added.stage !== "main") return [];
      const finished = this.frames.find(
        (frame) => frame.type === "step.finished" && frame.step === added.step,
      );
      return finished?.type === "step.finished" ? [{ ...finished, name: added.name }] : [];
    });
  }

  of<T extends Frame["type"]>(type: T): Extract<Frame, { type: T }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type);
  }

  async until(text: string): Promise<void> {
    while (!this.text().includes(text)) await new Promise<void>((wake) => this.#waiting.push(wake));
  }
}

/** `open` is called before each case. */
export function describeExecutor(name: string, open: () => Promise<ExecutorUnderTest>): void {
  describe(`the ${name} executor`, () => {
    let place: ExecutorUnderTest;
    let said: Recording;
    beforeEach(async () => {
      place = await open();
      said = new Recording();
    });
    afterEach(async () => {
      await place.close();
    });

    const start = (steps: readonly StepSpec[], more: Partial<JobRequest> = {}): Promise<RunningJob> =>
      place.executor.start({ ...place.request, steps, ...more }, said.sink);
    const end = async (job: RunningJob) => {
      const ended = await job.ended;
      if (ended.kind === "lost") throw ended.error;
      return ended.final;
    };
    const runJob = async (steps: readonly StepSpec[], more: Partial<JobRequest> = {}) =>
      end(await start(steps, more));
    const outcomes = () => said.steps().map(({ outcome, conclusion }) => `${outcome}/${conclusion}`);
    const withContexts = (contexts: { readonly [name: string]: Json }) => ({
      contexts: { ...place.request.contexts, ...contexts },
    });

    it("reports a job that succeeds, in gapless frames that end with the one that says so", async () => {
      const final = await runJob([run("echo hello"), run("echo world")]);
      expect(final).toMatchObject({ type: "job.finished", result: "success", outputs: {} });
      expect(said.frames.map(({ seq }) => seq)).toEqual(said.frames.map((_, index) => index + 1));
      expect(said.frames[0]).toMatchObject({
        type: "job.started",
        workspace: place.request.directories.workspace,
      });
      expect(said.of("job.finished")).toHaveLength(1);
      expect(said.frames.at(-1)?.type).toBe("job.finished");
      expect(outcomes()).toEqual(["success/success", "success/success"]);
    });

    it("reports a failing step with its exit code and skips what follows", async () => {
      const final = await runJob([run("exit 37"), run("echo never")]);
      expect(final.result).toBe("failure");
      expect(said.steps()[0]).toMatchObject({ outcome: "failure", exitCode: 37 });
      expect(outcomes()).toEqual(["failure/failure", "skipped/skipped"]);
    });

    it("reports a step that a signal killed with its name", async () => {
      const final = await runJob([run("kill -KILL $$")]);
      expect(final.result).toBe("failure");
      expect(said.steps()[0]).toMatchObject({ outcome: "failure", signal: "SIGKILL" });
    });

    it("goes on after a failure that the step allows", async () => {
      const final = await runJob([run("exit 1", { continueOnError: true }), run("true")]);
      expect(final.result).toBe("success");
      expect(outcomes()).toEqual(["failure/success", "success/success"]);
    });

    it("runs steps for failures and always, and those alone, after a failure", async () => {
      await runJob([
        run("exit 1"),
        run("true", when("failure()")),
        run("true"),
        run("true", when("always()")),
      ]);
      expect(outcomes()).toEqual([
        "failure/failure",
        "success/success",
        "skipped/skipped",
        "success/success",
      ]);
    });

    it("hands outputs from steps to the job, whatever characters they hold", async () => {
      const script = `echo "one=a=b" >> "$GITHUB_OUTPUT"; printf 'many<<X\\n1 ünï\\n\\n😀 "q"\\nX\\n' >> "$GITHUB_OUTPUT"`;
      const outputs = mapping({
        one: expression("steps.s.outputs.one"),
        many: expression("steps.s.outputs.many"),
      });
      const final = await runJob([run(script, { id: "s" })], { outputs });
      expect(final.outputs).toEqual({ one: "a=b", many: '1 ünï\n\n😀 "q"' });
      expect(said.steps()[0]?.outputs).toEqual(final.outputs);
    });

    it("hands environment and path from step to step", async () => {
      await runJob([
        run(`mkdir tools; printf '#!/bin/sh\\necho from-tool' > tools/mine; chmod +x tools/mine
             echo "$PWD/tools" >> "$GITHUB_PATH"; echo "NAME=value ü" >> "$GITHUB_ENV"`),
        run(`mine; echo "[$NAME]"`),
      ]);
      expect(said.text()).toMatch(/from-tool\n\[value ü\]/);
    });

    it("evaluates expressions with the contexts it is given", async () => {
      await runJob(
        [run("unused", { run: expression("format('echo {0}-{1}', matrix.os, github.event.n)") })],
        {
          ...withContexts({
            matrix: { os: "linux" },
            github: { ...place.request.contexts.github, event: { n: 7 } },
          }),
        },
      );
      expect(said.text()).toContain("linux-7");
    });

    it("runs steps in the workspace, which it makes", async () => {
      await runJob([run(`echo "cwd=$PWD ws=$GITHUB_WORKSPACE temp=$(ls -d "$RUNNER_TEMP")"`)]);
      const { workspace, temp } = place.request.directories;
      expect(said.text()).toContain(`cwd=${workspace} ws=${workspace} temp=${temp}`);
    });

    it("gives steps the environment of the request and nothing of its own process", async () => {
      process.env.SLIPWAY_CONFORMANCE_LEAK = "leaked";
      try {
        await runJob([run("env")], { baseEnv: { ...place.request.baseEnv, FROM_REQUEST: "given" } });
      } finally {
        delete process.env.SLIPWAY_CONFORMANCE_LEAK;
      }
      expect(said.text()).toContain("FROM_REQUEST=given");
      expect(said.text()).not.toContain("SLIPWAY_CONFORMANCE_LEAK");
    });

    it("keeps what steps print, byte for byte, UTF-8 or not", async () => {
      await runJob([run("printf 'ünï 😀\\n\\377\\376\\000\\001\\n\\033[31mred\\033[0m\\r\\n'")]);
      const expected = Buffer.from("ünï 😀\n\xff", "utf8");
      expect(said.bytes().includes(expected.subarray(0, 10))).toBe(true);
      expect(said.bytes().includes(Buffer.from([0xff, 0xfe, 0x00, 0x01, 0x0a]))).toBe(true);
      expect(said.bytes().includes(Buffer.from("\x1b[31mred\x1b[0m"))).toBe(true);
    });

    it("never cuts a log frame inside a character", async () => {
      await runJob([run("i=0; while [ $i -lt 3000 ]; do printf '😀ü€'; i=$((i+1)); done; echo")]);
      for (const { data } of said.of("log"))
        expect(Buffer.from(data).toString("utf8")).not.toContain("\ufffd");
      expect(said.text()).toContain("😀ü€".repeat(3000));
    });

    it("loses nothing of much output, also to a slow reader", async () => {
      const steps = [run("seq 1 400000")];
      let waits = 0;
      const slow: FrameSink = async (frame) => {
        said.frames.push(frame);
        if (frame.type === "log" && ++waits % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
      };
      const job = await place.executor.start({ ...place.request, steps }, slow);
      expect((await end(job)).result).toBe("success");
      const lines = Array.from({ length: 400_000 }, (_, index) => `${index + 1}\n`).join("");
      const step = said.steps()[0]?.step;
      const printed = said.bytes(step);
      const tail = printed.subarray(printed.length - lines.length);
      const digest = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");
      expect(digest(tail)).toBe(digest(lines));
    });

    it("takes a line of megabytes without an end", async () => {
      await runJob([run("head -c 5000000 /dev/zero | tr '\\0' x")]);
      expect(said.text()).toContain("x".repeat(5_000_000));
    });

    it("keeps the order of standard output and standard error", async () => {
      await runJob([run("for i in 1 2 3; do echo out$i; echo err$i >&2; done")]);
      expect(said.text()).toContain("out1\nerr1\nout2\nerr2\nout3\nerr3\n");
    });

    it("never lets a secret out, whole, in pieces or encoded", async () => {
      const secret = "s3cr3t-válue/+";
      const base64 = Buffer.from(secret).toString("base64");
      const script = `echo "$SECRET"; printf 's3cr'; printf '3t-'; printf '%s\\n' "válue/+"; echo "${base64}"
        echo "::notice::$SECRET"; echo "$SECRET" >> "$GITHUB_STEP_SUMMARY"`;
      await runJob(
        [run(script, { env: mapping({ SECRET: expression("secrets.S") }) })],
        withContexts({ secrets: { S: secret } }),
      );
      const rest = JSON.stringify(said.frames.filter(({ type }) => type !== "log" && type !== "mask"));
      expect(said.text() + rest).not.toContain(secret);
      expect(said.text() + rest).not.toContain(base64);
      expect(said.text()).toContain("***");
    });

    it("masks what a step asks to mask, and says so to later readers", async () => {
      await runJob([
        run("p=t0k3n; echo ::add-mask::$p-of-step; echo now $p-of-step"),
        run("p=t0k3n; echo then $p-of-step"),
      ]);
      expect(said.text()).not.toContain("t0k3n-of-step");
      expect(said.text()).toMatch(/now \*\*\*[\s\S]*then \*\*\*/);
      expect(said.of("mask").map(({ value }) => value)).toContain("t0k3n-of-step");
    });

    it("reports annotations with their places, and summaries", async () => {
      await runJob([
        run(
          `echo "::error file=a.c,line=3,col=5,title=T::bad%0Athing"; echo '# Sum' >> "$GITHUB_STEP_SUMMARY"`,
        ),
      ]);
      expect(said.of("annotation")).toMatchObject([
        { level: "error", message: "bad\nthing", file: "a.c", line: 3, column: 5, title: "T" },
      ]);
      expect(said.of("summary")[0]?.markdown).toBe("# Sum\n");
    });

    it("does not wait for a child that a step left behind with its output open, and ends it", async () => {
      const pidFile = join(place.shared, "pid");
      await runJob([run(`(tail -f /dev/null) & echo $! > '${pidFile}'`), run("echo next")]);
      expect(outcomes()).toEqual(["success/success", "success/success"]);
      expect(place.isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
    });

    it("ends a daemon that left its session", async () => {
      const pidFile = join(place.shared, "pid");
      await runJob([
        run(`setsid sh -c 'echo $$ > "${pidFile}"; exec tail -f /dev/null' > /dev/null 2>&1 < /dev/null &
        while [ ! -s '${pidFile}' ]; do :; done`),
      ]);
      expect(place.isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
    });

    it("cancels: the step is interrupted and may say a last word, steps for always() run, the rest is skipped", async () => {
      const job = await start([
        run("trap 'echo last word; exit 9' INT; echo ready; while :; do sleep 0.02; done"),
        run("echo never"),
        run("echo cleaning", when("always()")),
        run("echo for-cancel", when("cancelled()")),
      ]);
      await said.until("ready\n");
      job.cancel("Ctrl-C");
      job.cancel("again");
      const final = await end(job);
      expect(final.result).toBe("cancelled");
      expect(said.text()).toContain("last word");
      expect(said.steps().map(({ conclusion }) => conclusion)).toEqual([
        "cancelled",
        "skipped",
        "success",
        "success",
      ]);
      job.cancel("too late");
      job.kill();
    });

    it("cancels before anything has begun", async () => {
      const job = await start([run("sleep 60"), run("echo cleaning")]);
      job.cancel("at once");
      expect((await end(job)).result).toBe("cancelled");
    });

    it("kills: all ends at once, no step for always() runs, nothing is left", async () => {
      const pidFile = join(place.shared, "pid");
      const job = await start([
        run(`trap '' INT TERM; echo $$ > '${pidFile}'; echo ready; while :; do sleep 0.02; done`),
        run("echo not-even-this", when("always()")),
      ]);
      await said.until("ready\n");
      job.kill();
      job.kill();
      const ended: JobEnd = await job.ended;
      expect(ended.kind === "lost" ? ended.error.code : ended.final.result).toMatch(/^cancelled$/i);
      expect(place.isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
      const ran = said
        .steps()
        .slice(1)
        .filter(({ conclusion }) => conclusion === "success");
      expect(ran).toEqual([]);
    });

    it("ends a job that takes too long as failed, and says why", async () => {
      const final = await runJob([run("echo begun; exec sleep 60"), run("echo cleaning", when("always()"))], {
        timeoutMs: 300,
      });
      expect(final.result).toBe("failure");
      expect(final.error).toMatch(/time|long|exceeded/i);
      expect(said.text()).toContain("cleaning");
    });

    it("ends a step that takes too long, fractions of minutes included", async () => {
      const final = await runJob([
        run("exec sleep 60", { timeoutMinutes: 0.005 }),
        run("true", when("failure()")),
      ]);
      expect(final.result).toBe("failure");
      expect(outcomes()).toEqual(["failure/failure", "success/success"]);
    });

    it.each([
      ["a shell that is not there", run("true", { shell: "no-such-shell" }), /no-such-shell/],
      ["a folder that is not there", run("true", { workingDirectory: "nowhere" }), /nowhere/],
      ["an expression that breaks", run("x", { run: expression("fromJSON('{')") }), /fromJSON|JSON/i],
      ["an action that is not there", uses("./no-such-action"), /no-such-action/],
    ])("fails a step for %s, and says so", async (_, step, message) => {
      const final = await runJob([step]);
      expect(final.result).toBe("failure");
      expect(`${said.text()} ${JSON.stringify(said.frames)}`).toMatch(message);
    });

    it("runs two jobs at once without mixing them", async () => {
      const other = new Recording();
      const [one, two] = await Promise.all([
        start([run("for i in 1 2 3 4 5; do echo one-$i; sleep 0.01; done")]),
        place.executor.start(
          {
            ...place.request,
            jobKey: "other",
            directories: {
              ...place.request.directories,
              workspace: join(place.shared, "w2"),
              temp: join(place.shared, "t2"),
            },
            steps: [run("for i in 1 2 3 4 5; do echo two-$i; sleep 0.01; done")],
          },
          other.sink,
        ),
      ]);
      expect(one.ref).not.toBe(two.ref);
      expect([(await end(one)).result, (await end(two)).result]).toEqual(["success", "success"]);
      expect([said.text().includes("two-"), other.text().includes("one-")]).toEqual([false, false]);
      expect([said.text().includes("one-5"), other.text().includes("two-5")]).toEqual([true, true]);
    });

    it("runs a JavaScript action, its post step and its state", async () => {
      const action = join(place.shared, "action");
      mkdirSync(action);
      writeFileSync(
        join(action, "action.yml"),
        "name: a\ndescription: a\ninputs: {who: {default: you}}\nruns: {using: node20, main: main.js, post: post.js}\n",
      );
      writeFileSync(
        join(action, "main.js"),
        `require("fs").appendFileSync(process.env.GITHUB_STATE, "k=kept\\n"); console.log("hi " + process.env.INPUT_WHO)`,
      );
      writeFileSync(join(action, "post.js"), `console.log("post " + process.env.STATE_k)`);
      const actions = { ...place.request.actions, local: { "some/action@v1": action } };
      const final = await runJob(
        [uses("some/action@v1", { with: mapping({ who: "ü" }) }), run("echo between")],
        { actions },
      );
      expect(final.result).toBe("success");
      expect(said.text()).toMatch(/hi ü[\s\S]*between[\s\S]*post kept/);
    });

    it("is lost, with what the reader said, where what it reports cannot be taken, and leaves nothing", async () => {
      const pidFile = join(place.shared, "pid");
      let broken = false;
      const job = await place.executor.start(
        { ...place.request, steps: [run(`echo $$ > '${pidFile}'; echo ready; exec sleep 60`)] },
        (frame) => {
          if (frame.type === "log" && frame.step !== 0 && Buffer.from(frame.data).includes("ready"))
            broken = true;
          if (broken) throw new ExecError("Permanent", "the records are gone");
        },
      );
      const ended = await job.ended;
      expect(ended).toMatchObject({
        kind: "lost",
        error: { message: expect.stringContaining("the records are gone") },
      });
      expect(existsSync(pidFile) && place.isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
    });

    it("finds no job again that it never started", async () => {
      expect(await place.executor.attach(`${place.executor.name}:0:none`, 0, said.sink)).toBeUndefined();
    });
  });
}
