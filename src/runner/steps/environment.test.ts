import { describe, expect, test } from "vitest";
import { type JobOptions, jobOf, recordJob } from "../testing/record-job.ts";

interface Case {
  readonly title: string;
  readonly steps: string;
  readonly job?: string;
  readonly top?: string;
}

/** Each is right if its job succeeds: the steps judge for themselves. */
const cases: readonly Case[] = [
  {
    title: "the nearest env wins: machine, workflow, job, GITHUB_ENV, step",
    top: "env: { B: workflow, C: workflow, D: workflow, E: workflow }",
    job: "env: { C: job, D: job, E: job }",
    steps: `
- run: |
    test "$A$B$C$D$E" = machineworkflowjobjobjob
    echo "D=file" >> "$GITHUB_ENV"
    echo "E=file" >> "$GITHUB_ENV"
- env: { E: step }
  run: test "$A$B$C$D$E" = machineworkflowjobfilestep
- run: test "$E" = file`,
  },
  {
    title: "env of workflow and job are evaluated in this order, over the contexts of the job",
    top: "env: { SHA: '${{ github.sha }}' }",
    job: "env: { WHO: '${{ github.actor }}' }",
    steps: '- run: test "$SHA" = "$GITHUB_SHA" && test "$WHO" = ada',
  },
  {
    title: "the env context has what the pipeline set, not what the machine has",
    steps: `
- env: { MINE: '1' }
  run: test "\${{ env.MINE }}/\${{ env.A }}/\${{ env.PATH }}" = 1//`,
  },
  {
    title: "a step's env may use the env around it",
    job: "env: { BASE: one }",
    steps: `
- env: { BOTH: '\${{ env.BASE }}-two' }
  run: test "$BOTH" = one-two`,
  },
  {
    title: "GITHUB_ENV is a fresh file for each step; heredocs may hold =",
    steps: `
- run: |
    printf 'MANY<<END\\na=b\\nc=d\\nEND\\n' >> "$GITHUB_ENV"
    test -z "$MANY"
- run: |
    test "$MANY" = "$(printf 'a=b\\nc=d')"
    test ! -s "$GITHUB_ENV"`,
  },
  {
    title: "GITHUB_PATH comes before PATH, the last one first, and an entry moves when it is added again",
    steps: `
- run: printf '/x/one\\n/x/two\\n' >> "$GITHUB_PATH"
- run: |
    case "$PATH" in /x/two:/x/one:*) ;; *) exit 1 ;; esac
    echo /x/one >> "$GITHUB_PATH"
- run: case "$PATH" in /x/one:/x/two:*) ;; *) exit 1 ;; esac
- env: { PATH: '/bin:/usr/bin' }
  run: test "$PATH" = /x/one:/x/two:/bin:/usr/bin`,
  },
  {
    title: "GITHUB_* and RUNNER_* cannot be overridden by env or GITHUB_ENV",
    job: "env: { GITHUB_REF: job, RUNNER_OS: job, GITHUB_ACTIONS: 'no' }",
    steps: `
- run: |
    test "$GITHUB_REF $RUNNER_OS $GITHUB_ACTIONS" = "refs/heads/main Linux true"
    echo "GITHUB_REF=file" >> "$GITHUB_ENV"
- env: { GITHUB_REF: step }
  run: test "$GITHUB_REF" = refs/heads/main`,
  },
  {
    title: "CI may be set to something else",
    job: "env: { CI: 'maybe' }",
    steps: '- run: test "$CI" = maybe',
  },
  {
    title: "the machine's SHELL does not choose the shell",
    steps: '- run: test -n "$BASH_VERSION"',
  },
  {
    title:
      "working-directory starts in the workspace; the step's wins over the job's over the workflow's, key by key",
    top: "defaults: { run: { shell: sh, working-directory: a } }",
    job: "defaults: { run: { working-directory: b } }",
    steps: `
- run: mkdir -p a b c
  working-directory: .
- run: test "$(basename "$PWD")" = b && case "$0" in *.sh) ;; *) exit 1 ;; esac
- run: test "$PWD" = "$GITHUB_WORKSPACE/c"
  working-directory: c
- run: test "$PWD" = /
  working-directory: /
- run: test -n "$BASH_VERSION"
  shell: bash`,
  },
  {
    title:
      "the contexts github, runner, job, steps, strategy, matrix, needs, vars, inputs and secrets are there",
    steps: `
- id: one
  run: echo "x=1" >> "$GITHUB_OUTPUT"
- run: |
    test "\${{ github.job }}" = test
    test "\${{ github.workspace }}" = "$GITHUB_WORKSPACE"
    test "\${{ github.event_path }}" = "$GITHUB_EVENT_PATH"
    test "\${{ github.event.ref }}" = refs/heads/main
    test "\${{ github.output }}" = "$GITHUB_OUTPUT"
    test "\${{ github.action }}" = __run
    test "\${{ runner.temp }}" = "$RUNNER_TEMP"
    test "\${{ runner.os }}/\${{ runner.arch }}/\${{ runner.environment }}" = Linux/X64/self-hosted
    test "\${{ runner.debug }}" = ""
    test "\${{ job.status }}" = success
    test "\${{ job.workflow_file_path }}" = .github/workflows/test.yml
    test "\${{ job.workflow_repository }}" = octo/ship
    test "\${{ steps.ONE.outputs.X }}" = 1
    test "\${{ strategy.job-index }}" = 2
    test "\${{ matrix.os }}" = linux
    test "\${{ needs.build.outputs.version }}" = 3
    test "\${{ vars.REGION }}" = north
    test "\${{ inputs.dry }}" = true
    test -n "\${{ secrets.TOKEN }}"
  shell: bash`,
  },
];

