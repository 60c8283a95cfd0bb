import { describe, expect, test } from "vitest";
import { jobOf, recordJob } from "../testing/record-job.ts";

interface Case {
  readonly title: string;
  readonly steps: string;
  readonly ends: readonly string[];
  readonly result?: "failure";
  readonly files?: { readonly [path: string]: string };
}

/** Waits for a file, and gives up after ten seconds. */
const AWAIT = (file: string) =>
  `for i in $(seq 500); do [ -e ${file} ] && break; sleep 0.02; done; test -e ${file}`;

const cases: readonly Case[] = [
  {
    title: "a background step runs beside those after it, until it is waited for",
    steps: `
- id: server
  name: server
  background: true
  run: |
    touch up
    ${AWAIT("stop")}
- name: meets
  run: |
    ${AWAIT("up")}
    touch stop
- wait: server`,
    ends: ["server: success", "meets: success", "Wait: success"],
  },
  {
    title: "outputs, env, path and outcome are seen once the step was waited for, not before",
    steps: `
- id: make
  name: make
  background: true
  run: |
    echo "made=it" >> "$GITHUB_OUTPUT"
    echo "SET=by make" >> "$GITHUB_ENV"
    echo "/by/make" >> "$GITHUB_PATH"
    touch made
- name: before
  run: |
    ${AWAIT("made")}
    sleep 0.1
    test "\${{ steps.make.outputs.made }}\${{ steps.make.outcome }}$SET" = ""
- wait: [make]
- name: after
  run: |
    test "\${{ steps.make.outputs.made }} \${{ steps.make.outcome }} $SET" = "it success by make"
    case "$PATH" in /by/make:*) ;; *) exit 1 ;; esac`,
    ends: ["make: success", "before: success", "Wait: success", "after: success"],
  },
  {
    title: "a failed background step fails the wait for it and then the job; what stands between runs",
    steps: `
- id: bad
  name: bad
  background: true
  run: exit 2
- name: between
  run: 'true'
- name: waits
  wait: bad
- name: after
  run: 'true'`,
    ends: ["bad: failure", "between: success", "waits: failure", "after: skipped"],
    result: "failure",
  },
  {
    title: "continue-on-error forgives, on the step or on the wait for it",
    steps: `
- id: one
  name: one
  background: true
  continue-on-error: true
  run: exit 2
- id: two
  name: two
  background: true
  run: exit 2
- name: waits for one
  wait: one
- name: waits for two
  wait: two
  continue-on-error: true
- name: after
  run: test "\${{ steps.one.outcome }}/\${{ steps.one.conclusion }}" = failure/success`,
    ends: [
      "one: failure/success",
      "two: failure",
      "waits for one: success",
      "waits for two: failure/success",
      "after: success",
    ],
  },
  {
    title: "cancel ends a background step without harm to the job",
    steps: `
- id: endless
  name: endless
  background: true
  run: |
    touch up
    sleep 60
- run: |
    ${AWAIT("up")}
  name: meets
- cancel: endless
- name: after
  run: test "\${{ steps.endless.outcome }}" = cancelled`,
    ends: ["endless: cancelled", "meets: success", "Cancel: success", "after: success"],
  },
  {
    title: "cancel ends the steps inside a composite action too, whatever their conditions",
    files: {
      "c/action.yml":
        "name: c\nruns:\n  using: composite\n  steps:\n    - if: always()\n      shell: bash\n      run: |\n        touch up\n        sleep 60\n    - if: always()\n      shell: bash\n      run: touch never\n",
    },
    steps: `
- id: endless
  name: endless
  background: true
  uses: ./c
- run: |
    ${AWAIT("up")}
  name: meets
- cancel: endless
- name: after
  run: test ! -e never`,
    ends: ["endless: cancelled", "meets: success", "Cancel: success", "after: success"],
  },
  {
    title: "a failure before the cancel counts",
    steps: `
- id: bad
  name: bad
  background: true
  run: touch failed; exit 1
- run: |
    ${AWAIT("failed")}
    sleep 0.2
  name: meets
- cancel: bad`,
    ends: ["bad: failure", "meets: success", "Cancel: success"],
    result: "failure",
  },
  {
    title: "wait-all waits for all that is left; the end of the job does so by itself",
    steps: `
- id: one
  name: one
  background: true
  run: sleep 0.1; touch one
- name: two
  background: true
  run: sleep 0.1; touch two
- wait-all:
- name: both
  run: test -e one && test -e two
- id: three
  name: three
  background: true
  run: sleep 0.1; exit 1`,
    ends: [
      "one: success",
      "two: success",
      "Wait for all: success",
      "both: success",
      "three: failure",
      "Wait for all background steps: failure",
    ],
    result: "failure",
  },
  {
    title: "a background step whose condition is false is skipped, and waits do not mind",
    steps: `
- id: never
  name: never
  if: false
  background: true
  run: 'true'
- wait: never
- name: after
  run: test "\${{ steps.never.outcome }}" = skipped`,
    ends: ["never: skipped", "Wait: success", "after: success"],
  },
  {
    title: "waits run after a failure, as nothing else does",
    steps: `
- id: slow
  name: slow
  background: true
  run: ${AWAIT("go")}
- name: fails
  run: touch go; exit 1
- wait: slow
- name: after
  run: 'true'`,
    ends: ["slow: success", "fails: failure", "Wait: success", "after: skipped"],
    result: "failure",
  },
  {
    title: "steps under parallel run at the same time, and the next step waits for them",
    steps: `
- parallel:
    - name: left
      run: |
        touch left
        ${AWAIT("right")}
    - id: right
      name: right
      run: |
        touch right
        echo "side=right" >> "$GITHUB_OUTPUT"
        ${AWAIT("left")}
- name: after
  run: test "\${{ steps.right.outputs.side }}" = right`,
    ends: ["Parallel: success", "left: success", "right: success", "after: success"],
  },
  {
    title: "a parallel step fails with one of its steps, and is skipped with all of them",
    steps: `
- parallel:
    - name: good
      run: 'true'
    - name: bad
      run: exit 1
- parallel:
    - name: never
      run: 'true'`,
    ends: ["Parallel: failure", "good: success", "bad: failure", "Parallel: skipped", "never: skipped"],
    result: "failure",
  },
];

