import { describe, expect, test } from "vitest";
import { jobOf, recordJob } from "../testing/record-job.ts";

interface Case {
  readonly title: string;
  readonly steps: string;
  readonly job?: string;
  readonly ends: readonly string[];
  readonly result: "success" | "failure";
}

const cases: readonly Case[] = [
  {
    title: "status functions look at the job so far",
    steps: `
- name: fails
  run: exit 1
- name: default
  run: 'true'
- name: success
  if: success()
  run: 'true'
- name: failure
  if: failure()
  run: 'true'
- name: always
  if: always()
  run: 'true'
- name: cancelled
  if: cancelled()
  run: 'true'
- name: either
  if: success() || failure()
  run: 'true'
- name: not cancelled
  if: \${{ !cancelled() }}
  run: test "\${{ job.status }}" = failure`,
    ends: [
      "fails: failure",
      "default: skipped",
      "success: skipped",
      "failure: success",
      "always: success",
      "cancelled: skipped",
      "either: success",
      "not cancelled: success",
    ],
    result: "failure",
  },
  {
    title: "continue-on-error gives outcome failure, conclusion success, and the job goes on",
    steps: `
- id: may
  name: may
  run: exit 1
  continue-on-error: true
- name: after
  run: test "\${{ steps.may.outcome }}/\${{ steps.may.conclusion }}" = failure/success
- name: on failure
  if: failure()
  run: 'true'`,
    ends: ["may: failure/success", "after: success", "on failure: skipped"],
    result: "success",
  },
  {
    title: "continue-on-error may be an expression over what came before",
    job: "env: { LENIENT: 'yes' }",
    steps: `
- name: lenient
  run: exit 1
  continue-on-error: \${{ env.LENIENT == 'yes' }}
- name: strict
  run: exit 1
  continue-on-error: \${{ env.LENIENT == 'no' }}`,
    ends: ["lenient: failure/success", "strict: failure"],
    result: "failure",
  },
  {
    title: "a skipped step has outcome and conclusion skipped, and no outputs",
    steps: `
- id: never
  name: never
  if: false
  run: echo "a=b" >> "$GITHUB_OUTPUT"
- name: looks
  run: test "\${{ steps.never.outcome }}/\${{ steps.never.conclusion }}/\${{ steps.never.outputs.a }}" = skipped/skipped/`,
    ends: ["never: skipped", "looks: success"],
    result: "success",
  },
  {
    title: "a condition sees env, outputs and files",
    steps: `
- id: a
  name: writes
  run: |
    echo "X=1" >> "$GITHUB_ENV"
    echo "y=2" >> "$GITHUB_OUTPUT"
    touch made.txt
- name: env
  if: env.X == '1'
  run: 'true'
- name: own env
  if: env.OWN == 'mine'
  env: { OWN: mine }
  run: 'true'
- name: outputs
  if: steps.a.outputs.y == 2
  run: 'true'
- name: file
  if: hashFiles('made.txt') != ''
  run: 'true'
- name: no file
  if: hashFiles('other.txt') != ''
  run: 'true'`,
    ends: [
      "writes: success",
      "env: success",
      "own env: success",
      "outputs: success",
      "file: success",
      "no file: skipped",
    ],
    result: "success",
  },
];

describe("conditions of steps", () => {
  test.each(cases)("$title", async ({ steps, job, ends, result }) => {
    const record = await recordJob(jobOf(steps, job));
    expect(record.ends, record.log).toEqual(ends);
    expect(record.finished?.result).toBe(result);
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ["if", "- name: bad\n  if: fromJSON(env.NOTHING)\n  run: 'true'", /test\.yml \(Line: 8, Col: \d+\): /],
    [
      "env",
      "- name: bad\n  env:\n    A: ${{ fromJSON('{') }}\n  run: 'true'",
      /test\.yml \(Line: 9, Col: \d+\): /,
    ],
    ["run", "- name: bad\n  run: echo ${{ fromJSON('{') }}", /test\.yml \(Line: 8, Col: \d+\): /],
    [
      "working-directory",
      "- name: bad\n  run: 'true'\n  working-directory: ${{ fromJSON('{') }}",
      /test\.yml \(Line: 9, Col: \d+\): /,
    ],
    [
      "timeout-minutes",
      "- name: bad\n  run: 'true'\n  timeout-minutes: ${{ fromJSON('{') }}",
      /\(Line: 9, Col: \d+\): /,
    ],
    [
      "timeout-minutes (no number)",
      "- name: bad\n  run: 'true'\n  timeout-minutes: ${{ env.SOON }}",
      /`timeout-minutes` is "soon", not a number of minutes/,
    ],
    [
      "continue-on-error (no boolean)",
      "- name: bad\n  run: exit 1\n  continue-on-error: ${{ env.PERHAPS }}",
      /`continue-on-error` is "perhaps", neither true nor false/,
    ],
  ];

  test.each(broken)(
    "an expression in %s that fails at run time fails its step and says where it stands",
    async (_, steps, message) => {
      const after = "- name: after\n  if: failure()\n  run: 'true'";
      const job = await recordJob(`env: { SOON: soon, PERHAPS: perhaps }\n${jobOf(`${steps}\n${after}`)}`);
      expect(job.ends).toEqual(["bad: failure", "after: success"]);
      expect(job.step("bad").log).toMatch(message);
      expect(job.annotations.at(-1)).toMatchObject({
        level: "error",
        message: expect.stringMatching(message),
      });
    },
  );
});
