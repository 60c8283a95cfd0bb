// Compares what a scenario's run said with its expected.json. Only what is named is compared, but every named thing
// must have been said.
import { expect } from "vitest";
import type { BuildRecord, JobRecord } from "./build-record.ts";
import type { Ran } from "./slipway.ts";

/** One run, or several in the same repository, one after the other. */
export type Scenario = { readonly shows: string } & (Expected | { readonly runs: readonly Expected[] });

export interface Expected {
  /** What this run shows, in a sentence. */
  readonly shows?: string;
  /** Further arguments of `slipway run --json`; `$REPOSITORY` stands for the folder it runs in. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly exit: number;
  /** Result of the build; absent where nothing ran. */
  readonly result?: "success" | "failure" | "cancelled";
  readonly title?: string;
  /** By display name. A string stands for the result alone. With `onlyTheseJobs` absent or true there are no others. */
  readonly jobs?: Readonly<Record<string, string | ExpectedJob>>;
  readonly onlyTheseJobs?: boolean;
  /** Pairs of display names: the first had ended before the second started. */
  readonly order?: readonly (readonly [string, string])[];
  /** Each must be matched by an annotation that has at least these fields. */
  readonly annotations?: readonly Readonly<Record<string, unknown>>[];
  readonly summaries?: readonly string[];
  /** Texts that must appear in warnings or on standard error. */
  readonly warnings?: readonly string[];
  readonly stderr?: readonly string[];
  /** Texts that may appear nowhere in the output. */
  readonly never?: readonly string[];
}

export interface ExpectedJob {
  readonly result: string;
  readonly outcome?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly error?: string;
  readonly reason?: string;
  /** The deployment environment, and its address. */
  readonly environment?: string;
  readonly environmentUrl?: string;
  /** `name` to conclusion, or to `outcome/conclusion`, in order; only these are looked at. */
  readonly steps?: Readonly<Record<string, string>>;
  /** Names of all steps that ran or were skipped, in order of their numbers. */
  readonly stepNames?: readonly string[];
  readonly exitCodes?: Readonly<Record<string, number>>;
  /** Texts that appear in the job's log in this order. */
  readonly log?: readonly string[];
  readonly notInLog?: readonly string[];
}

export function judge(expected: Expected, ran: Ran, builds: readonly BuildRecord[]): void {
  const said = `${ran.stdout}\n${ran.stderr}`;
  expect(ran.code, `${[...(expected.args ?? [])].join(" ")}: exit code; it said:\n${said.slice(-4000)}`).toBe(
    expected.exit,
  );
  for (const text of expected.stderr ?? []) expect(ran.stderr).toContain(text);
  for (const text of expected.never ?? []) expect(said).not.toContain(text);

  const jobs = builds.flatMap((build) => build.jobs.filter(({ kind }) => kind === "job"));
  const groups = builds.flatMap((build) => build.jobs.filter(({ kind }) => kind === "group"));
  if (expected.result === undefined) expect(jobs, "no job was to run").toEqual([]);
  else expect(builds.map(({ result }) => result)).toContain(expected.result);
  if (expected.title !== undefined) expect(builds.map(({ title }) => title)).toContain(expected.title);

  if (expected.jobs !== undefined) {
    for (const [name, want] of Object.entries(expected.jobs)) {
      const job = [...jobs, ...groups].find((candidate) => candidate.name === name);
      expect(job, `job "${name}" among ${jobs.map((each) => each.name).join(", ")}`).toBeDefined();
      if (job !== undefined) judgeJob(name, typeof want === "string" ? { result: want } : want, job);
    }
    if (expected.onlyTheseJobs !== false) {
      const named = new Set(Object.keys(expected.jobs));
      expect(
        jobs.map(({ name }) => name).filter((name) => !named.has(name)),
        "jobs that were not expected",
      ).toEqual([]);
    }
  }
  for (const [first, second] of expected.order ?? []) {
    const before = jobs.find(({ name }) => name === first);
    const after = jobs.find(({ name }) => name === second);
    expect(before?.finishedSeq, `${first} ended`).toBeTypeOf("number");
    expect(after?.startedSeq, `${second} started after ${first} ended`).toBeGreaterThan(
      before?.finishedSeq ?? Infinity,
    );
  }
  const annotations = builds.flatMap((build) => build.annotations);
  for (const want of expected.annotations ?? [])
    expect(annotations).toContainEqual(expect.objectContaining(want));
  const summaries = builds.flatMap((build) => build.summaries).join("\n");
  for (const text of expected.summaries ?? []) expect(summaries).toContain(text);
  const warnings = [...builds.flatMap((build) => build.warnings), ran.stderr].join("\n");
  for (const text of expected.warnings ?? []) expect(warnings).toContain(text);
}

function judgeJob(name: string, want: ExpectedJob, job: JobRecord): void {
  const hint = `job "${name}" (${job.error ?? job.reason ?? "no error"}):\n${job.log.slice(-3000)}`;
  expect(job.result, hint).toBe(want.result);
  if (want.outcome !== undefined) expect(job.outcome, hint).toBe(want.outcome);
  if (want.outputs !== undefined) expect(job.outputs, hint).toEqual(want.outputs);
  if (want.error !== undefined) expect(`${job.error}\n${job.log}`).toContain(want.error);
  if (want.reason !== undefined) expect(job.reason).toContain(want.reason);
  if (want.environment !== undefined) expect(job.environment).toBe(want.environment);
  if (want.environmentUrl !== undefined) expect(job.environmentUrl).toBe(want.environmentUrl);
  const steps = [...job.steps.values()];
  for (const [stepName, conclusions] of Object.entries(want.steps ?? {})) {
    const step = steps.find((each) => each.name === stepName);
    expect(step, `step "${stepName}" among ${steps.map((each) => each.name).join(", ")}`).toBeDefined();
    const got = conclusions.includes("/") ? `${step?.outcome}/${step?.conclusion}` : step?.conclusion;
    expect(got, `step "${stepName}" of ${hint}`).toBe(conclusions);
  }
  for (const [stepName, code] of Object.entries(want.exitCodes ?? {})) {
    expect(steps.find((each) => each.name === stepName)?.exitCode, `exit code of "${stepName}"`).toBe(code);
  }
  if (want.stepNames !== undefined) {
    expect(steps.filter((each) => each.conclusion !== undefined).map((each) => each.name)).toEqual(
      want.stepNames,
    );
  }
  let from = 0;
  for (const text of want.log ?? []) {
    const at = job.log.indexOf(text, from);
    expect(at, `"${text}" in its place in the log of ${hint}`).toBeGreaterThanOrEqual(0);
    from = at + text.length;
  }
  for (const text of want.notInLog ?? []) expect(job.log).not.toContain(text);
}
