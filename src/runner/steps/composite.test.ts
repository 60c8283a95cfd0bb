import { describe, expect, test } from "vitest";
import { jobOf, recordJob } from "../testing/record-job.ts";

interface Case {
  readonly title: string;
  readonly steps: string;
  readonly job?: string;
  readonly actions: { readonly [name: string]: string };
  readonly ends?: readonly string[];
  readonly result?: "success" | "failure";
  /** In this order. */
  readonly log?: readonly string[];
  readonly notInLog?: readonly string[];
}

const composite = (steps: string, rest = "") =>
  `name: x\n${rest}\nruns:\n  using: composite\n  steps:\n${steps.trim().replace(/^(?=.)/gm, "    ")}\n`;

const cases: readonly Case[] = [
  {
    title: "inputs, defaults and outputs",
    actions: {
      greet: composite(
        `
- id: say
  shell: bash
  run: echo "text=\${{ inputs.who }} \${{ inputs.how }} by \${{ inputs.actor }}" >> "$GITHUB_OUTPUT"`,
        `inputs:
  who: { required: true }
  how: { default: politely }
  actor: { default: '\${{ github.actor }}' }
outputs:
  text: { value: '\${{ steps.say.outputs.text }}!' }`,
      ),
    },
    steps: `
- id: g
  uses: ./greet
  with: { who: ship }
- run: test "\${{ steps.g.outputs.text }}" = "ship politely by ada!"`,
  },
  {
    title: "the caller's input of the same name does not shadow a nested action's own default",
    actions: {
      outer: composite(
        `
- uses: ./inner
- uses: ./inner
  with: { name: given }`,
        "inputs: { name: { default: outer } }",
      ),
      inner: composite(
        '- shell: bash\n  run: echo "inner has ${{ inputs.name }}"',
        "inputs: { name: { default: own } }",
      ),
    },
    steps: "- uses: ./outer\n  with: { name: caller }",
    log: ["inner has own", "inner has given"],
  },
  {
    title:
      "inputs are no environment variables, and the workflow's inputs, secrets and variables are not seen",
    actions: {
      a: composite(
        '- shell: bash\n  run: test -z "$INPUT_X" && test "${{ inputs.dry }}" = ""',
        "inputs: { x: { default: y } }",
      ),
    },
    steps: "- uses: ./a",
  },
  {
    title: "GITHUB_ENV and GITHUB_PATH come out; the env of the using step does not, but wins inside",
    job: "env: { LEVEL: job }",
    actions: {
      a: composite(`
- shell: bash
  run: |
    test "$LEVEL $ONLY" = "user here"
    echo "OUT=came out" >> "$GITHUB_ENV"
    echo "LEVEL=file" >> "$GITHUB_ENV"
    echo "/from/action" >> "$GITHUB_PATH"
- shell: bash
  env: { ONLY: inner }
  run: test "$OUT/$LEVEL/$ONLY" = "came out/user/inner"
- shell: bash
  run: test "$ONLY" = here`),
    },
    steps: `
- uses: ./a
  env: { LEVEL: user, ONLY: here }
- run: |
    test "$OUT/$LEVEL/$ONLY" = "came out/file/"
    case "$PATH" in /from/action:*) ;; *) exit 1 ;; esac`,
  },
  {
    title: "steps inside have a steps context of their own, at every depth",
    actions: {
      outer: composite(`
- id: same
  shell: bash
  run: echo "v=outer" >> "$GITHUB_OUTPUT"
- uses: ./inner
- shell: bash
  run: test "\${{ steps.same.outputs.v }}/\${{ steps.top.outputs.v }}" = outer/`),
      inner: composite(`
- id: same
  shell: bash
  run: echo "v=inner" >> "$GITHUB_OUTPUT"
- shell: bash
  run: test "\${{ steps.same.outputs.v }}" = inner`),
    },
    steps: `
- id: top
  run: echo "v=top" >> "$GITHUB_OUTPUT"
- uses: ./outer
- run: test "\${{ steps.same.outputs.v }}" = ""`,
  },
  {
    title: "a failed action's status functions look at the action, and its outputs stay readable",
    actions: {
      a: composite(
        `
- id: say
  shell: bash
  run: echo "said=before" >> "$GITHUB_OUTPUT"
- shell: bash
  run: exit 4
- shell: bash
  run: echo never-said
- if: failure()
  shell: bash
  run: echo "own failure, \${{ github.action_status }}"
- if: always()
  shell: bash
  run: echo "own always"`,
        "outputs: { said: { value: '${{ steps.say.outputs.said }}' } }",
      ),
    },
    steps: `
- id: a
  name: uses a
  uses: ./a
  continue-on-error: true
- name: after
  run: test "\${{ steps.a.outputs.said }}/\${{ steps.a.outcome }}" = before/failure`,
    ends: ["uses a: failure/success", "after: success"],
    log: ["own failure, failure", "own always"],
    notInLog: ["\nnever-said"],
  },
  {
    title: "an action that is used after a failure starts with a clean status",
    actions: { a: composite('- shell: bash\n  run: echo "ran with ${{ github.action_status }}"') },
    steps: "- name: fails\n  run: exit 1\n- name: cleans\n  if: always()\n  uses: ./a",
    ends: ["fails: failure", "cleans: success"],
    result: "failure",
    log: ["ran with success"],
  },
  {
    title: "continue-on-error and outcome inside an action",
    actions: {
      a: composite(`
- id: may
  shell: bash
  run: exit 1
  continue-on-error: true
- shell: bash
  run: test "\${{ steps.may.outcome }}/\${{ steps.may.conclusion }}" = failure/success
- id: skipped
  if: false
  shell: bash
  run: 'true'
- shell: bash
  run: test "\${{ steps.skipped.outcome }}" = skipped`),
    },
    steps: "- name: a\n  uses: ./a",
    ends: ["a: success"],
  },
  {
    title: "a condition inside that cannot be evaluated fails the action and ends it, with the place",
    actions: {
      a: composite(
        "- if: fromJSON('{')\n  shell: bash\n  run: 'true'\n- if: always()\n  shell: bash\n  run: echo never-said",
      ),
    },
    steps: "- name: a\n  uses: ./a",
    ends: ["a: failure"],
    result: "failure",
    log: ["./a/action.yml (Line: 6, Col: "],
    notInLog: ["\nnever-said"],
  },
  {
    title:
      "GITHUB_ACTION_PATH is the action's folder; scripts run in the workspace, without the job's defaults",
    job: "defaults: { run: { working-directory: sub, shell: sh } }",
    actions: {
      a: composite(`
- shell: bash
  run: |
    test "$GITHUB_ACTION_PATH" = "$GITHUB_WORKSPACE/a"
    test "\${{ github.action_path }}" = "$GITHUB_ACTION_PATH"
    test "$PWD" = "$GITHUB_WORKSPACE"
- shell: bash
  working-directory: a
  run: test "$PWD" = "$GITHUB_WORKSPACE/a"`),
      "sub/unused": composite("- shell: bash\n  run: 'true'"),
    },
    steps: "- uses: ./a",
  },
  {
    title: "nine actions may stand around one, a tenth is refused",
    actions: Object.fromEntries([
      ...Array.from({ length: 8 }, (_, n) => [`n${n}`, composite(`- uses: ./n${n + 1}`)]),
      ["n8", composite("- shell: bash\n  run: echo innermost")],
      ["endless", composite("- uses: ./endless")],
    ]),
    steps: "- name: deep\n  uses: ./n0\n- name: endless\n  uses: ./endless",
    ends: ["deep: success", "endless: failure"],
    result: "failure",
    log: ["innermost", "depth exceeded max depth 9"],
  },
  {
    title: "a missing action inside fails the action that uses it, by name",
    actions: { a: composite("- uses: ./not/there") },
    steps: "- name: a\n  uses: ./a",
    ends: ["a: failure"],
    result: "failure",
    log: ["not/there"],
  },
  {
    title: "a container action inside is refused when its turn comes",
    actions: { a: composite("- uses: docker://alpine:3") },
    steps: "- name: a\n  uses: ./a",
    ends: ["a: failure"],
    result: "failure",
    log: ["'docker://alpine:3' runs in a container and needs the docker or kubernetes executor"],
  },
];

describe("composite actions", () => {
  test.each(cases)(
    "$title",
    async ({ actions, steps, job, ends, result = "success", log = [], notInLog = [] }) => {
      const files = Object.fromEntries(
        Object.entries(actions).map(([name, text]) => [`${name}/action.yml`, text]),
      );
      const record = await recordJob(jobOf(steps, job), {
        files,
        contexts: { inputs: { dry: "workflow" } },
      });
      expect(record.finished?.result, record.log).toBe(result);
      if (ends !== undefined) expect(record.ends).toEqual(ends);
      let from = 0;
      for (const text of log) {
        const at = record.printed.indexOf(text, from);
        expect(at, `"${text}" in its place in\n${record.printed}`).toBeGreaterThanOrEqual(0);
        from = at + text.length;
      }
      for (const text of notInLog) expect(record.printed).not.toContain(text);
    },
  );
});