describe("background steps", () => {
  test.each(cases)("$title", async ({ steps, ends, files = {}, result = "success" }) => {
    const job = await recordJob(jobOf(steps), { files });
    expect(job.ends, job.log).toEqual(ends);
    expect(job.finished?.result).toBe(result);
  });

  test("a step ended by a cancel step says so, and is no mistake to point at", async () => {
    const job = await recordJob(
      jobOf(`
- id: endless
  name: endless
  background: true
  run: |
    touch up
    sleep 60
- run: |
    ${AWAIT("up")}
- cancel: endless`),
    );
    expect(job.step("endless").log).toContain("Stopped by a cancel step.");
    expect(job.annotations).toEqual([]);
  });

  test("at most ten run at once; the others wait for their turn", async () => {
    const step = (n: number) => `
- name: s${n}
  background: true
  run: |
    mkdir -p running && touch running/${n}
    sleep 0.1
    test "$(ls running | wc -l)" -le 10
    sleep 0.1
    rm running/${n}`;
    const job = await recordJob(jobOf(Array.from({ length: 14 }, (_, n) => step(n)).join("\n")));
    expect(job.finished?.result, job.log).toBe("success");
    expect(job.ends).toHaveLength(15);
  });

  test("steps under parallel name the step they stand in", async () => {
    const job = await recordJob(
      jobOf("- parallel:\n    - name: one\n      run: 'true'\n    - name: two\n      run: 'true'"),
    );
    const parent = job.step("Parallel").number;
    expect([job.step("one").parent, job.step("two").parent]).toEqual([parent, parent]);
  });

  test("the logs of steps that run at the same time do not mix", async () => {
    const loop = (word: string) => `for i in $(seq 50); do echo ${word}; done`;
    const job = await recordJob(
      jobOf(
        `- parallel:\n    - name: one\n      run: ${loop("uno")}\n    - name: two\n      run: ${loop("dos")}`,
      ),
    );
    expect(job.step("one").log).not.toContain("dos");
    expect(job.step("two").log.match(/^dos$/gm)).toHaveLength(50);
  });

  test("a cancel of the job interrupts them all, even under always()", async () => {
    const controller = new AbortController();
    const steps = `
- name: one
  background: true
  if: always()
  run: |
    echo up
    sleep 60
- name: two
  background: true
  run: sleep 60
- wait-all:
- name: always
  if: always()
  run: 'true'`;
    const job = await recordJob(jobOf(steps), {
      ports: { signal: controller.signal },
      onFrame: (_, { printed }) => {
        if (printed.includes("up\n")) controller.abort();
      },
    });
    expect(job.ends, job.log).toEqual([
      "one: cancelled",
      "two: cancelled",
      "Wait for all: cancelled",
      "always: success",
    ]);
    expect(job.finished?.result).toBe("cancelled");
  });
});
