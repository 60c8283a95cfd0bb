import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jobOf, recordJob } from "./testing/record-job.ts";

describe("frames", () => {
  test("are numbered without gaps, begin with job.started and end with the one job.finished", async () => {
    const { frames } = await recordJob(jobOf("- run: echo one\n- run: exit 3\n- run: echo never"));
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
    expect(frames[0]).toMatchObject({ type: "job.started", workspace: expect.stringContaining("work/ship") });
    expect(frames.filter(({ type }) => type === "job.finished")).toHaveLength(1);
    expect(frames.at(-1)).toMatchObject({ type: "job.finished", result: "failure" });
  });

  test("make every step of the file known before the first one starts, with its line", async () => {
    const { frames } = await recordJob(jobOf("- run: echo one\n- id: two\n  name: Second\n  run: echo two"));
    const added = frames.filter((frame) => frame.type === "step.added");
    expect(added.map(({ step, name, stage, action, line }) => [step, name, stage, action, line])).toEqual([
      [1, "Set up job", "setup", "setup", undefined],
      [2, "Run echo one", "main", "run", 6],
      [3, "Second", "main", "run", 7],
      [4, "Complete job", "complete", "complete", undefined],
    ]);
    const started = frames.findIndex((frame) => frame.type === "step.started" && frame.step === 2);
    expect(frames.findIndex((frame) => frame.type === "step.added" && frame.step === 3)).toBeLessThan(
      started,
    );
  });

  test("tell of a failed step its exit code and why, of a skipped one that it never started", async () => {
    const job = await recordJob(jobOf("- run: exit 3\n- name: after\n  run: echo never"));
    expect(job.step("Run exit 3")).toMatchObject({
      outcome: "failure",
      conclusion: "failure",
      exitCode: 3,
      error: "Process completed with exit code 3.",
    });
    expect(job.step("after")).toMatchObject({
      conclusion: "skipped",
      started: false,
      durationMs: 0,
      log: "",
    });
  });

  test("a sink that throws ends the job at once, and runJob rejects with what it threw", async () => {
    const running = recordJob(jobOf("- run: sleep 60"), {
      onFrame(frame) {
        if (frame.type === "step.started" && frame.step === 2) throw new Error("the worker is gone");
      },
    });
    await expect(running).rejects.toThrow("the worker is gone");
  });

  test("wait for the sink: the next step starts only when it took the last one's end", async () => {
    let open = false;
    const order: string[] = [];
    await recordJob(jobOf("- run: echo one\n- run: echo two"), {
      async onFrame(frame) {
        order.push(`${frame.type} ${"step" in frame ? frame.step : ""} ${open ? "too early" : ""}`.trim());
        if (frame.type !== "step.finished" || frame.step !== 2) return;
        open = true;
        await new Promise((resolve) => setImmediate(resolve));
        open = false;
      },
    });
    expect(order).toContain("step.started 3");
  });
});

describe("the log of a script step", () => {
  test("has GitHub's head: script, shell and the variables of the pipeline, not the machine's", async () => {
    const job = await recordJob(
      jobOf(
        "- run: |\n    echo one\n    echo two\n  shell: bash\n  env: { MINE: step }",
        "env: { JOB: level }",
      ),
    );
    const { log } = job.step("Run echo one");
    const head = log
      .slice(0, log.indexOf("##[endgroup]"))
      .replaceAll("\x1b[36;1m", "")
      .replaceAll("\x1b[0m", "");
    const lines = head.trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/^shell: \S*\/bash/, "shell: BASH"))).toEqual([
      "##[group]Run echo one",
      "echo one",
      "echo two",
      "shell: BASH --noprofile --norc -e -o pipefail {0}",
      "env:",
      "  JOB: level",
      "  MINE: step",
    ]);
    expect(job.step("Run echo one").log).toContain("##[endgroup]\none\ntwo\n");
  });

  test("names the exit code as an error", async () => {
    const job = await recordJob(jobOf("- run: exit 7"));
    expect(job.step("Run exit 7").log).toContain("##[error]Process completed with exit code 7.");
    expect(job.annotations).toEqual([
      expect.objectContaining({ level: "error", message: "Process completed with exit code 7." }),
    ]);
  });
});

describe("set up", () => {
  test("makes the directories, empties temp, writes the event", async () => {
    const job = await recordJob(
      jobOf('- run: |\n    cat "$GITHUB_EVENT_PATH"\n    ls "$RUNNER_TEMP"\n    ls -d "$RUNNER_TOOL_CACHE"'),
      {
        before: ({ directories }) => {
          expect(existsSync(directories.workspace)).toBe(false);
        },
        github: { event: { head_commit: { message: "First" } } },
      },
    );
    expect(job.finished?.result).toBe("success");
    expect(job.printed).toContain('"message": "First"');
  });

  test("removes temp when the job has ended, and leaves the workspace", async () => {
    await recordJob(jobOf('- run: touch "$RUNNER_TEMP/left" kept'), {
      after({ directories }) {
        expect(existsSync(directories.temp)).toBe(false);
        expect(existsSync(join(directories.workspace, "kept"))).toBe(true);
      },
    });
  });

  test("fails the job with the reason where the job's env cannot be evaluated", async () => {
    const job = await recordJob(jobOf("- run: echo never", "env: { A: '${{ fromJSON(vars.NONE) }}' }"));
    expect(job.finished).toMatchObject({
      result: "failure",
      error: expect.stringMatching(/test\.yml \(Line: 5, Col: \d+\)/),
    });
    expect(job.steps.map(({ name, conclusion }) => [name, conclusion])).toEqual([
      ["Set up job", "failure"],
      ["Complete job", "success"],
    ]);
  });

  test("fails the job with the reason where a directory cannot be made", async () => {
    const job = await recordJob(jobOf("- run: echo never"), {
      files: { "../blocked": "a file" },
      request: {},
      before(request) {
        Object.assign(request.directories, {
          toolCache: join(request.directories.workspace, "../blocked/x"),
        });
      },
    });
    expect(job.finished).toMatchObject({
      result: "failure",
      error: expect.stringContaining("a part of the path is not a directory"),
    });
  });
});

