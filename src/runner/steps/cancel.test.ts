import { describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../clock.ts";
import { type JobOptions, type JobRecord, jobOf, recordJob } from "../testing/record-job.ts";

/** Aborts when the job's log holds `text`. */
function abortOn(
  text: string,
  controller: AbortController,
  reason?: string,
): NonNullable<JobOptions["onFrame"]> {
  return (_, record) => {
    if (record.printed.includes(text)) controller.abort(reason);
  };
}

async function cancelOn(text: string, workflow: string, options: JobOptions = {}): Promise<JobRecord> {
  const controller = new AbortController();
  return await recordJob(workflow, {
    ...options,
    ports: { signal: controller.signal, ...options.ports },
    onFrame: abortOn(text, controller, "The run was canceled by @ada."),
  });
}

const SLOW =
  "- name: slow\n  run: |\n    trap 'echo interrupted; exit 130' INT\n    echo up\n    sleep 60 & wait";

describe("a cancel of the job", () => {
  test("interrupts the running step, skips the rest but for always() and cancelled(), and runs post steps", async () => {
    const files = {
      "note/action.yml": "name: n\nruns:\n  using: node24\n  main: main.js\n  post: post.js\n",
      "note/main.js": "",
      "note/post.js": 'console.log("post ran")',
    };
    const steps = `
- name: note
  uses: ./note
${SLOW}
- name: next
  run: echo never
- name: failure
  if: failure()
  run: echo never
- name: cancelled
  if: cancelled()
  run: test "\${{ job.status }}" = cancelled
- name: always
  if: always()
  run: 'true'`;
    const job = await cancelOn("up\n", jobOf(steps), { files });
    expect(job.ends, job.log).toEqual([
      "note: success",
      "slow: cancelled",
      "next: skipped",
      "failure: skipped",
      "cancelled: success",
      "always: success",
      "Post note: success",
    ]);
    expect(job.step("slow").log).toContain("interrupted");
    expect(job.step("slow").log).toContain("##[error]The operation was canceled.");
    expect(job.printed).toContain("post ran");
    expect(job.finished).toMatchObject({ result: "cancelled", error: "The run was canceled by @ada." });
  });

  test("lets a step run on whose condition still holds", async () => {
    const steps = "- name: clean\n  if: always()\n  run: |\n    echo up\n    sleep 0.2\n    echo finished";
    const job = await cancelOn("up\n", jobOf(steps));
    expect(job.ends).toEqual(["clean: success"]);
    expect(job.printed).toContain("finished");
    expect(job.finished?.result).toBe("cancelled");
  });

  test("ends the steps inside a composite action, but not those under always()", async () => {
    const action = `name: c
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        echo up
        sleep 60 & wait
    - shell: bash
      run: echo never-said
    - if: always()
      shell: bash
      run: echo "inner always"
`;
    const job = await cancelOn("up\n", jobOf("- name: c\n  uses: ./c\n- name: next\n  run: 'true'"), {
      files: { "c/action.yml": action },
    });
    expect(job.ends, job.log).toEqual(["c: cancelled", "next: skipped"]);
    expect(job.printed).toContain("inner always");
    expect(job.printed).not.toContain("\nnever-said");
  });

  test("lets a composite action run on that is used under always()", async () => {
    const action = `name: c
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        echo up
        sleep 0.2
    - shell: bash
      run: echo "second step"
`;
    const job = await cancelOn("up\n", jobOf("- name: c\n  if: always()\n  uses: ./c"), {
      files: { "c/action.yml": action },
    });
    expect(job.ends, job.log).toEqual(["c: success"]);
    expect(job.printed).toContain("second step");
  });

  test("before the start runs nothing", async () => {
    const controller = new AbortController();
    controller.abort();
    const job = await recordJob(jobOf("- if: always()\n  run: echo never"), {
      ports: { signal: controller.signal },
    });
    expect(job.finished).toMatchObject({ result: "cancelled", error: "The job was cancelled." });
    expect(job.steps.map(({ name }) => name)).toEqual(["Complete job"]);
  });

  test("kills what still runs when the budget is used up, runs nothing more, and leaves nothing behind", async () => {
    const steps =
      "- name: endless\n  if: always()\n  run: |\n    echo up\n    sleep 60\n- name: next\n  if: always()\n  run: 'true'";
    const job = await cancelOn("up\n", jobOf(steps), { request: { cancelTimeoutMs: 50 } });
    expect(job.ends).toEqual(["endless: cancelled", "next: skipped"]);
    expect(job.finished).toMatchObject({
      result: "cancelled",
      error: "The run was canceled by @ada. What still ran after that took too long and was killed.",
    });
  });
});

test("a kill ends everything at once: no always() step, no post step", async () => {
  const kill = new AbortController();
  const steps =
    "- name: slow\n  run: |\n    trap '' INT TERM\n    echo up\n    sleep 60\n- name: always\n  if: always()\n  run: echo never";
  const job = await recordJob(jobOf(steps), {
    ports: { kill: kill.signal },
    onFrame: abortOn("up\n", kill),
  });
  expect(job.ends).toEqual(["slow: cancelled", "always: skipped"]);
  expect(job.finished).toMatchObject({ result: "cancelled", error: "The job was killed." });
});

/** Real time, in which timers of `delayMs` go off when the job's log holds `text`. */
function hurriedClock(delayMs: number): { clock: Clock; hurry: () => void } {
  const waiting = new Set<() => void>();
  const clock: Clock = {
    ...systemClock,
    after(delay, callback) {
      if (delay !== delayMs) return systemClock.after(delay, callback);
      waiting.add(callback);
      return () => waiting.delete(callback);
    },
  };
  const hurry = () => {
    const due = [...waiting];
    waiting.clear();
    for (const callback of due) callback();
  };
  return { clock, hurry };
}

describe("timeouts", () => {
  test("of a step interrupt it, fail it and name the minutes; fractions count", async () => {
    const { clock, hurry } = hurriedClock(90_000);
    const steps = `${SLOW}\n  timeout-minutes: 1.5\n- name: on failure\n  if: failure()\n  run: 'true'`;
    const job = await recordJob(jobOf(steps), {
      ports: { clock },
      onFrame: (_, { printed }) => {
        if (printed.includes("up\n")) hurry();
      },
    });
    expect(job.ends).toEqual(["slow: failure", "on failure: success"]);
    expect(job.step("slow").error).toBe("The action 'slow' has timed out after 1.5 minutes.");
    expect(job.finished?.result).toBe("failure");
  });

  test("of 0 minutes are none", async () => {
    const job = await recordJob(jobOf("- name: s\n  run: sleep 0.05\n  timeout-minutes: 0"));
    expect(job.ends).toEqual(["s: success"]);
  });

  test("below zero are refused", async () => {
    const job = await recordJob(
      `env: { M: '-1' }\n${jobOf("- name: s\n  run: 'true'\n  timeout-minutes: ${{ fromJSON(env.M) }}")}`,
    );
    expect(job.step("s").error).toContain("`timeout-minutes` is -1");
  });

  test("of a step that uses a composite action end the steps inside, whatever their conditions", async () => {
    const action = `name: c
runs:
  using: composite
  steps:
    - if: always()
      shell: bash
      run: |
        echo up
        sleep 60 & wait
    - if: always()
      shell: bash
      run: echo never-said
`;
    const { clock, hurry } = hurriedClock(60_000);
    const job = await recordJob(jobOf("- name: c\n  uses: ./c\n  timeout-minutes: 1"), {
      files: { "c/action.yml": action },
      request: { cancelTimeoutMs: 1_000_000 },
      ports: { clock },
      onFrame: (_, { printed }) => {
        if (printed.includes("up\n")) hurry();
      },
    });
    expect(job.ends).toEqual(["c: failure"]);
    expect(job.step("c").error).toBe("The action 'c' has timed out after 1 minutes.");
    expect(job.printed).not.toContain("\nnever-said");
  });

  test("may be forgiven by continue-on-error", async () => {
    const { clock, hurry } = hurriedClock(120_000);
    const job = await recordJob(jobOf(`${SLOW}\n  timeout-minutes: 2\n  continue-on-error: true`), {
      ports: { clock },
      onFrame: (_, { printed }) => {
        if (printed.includes("up\n")) hurry();
      },
    });
    expect(job.ends).toEqual(["slow: failure/success"]);
    expect(job.finished?.result).toBe("success");
  });

  test("of the job cancel its steps, let always() run, and fail the job with GitHub's words", async () => {
    const { clock, hurry } = hurriedClock(360 * 60_000);
    const steps = `${SLOW}\n- name: always\n  if: always()\n  run: test "\${{ job.status }}" = cancelled`;
    const job = await recordJob(jobOf(steps), {
      request: { timeoutMs: 360 * 60_000 },
      ports: { clock },
      onFrame: (_, { printed }) => {
        if (printed.includes("up\n")) hurry();
      },
    });
    const message =
      "The job running on runner test runner has exceeded the maximum execution time of 360 minutes.";
    expect(job.ends).toEqual(["slow: cancelled", "always: success"]);
    expect(job.finished).toMatchObject({ result: "failure", error: message });
    expect(job.annotations).toContainEqual(expect.objectContaining({ step: 0, level: "error", message }));
  });
});
