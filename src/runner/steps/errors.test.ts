import { describe, expect, test } from "vitest";
import { ExecError } from "../../errors.ts";
import type { StepFailure } from "../runner-ports.ts";
import { type JobOptions, jobOf, recordJob } from "../testing/record-job.ts";
import { describeFileError } from "./describe-file-error.ts";

interface Case {
  readonly title: string;
  readonly step: string;
  readonly says: RegExp;
  readonly options?: JobOptions;
}

const cases: readonly Case[] = [
  {
    title: "an interpreter that is not there",
    step: "run: echo\n  shell: nosuchshell-anywhere {0}",
    says: /nosuchshell-anywhere/,
  },
  {
    title: "a shell without {0}",
    step: "run: echo\n  shell: mystery-shell",
    says: /\{0\}/,
  },
  {
    title: "a working directory that is not there",
    step: "run: echo\n  working-directory: not/there",
    says: /The working directory ".*\/not\/there" does not exist/,
  },
  {
    title: "a working directory that is a file",
    step: "run: echo\n  working-directory: file.txt",
    says: /The working directory ".*\/file.txt" is not a directory/,
    options: { files: { "file.txt": "" } },
  },
  {
    title: "a process killed by a signal",
    step: "run: kill -KILL $$",
    says: /killed by the signal SIGKILL/,
  },
  {
    title: "an environment too large for the system",
    step: `run: 'true'\n  env: { BIG: '\${{ format(vars.BIG) }}' }`,
    says: /too large for this system.*BIG/,
    options: { contexts: { vars: { BIG: "x".repeat(200_000) } } },
  },
  {
    title: "a broken environment file",
    step: 'run: echo "nonsense" >> "$GITHUB_OUTPUT"',
    says: /Invalid format 'nonsense'/,
  },
  {
    title: "a temporary directory that an earlier step replaced by a file",
    step: "run: echo\n  if: ${{ !cancelled() }}",
    says: /cannot be made: a part of the path is not a directory|a part of the path is not a directory/,
    options: {
      before(request) {
        Object.assign(request, {
          steps: [
            {
              kind: "run",
              run: 'rm -rf "$RUNNER_TEMP"; touch "$RUNNER_TEMP"',
              background: false,
              at: { line: 1, column: 1 },
            },
            ...request.steps,
          ],
        });
      },
    },
  },
];

describe("what goes wrong fails its step with a clear reason, and the job goes on:", () => {
  test.each(cases)("$title", async ({ step, says, options = {} }) => {
    const after = "- name: after\n  if: always()\n  shell: sh\n  run: 'true'";
    const job = await recordJob(jobOf(`- name: bad\n  ${step}\n${after}`), options);
    expect(job.step("bad")).toMatchObject({ outcome: "failure", error: expect.stringMatching(says) });
    expect(job.step("bad").log).toMatch(says);
    expect(job.annotations).toContainEqual(
      expect.objectContaining({ level: "error", message: expect.stringMatching(says) }),
    );
    expect(job.step("after").started).toBe(true);
    expect(job.finished?.result).toBe("failure");
  });
});

test("the signal that ended a step is in its end", async () => {
  const job = await recordJob(jobOf("- name: killed\n  run: kill -SEGV $$"));
  expect(job.step("killed")).toMatchObject({ signal: "SIGSEGV", outcome: "failure" });
  expect(job.step("killed").exitCode).toBeUndefined();
});

const fileErrors: readonly (readonly [string, RegExp])[] = [
  ["ENOSPC", /^It failed: no space is left on the device: '\/x' \(ENOSPC\)$/],
  ["EDQUOT", /disk quota is used up/],
  ["EROFS", /file system is read-only/],
  ["EACCES", /permission denied/],
  ["ENAMETOOLONG", /path is too long/],
  ["EWEIRD", /^It failed: EWEIRD: weird$/],
];

test.each(fileErrors)("a file error %s is told in words", (code, says) => {
  const error = Object.assign(new Error(`${code}: weird`), { code, path: "/x" });
  expect(describeFileError("It failed", error).message).toMatch(says);
});

test("an error that already has words keeps them", () => {
  const error = new ExecError("NotFound", "no such thing");
  expect(describeFileError("It failed", error)).toBe(error);
});