describe("job results", () => {
  test("outputs are evaluated at the end; empty ones and secrets are left out, with GitHub's warning", async () => {
    const job = await recordJob(
      jobOf(
        '- id: a\n  run: |\n    echo "good=fine" >> "$GITHUB_OUTPUT"\n    echo "bad=x-$TOKEN" >> "$GITHUB_OUTPUT"\n' +
          "  env: { TOKEN: '${{ secrets.TOKEN }}' }",
        "outputs:\n  good: ${{ steps.a.outputs.good }}\n  bad: ${{ steps.a.outputs.bad }}\n  none: ${{ steps.a.outputs.none }}",
      ),
      { contexts: { secrets: { TOKEN: "s3cr3t-token" } } },
    );
    expect(job.finished?.outputs).toEqual({ good: "fine" });
    expect(job.annotations.map(({ message }) => message)).toEqual([
      "Skip output 'bad' since it may contain secret.",
    ]);
    expect(job.step('Run echo "good=fine" >> "$GITHUB_OUTPUT"').outputs).toEqual({
      good: "fine",
      bad: "x-***",
    });
    expect(JSON.stringify(job.frames.filter(({ type }) => type !== "mask"))).not.toContain("s3cr3t-token");
  });

  test("outputs that cannot be evaluated fail the job", async () => {
    const job = await recordJob(jobOf("- run: 'true'", "outputs: { x: '${{ fromJSON(env.NONE) }}' }"));
    expect(job.finished).toMatchObject({ result: "failure", outputs: {} });
    expect(job.step("Complete job").log).toContain("##[error]The template is not valid.");
  });

  test("the environment's url is evaluated at the end", async () => {
    const at = { line: 1, column: 1 };
    const job = await recordJob(jobOf('- run: echo "HOST=ship.example" >> "$GITHUB_ENV"'), {
      request: { environmentUrl: { kind: "expression", source: "format('https://{0}/', env.HOST)", at } },
    });
    expect(job.finished?.environmentUrl).toBe("https://ship.example/");
  });
});

test("what the job knows of itself is in the environment as GitHub has it", async () => {
  const job = await recordJob(jobOf("- id: show\n  run: env"), {
    baseEnv: { FROM_MACHINE: "yes", GITHUB_SHA: "spoofed", RUNNER_OS: "spoofed" },
    before: (request) => expect(request.baseEnv.FROM_MACHINE).toBe("yes"),
  });
  const env = Object.fromEntries(
    job.printed.split("\n").flatMap((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
  expect(env).toMatchObject({
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTION: "show",
    GITHUB_ACTION_REF: "",
    GITHUB_ACTION_REPOSITORY: "",
    GITHUB_ACTOR: "ada",
    GITHUB_BASE_REF: "",
    GITHUB_EVENT_NAME: "push",
    GITHUB_HEAD_REF: "",
    GITHUB_JOB: "test",
    GITHUB_REF: "refs/heads/main",
    GITHUB_REPOSITORY: "octo/ship",
    GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
    RUNNER_ARCH: "X64",
    RUNNER_ENVIRONMENT: "self-hosted",
    RUNNER_NAME: "test runner",
    RUNNER_OS: "Linux",
    FROM_MACHINE: "yes",
  });
  for (const name of [
    "GITHUB_WORKSPACE",
    "GITHUB_EVENT_PATH",
    "RUNNER_TEMP",
    "RUNNER_TOOL_CACHE",
    "GITHUB_ENV",
  ]) {
    expect(env[name], name).toMatch(/^\//);
  }
  expect(Object.keys(env)).not.toContain("GITHUB_TOKEN");
});

test("a step's name is shown as written until it can be evaluated", async () => {
  const { frames } = await recordJob(
    jobOf(
      '- id: a\n  run: echo "x=1" >> "$GITHUB_OUTPUT"\n- run: echo ${{ steps.a.outputs.x }} on ${{ matrix.os }}',
    ),
    { contexts: { matrix: { os: "linux" } } },
  );
  const names = frames.flatMap((frame) =>
    (frame.type === "step.added" || frame.type === "step.started") && frame.step === 3
      ? [`${frame.type}: ${frame.name}`]
      : [],
  );
  expect(names).toEqual([
    "step.added: Run echo ${{ steps.a.outputs.x }} on ${{ matrix.os }}",
    "step.started: Run echo 1 on linux",
  ]);
});

test("an error inside the runner still ends the job with job.finished", async () => {
  const job = await recordJob(jobOf("- run: 'true'"), {
    request: { steps: [{ kind: "run", run: "true" } as never] },
  });
  expect(job.finished).toMatchObject({
    result: "failure",
    error: expect.stringContaining("The runner failed"),
  });
  expect(job.frames.at(-1)?.type).toBe("job.finished");
});
