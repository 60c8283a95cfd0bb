import { expect, test } from "vitest";
import type { BuildFact } from "../build-fact.ts";
import { decodeFact, encodeFact } from "./fact-codec.ts";
import { maskFact } from "./mask-fact.ts";
import { parseSound } from "./prepare-build.ts";

const content = "{ on: workflow_call, jobs: { inner: { runs-on: x, steps: [{ run: a }] } } }";
const origin = { file: "called.yml", repository: "o/r", ref: "v1", sha: "abc" };
const { spec } = parseSound({ path: "called.yml", content }, "The workflow");

const FACTS: readonly BuildFact[] = [
  { kind: "started" },
  { kind: "group-granted", holder: "a" },
  { kind: "group-cancelled", holder: "", reason: "SECRET" },
  { kind: "workflow-loaded", job: "call", workflow: { spec, content, origin } },
  { kind: "workflow-failed", job: "call", message: "SECRET" },
  { kind: "job-ended", job: "a", outcome: "success", outputs: { o: "SECRET" } },
  {
    kind: "job-ended",
    job: "b[1]",
    outcome: "failure",
    outputs: {},
    error: "SECRET",
    reason: "SECRET",
    environmentUrl: "https://SECRET",
  },
  { kind: "cancelled", reason: "SECRET" },
  { kind: "killed", reason: "SECRET" },
];

const parse = (file: { path: string; content: string }) => parseSound(file, "The workflow").spec;

test.each(FACTS.map((fact) => [fact.kind, fact] as const))(
  "a fact comes back as it was: %s",
  (_kind, fact) => {
    const json = JSON.parse(JSON.stringify(encodeFact({ fact })));
    expect(decodeFact(json, parse)).toEqual({ fact });
  },
);

test("that a cancel came of the time is kept with it", () => {
  const stored = { fact: { kind: "cancelled", reason: "r" }, timedOut: true } as const;
  expect(decodeFact(encodeFact(stored), parse)).toEqual(stored);
});

test("a called workflow is kept as its text, not as what was made of it", () => {
  const workflow = { spec, content, origin };
  expect(encodeFact({ fact: { kind: "workflow-loaded", job: "call", workflow } })).toEqual({
    v: 1,
    kind: "workflow-loaded",
    job: "call",
    content,
    origin,
  });
});

test.each(FACTS.map((fact) => [fact.kind, fact] as const))(
  "no secret is left in a fact that was masked: %s",
  (_kind, fact) => {
    const masked = maskFact(fact, (text) => text.replaceAll("SECRET", "***"));
    expect(JSON.stringify(masked)).not.toContain("SECRET");
  },
);