describe("a step cannot harm the steps after it:", () => {
  const fine: readonly (readonly [string, string, string])[] = [
    ["by emptying the temporary directory", 'rm -rf "$RUNNER_TEMP"/*', "true"],
    ["by removing the temporary directory", 'rm -rf "$RUNNER_TEMP"', "true"],
    ["by removing an environment file", 'rm "$GITHUB_ENV" "$GITHUB_OUTPUT"', 'test -f "$GITHUB_ENV"'],
    [
      "by making an environment file a link",
      'echo precious > mine; rm "$GITHUB_OUTPUT"; ln -s "$PWD/mine" "$GITHUB_OUTPUT"; exit 0',
      'test "$(cat mine)" = precious && test ! -L "$GITHUB_OUTPUT"',
    ],
    [
      "by writing into its files after it has ended",
      '{ sleep 0.2; echo LATE=yes >> "$GITHUB_ENV"; } >/dev/null 2>&1 &',
      'sleep 0.5; test ! -s "$GITHUB_ENV"',
    ],
  ];
  test.each(fine)("%s", async (_, first, second) => {
    const steps = `- name: first\n  continue-on-error: true\n  run: ${JSON.stringify(first)}\n- name: second\n  run: ${JSON.stringify(second)}\n- run: test -z "$LATE"`;
    const job = await recordJob(jobOf(steps));
    expect(job.step("second").conclusion, job.log).toBe("success");
    expect(job.finished?.result).toBe("success");
  });
});

test("what a job leaves running is killed at its end, and named", async () => {
  let pid = 0;
  const job = await recordJob(jobOf("- run: |\n    sleep 300 >/dev/null 2>&1 &\n    echo pid=$!"), {
    onFrame: (_, { printed }) => {
      pid ||= Number(/pid=(\d+)/.exec(printed)?.[1] ?? 0);
    },
  });
  expect(pid).toBeGreaterThan(0);
  // The shell's child is not yet `sleep` until it has loaded it.
  expect(job.step("Complete job").log).toMatch(
    new RegExp(`Terminate orphan process: pid \\(${pid}\\) \\((sleep|bash)\\)`),
  );
});

describe("onStepFailed", () => {
  const failures = async (steps: string, options: JobOptions = {}) => {
    const seen: StepFailure[] = [];
    const job = await recordJob(jobOf(steps), {
      ...options,
      ports: { onStepFailed: async (failure) => void seen.push(failure), ...options.ports },
    });
    return { seen, job };
  };

  test("gets the environment and the directory of the failed process, before the job goes on", async () => {
    const { seen } = await failures(
      "- name: bad\n  run: mkdir -p sub; exit 3\n  env: { MINE: here }\n  working-directory: /\n  shell: sh",
    );
    expect(seen).toEqual([
      {
        step: 2,
        displayName: "bad",
        cwd: "/",
        env: expect.objectContaining({ MINE: "here", GITHUB_ACTIONS: "true" }),
        error: "Process completed with exit code 3.",
      },
    ]);
  });

  test("is awaited", async () => {
    const order: string[] = [];
    await failures("- name: bad\n  run: exit 1\n- name: after\n  if: always()\n  run: 'true'", {
      ports: {
        onStepFailed: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          order.push("shell closed");
        },
      },
      onFrame: (frame) => {
        if (frame.type === "step.started" && frame.step === 3) order.push("next step");
      },
    });
    expect(order).toEqual(["shell closed", "next step"]);
  });

  test("tells of the process inside a composite action", async () => {
    const files = {
      "c/action.yml":
        "name: c\nruns:\n  using: composite\n  steps:\n    - shell: sh\n      working-directory: c\n      env: { DEEP: 'yes' }\n      run: exit 1\n",
    };
    const { seen } = await failures("- name: uses c\n  uses: ./c", { files });
    expect(seen).toEqual([
      expect.objectContaining({
        displayName: "uses c",
        cwd: expect.stringMatching(/\/c$/),
        env: expect.objectContaining({ DEEP: "yes" }),
      }),
    ]);
  });

  test("is not called where continue-on-error holds, nor for a cancelled job", async () => {
    const controller = new AbortController();
    const { seen } = await failures(
      "- run: exit 1\n  continue-on-error: true\n- run: echo up; sleep 60 & wait",
      {
        ports: { signal: controller.signal },
        onFrame: (_, { printed }) => {
          if (printed.includes("up\n")) controller.abort();
        },
      },
    );
    expect(seen).toEqual([]);
  });
});