describe("what a step sees", () => {
  test.each(cases)("$title", async ({ steps, job = "", top = "" }) => {
    const record = await recordJob(`${top}\n${jobOf(steps, job)}`, {
      baseEnv: { A: "machine", B: "machine", SHELL: "/bin/zsh" },
      contexts: {
        strategy: { "job-index": 2 },
        matrix: { os: "linux" },
        needs: { build: { result: "success", outputs: { version: "3" } } },
        vars: { REGION: "north" },
        inputs: { dry: true },
        secrets: { TOKEN: "t0ken-value" },
      },
    });
    expect(record.finished?.result, record.log).toBe("success");
  });
});

const debugging: readonly (readonly [string, JobOptions])[] = [
  ["the request", { request: { debug: true } }],
  ["the secret ACTIONS_STEP_DEBUG", { contexts: { secrets: { ACTIONS_STEP_DEBUG: "true" } } }],
  ["the variable ACTIONS_STEP_DEBUG", { contexts: { vars: { ACTIONS_STEP_DEBUG: "true" } } }],
];

test.each(debugging)(
  "debug, asked for by %s, is told to steps and shown in their logs",
  async (_, options) => {
    const steps = `
- name: told
  run: |
    test "$RUNNER_DEBUG/\${{ runner.debug }}" = 1/1
    echo "::debug::from a"" command"
- name: never
  if: false
  run: echo`;
    const job = await recordJob(jobOf(steps), options);
    expect(job.finished?.result, job.log).toBe("success");
    expect(job.step("told").log).toContain("##[debug]from a command");
    expect(job.step("never").log).toContain("##[debug]Evaluating condition for step: 'never'");
  },
);

test("names with spaces, quotes, newlines and letters of any script come through", async () => {
  const folder = 'spa ce "quo\'te"\nnew–line ß漢字';
  const job = await recordJob(
    jobOf(
      `
- id: out
  run: |
    pwd
    echo "größe=漢字 ✓" >> "$GITHUB_OUTPUT"
- run: test "\${{ steps.out.outputs['größe'] }}" = "漢字 ✓"`,
    ),
    {
      before(request) {
        const { directories } = request;
        Object.assign(directories, {
          workspace: `${directories.workspace}/${folder}`,
          temp: `${directories.temp} ${folder}`,
        });
      },
    },
  );
  expect(job.finished?.result, job.log).toBe("success");
  expect(job.printed).toContain(folder);
  expect(job.steps[1]?.outputs).toEqual({ größe: "漢字 ✓" });
});
