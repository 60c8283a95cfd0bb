import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BuildEvent, BuildEventBody } from "./build-event.ts";
import { decodeBuildEvent, encodeBuildEvent } from "./build-event-codec.ts";
import { fakeBuild } from "./testing/fake-build.ts";

type Type = BuildEventBody["type"];
type Body<T extends Type> = Extract<BuildEventBody, { type: T }>;

/** Every event twice: with all its fields, and with none that may be missing. The types hold the table complete. */
const SAMPLES: { readonly [T in Type]: readonly [full: Required<Body<T>>, least: Body<T>] } = {
  "build.started": twice({
    type: "build.started",
    file: "f",
    workflow: "w",
    title: "t",
    event: "push",
    ref: "r",
    sha: "s",
  }),
  "build.waiting": twice({ type: "build.waiting", reason: "r" }),
  "job.added": [
    {
      type: "job.added",
      job: "a[0]",
      jobId: "a",
      name: "a (1)",
      needs: ["b"],
      parent: "p",
      legOf: "a",
      matrix: { n: 1 },
      kind: "job",
    },
    { type: "job.added", job: "a", jobId: "a", name: "a", needs: [], kind: "group" },
  ],
  "job.waiting": twice({ type: "job.waiting", job: "a", reason: "r" }),
  "job.started": [
    { type: "job.started", job: "a", attempt: 1, name: "n", workspace: "/w", environment: "e" },
    { type: "job.started", job: "a", attempt: 2 },
  ],
  "step.added": [
    {
      type: "step.added",
      job: "a",
      step: 1,
      id: "i",
      name: "n",
      stage: "post",
      action: "run",
      background: true,
      line: 3,
      parent: 1,
    },
    { type: "step.added", job: "a", step: 1, name: "n", stage: "main", action: "run", background: false },
  ],
  "step.started": twice({ type: "step.started", job: "a", step: 1, name: "n" }),
  log: twice({ type: "log", job: "a", step: 0, data: Buffer.from("text\n") }),
  annotation: [
    {
      type: "annotation",
      job: "a",
      step: 1,
      level: "error",
      message: "m",
      title: "t",
      file: "f",
      line: 1,
      endLine: 2,
      column: 3,
      endColumn: 4,
      code: "c",
    },
    { type: "annotation", job: "a", step: 0, level: "notice", message: "m" },
  ],
  summary: twice({ type: "summary", job: "a", step: 1, markdown: "# m" }),
  artifact: twice({ type: "artifact", job: "a", step: 1, value: "v" }),
  "step.finished": [
    {
      type: "step.finished",
      job: "a",
      step: 1,
      outcome: "failure",
      conclusion: "success",
      exitCode: 1,
      signal: "SIGKILL",
      error: "e",
      outputs: { o: "v" },
      durationMs: 1.5,
    },
    {
      type: "step.finished",
      job: "a",
      step: 1,
      outcome: "success",
      conclusion: "success",
      outputs: {},
      durationMs: 0,
    },
  ],
  "job.finished": [
    {
      type: "job.finished",
      job: "a",
      result: "success",
      outcome: "failure",
      outputs: {},
      error: "e",
      reason: "r",
      environmentUrl: "u",
      durationMs: 1,
    },
    { type: "job.finished", job: "a", result: "skipped", outcome: "skipped", outputs: {}, durationMs: 0 },
  ],
  warning: [
    { type: "warning", message: "m", job: "a" },
    { type: "warning", message: "m" },
  ],
  "build.finished": [
    { type: "build.finished", result: "failure", error: "e", durationMs: 1 },
    { type: "build.finished", result: "success", durationMs: 1 },
  ],
};

function twice<T>(body: T): readonly [T, T] {
  return [body, body];
}

const events = Object.values(SAMPLES)
  .flat()
  .map((body, index): BuildEvent => ({ v: 1, seq: index + 1, at: 1_700_000_000_000, buildId: "b", ...body }));

interface Schema {
  readonly $defs: {
    readonly [name: string]: { readonly properties?: { readonly [field: string]: unknown } };
  };
}
const schema = JSON.parse(readFileSync("docs/reference/run-events.schema.json", "utf8")) as Schema;
const valid = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
}).compile(schema);

describe("the schema of events", () => {
  test.each(events.map((event) => [event.type, event] as const))("allows %s", (_type, event) => {
    valid(JSON.parse(encodeBuildEvent(event)));
    expect(valid.errors).toBeNull();
  });

  test.each(Object.entries(SAMPLES))("names exactly the fields of %s", (type, [full]) => {
    const fields = Object.keys(full).flatMap((field) => (field === "data" ? ["text", "base64"] : [field]));
    expect(Object.keys(schema.$defs[type]?.properties ?? {}).sort()).toEqual(fields.sort());
  });

  test.each(Object.entries(SAMPLES))("misses each required field of %s", (_type, [, least]) => {
    const wire = JSON.parse(encodeBuildEvent({ v: 1, seq: 1, at: 0, buildId: "b", ...least })) as object;
    for (const field of Object.keys(wire)) {
      const { [field as keyof typeof wire]: _gone, ...rest } = wire;
      expect(valid(rest), `without ${field}`).toBe(false);
    }
  });

  test("allows everything a build says", async () => {
    const { events: said } = await fakeBuild(`
      jobs:
        a: { strategy: { matrix: { n: [0, 1] } }, run: "hello\\nexit \${{ matrix.n }}" }
        b: { needs: a, run: exit 0 }`);
    expect(said.length).toBeGreaterThan(10);
    for (const event of said) {
      valid(JSON.parse(encodeBuildEvent(event)));
      expect(valid.errors).toBeNull();
    }
  });
});

describe("an event on the wire", () => {
  test("is one line, and the same event when read again", () => {
    for (const event of events) {
      const line = encodeBuildEvent(event);
      expect(line).not.toContain("\n");
      expect(decodeBuildEvent(line)).toEqual(event);
    }
  });

  test("keeps any bytes of a log", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        const line = encodeBuildEvent({
          v: 1,
          seq: 1,
          at: 0,
          buildId: "b",
          type: "log",
          job: "a",
          step: 1,
          data,
        });
        const read = decodeBuildEvent(line);
        expect(read.type === "log" && Buffer.compare(read.data, data)).toBe(0);
      }),
    );
  });

  test("has its log as text where it is UTF-8, and as base64 where it is not", () => {
    const log = (data: Uint8Array) =>
      JSON.parse(
        encodeBuildEvent({ v: 1, seq: 1, at: 0, buildId: "b", type: "log", job: "a", step: 1, data }),
      ) as object;
    expect(log(Buffer.from("grüß 🚢\n"))).toMatchObject({ text: "grüß 🚢\n" });
    expect(log(Buffer.from([0xff, 0x00]))).toMatchObject({ base64: "/wA=" });
  });

  test.each([
    ["no JSON", "{"],
    ["no object", "3"],
    ["no event", '{"a":1}'],
    ["another version", '{"v":2,"type":"log"}'],
    ["a log without its data", '{"v":1,"type":"log","job":"a","step":1}'],
  ])("is refused where it is %s", (_what, line) => {
    expect(() => decodeBuildEvent(line)).toThrow(expect.objectContaining({ code: "InvalidSpec" }));
  });
});
