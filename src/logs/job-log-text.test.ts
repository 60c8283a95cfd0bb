import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unzip } from "../../test/support/unzip.ts";
import { systemClock } from "../clock.ts";
import { buildLogsZip } from "./build-logs-zip.ts";
import { jobLogText } from "./job-log-text.ts";
import type { BuildLogRef } from "./log-sink.ts";
import { LogsFixture } from "./logs.fixture.ts";
import type { RowLogSink } from "./row-log-sink.ts";
import { LineStamper } from "./stamp-lines.ts";
import type { LogTextOptions } from "./step-log-text.ts";
import { AnsiStripper } from "./strip-ansi.ts";

const AT = Date.UTC(2026, 0, 31, 12);
const signal = new AbortController().signal;

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("logs as files", () => {
  let fixture: LogsFixture;
  let sink: RowLogSink;
  let refs: BuildLogRef[];

  beforeEach(async () => {
    fixture = await LogsFixture.open(systemClock);
    sink = fixture.sink();
    refs = [
      await fixture.step("Check out"),
      await fixture.step("Build: a/b\n"),
      await fixture.step("Silent"),
    ];
    await say(0, 1, AT, "fetched\nchecked");
    await say(0, 2, AT + 1, " out\n");
    await say(1, 1, AT + 2, "\u001b[31mred\u001b[0m\nno end of line");
    await sink.flush();
  });
  afterEach(() => fixture.dispose());

  async function say(step: number, seq: number, at: number, text: string): Promise<void> {
    const ref = refs[step];
    if (ref !== undefined) await sink.append(ref, { seq, at, data: Buffer.from(text) });
  }

  const steps = () => fixture.store.builds.stepsOfJob(fixture.jobId);
  const text = async (options: Partial<LogTextOptions> = {}) =>
    (await collect(jobLogText(sink, await steps(), { signal, ...options }))).toString();

  it("joins the steps of a job, each with a heading", async () => {
    expect(await text()).toBe(
      [
        "=== 1. Check out (running) ===",
        "fetched",
        "checked out",
        "=== 2. Build: a/b  (running) ===",
        "\u001b[31mred\u001b[0m",
        "no end of line",
        "=== 3. Silent (running) ===",
        "",
      ].join("\n"),
    );
  });

  it("puts times before lines, and takes terminal sequences out, where asked to", async () => {
    const lines = (await text({ timestamps: true, ansi: false })).split("\n");
    expect(lines).toEqual([
      "=== 1. Check out (running) ===",
      "2026-01-31T12:00:00.000Z fetched",
      "2026-01-31T12:00:00.000Z checked out",
      "=== 2. Build: a/b  (running) ===",
      "2026-01-31T12:00:00.002Z red",
      "2026-01-31T12:00:00.002Z no end of line",
      "=== 3. Silent (running) ===",
      "",
    ]);
  });

  it("says the same of blobs as of rows, and says of logs that are gone that they are", async () => {
    const before = await text({ timestamps: true });
    for (const ref of refs) await sink.end(ref);
    await sink.sealed();
    expect(await text({ timestamps: true })).toBe(before);
    await fixture.store.logs.expire({ type: "step", id: refs[0]?.id ?? "" });
    expect(await text()).toMatch(/^=== 1\. .*\n\[slipway: this log is not kept any more\]\n=== 2\./);
  });

  it("zips a build's logs: a file a job, and a folder with a file for each step that said something", async () => {
    const folder = await mkdtemp(join(tmpdir(), "slipway-zip-"));
    try {
      const jobs = [{ job: await fixture.store.builds.job(fixture.jobId), steps: await steps() }];
      await writeFile(
        join(folder, "logs.zip"),
        await collect(await buildLogsZip(sink, jobs, { signal, ansi: false })),
      );
      const files = unzip(join(folder, "logs.zip"));
      expect([...files.keys()]).toEqual(["1_job.txt", "1_job/1_Check out.txt", "1_job/2_Build_ a_b_.txt"]);
      expect(files.get("1_job.txt")?.toString()).toBe(await text({ ansi: false }));
      expect(files.get("1_job/2_Build_ a_b_.txt")?.toString()).toBe("red\nno end of line");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("fails the zip where a log cannot be read", async () => {
    const jobs = [{ job: await fixture.store.builds.job(fixture.jobId), steps: await steps() }];
    const broken = {
      stream: async function* () {
        yield { offset: 0, data: Buffer.from("x"), at: 0 };
        throw new Error("the store is away");
      },
    };
    await expect(collect(await buildLogsZip(broken, jobs, { signal }))).rejects.toThrow("the store is away");
  });
});

describe("AnsiStripper", () => {
  it.each([
    ["colours", "\u001b[1;31mred\u001b[0m", "red"],
    ["true colours with colons", "\u001b[38:2:255:0:0mred\u001b[m", "red"],
    ["cursor moves", "a\u001b[2K\u001b[1Gb", "ab"],
    ["a title", "\u001b]0;title\u0007text", "text"],
    ["a link", "\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link"],
    ["a character set", "\u001b(Btext", "text"],
    ["a saved cursor", "\u001b7text\u001b8", "text"],
    ["a sequence that never ends", "\u001b]0;title\nnext line", "\nnext line"],
    ["no sequence at all", "é🚢 [31m plain", "é🚢 [31m plain"],
    ["the end of the log in a sequence", "text\u001b[3", "text"],
  ])("takes out %s", (_, input, expected) => {
    expect(Buffer.from(new AnsiStripper().push(Buffer.from(input))).toString()).toBe(expected);
    const stripper = new AnsiStripper();
    const bytes = [...Buffer.from(input)].map((byte) => stripper.push(Uint8Array.of(byte)));
    expect(Buffer.concat(bytes).toString()).toBe(expected);
  });

  it("agrees with Node's own on colours and cursor moves in any text, however it is cut (property)", () => {
    const part = fc.oneof(
      fc.string({ unit: "grapheme" }).filter((s) => !/[\u001b\u009b]/.test(s)),
      fc.constantFrom("\u001b[1m", "\u001b[38;5;12m", "\u001b[2J"),
    );
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 1, max: 7 }), (parts, size) => {
        const input = Buffer.from(parts.join(""));
        const stripper = new AnsiStripper();
        const pieces: Uint8Array[] = [];
        for (let from = 0; from < input.length; from += size)
          pieces.push(stripper.push(input.subarray(from, from + size)));
        expect(Buffer.concat(pieces).toString()).toBe(stripVTControlCharacters(input.toString()));
      }),
    );
  });
});

describe("LineStamper", () => {
  it("stamps each line once, with the time of its first byte", () => {
    const stamper = new LineStamper();
    const out = [
      stamper.push(Buffer.from("a"), AT),
      stamper.push(Buffer.from("b\n\nc"), AT + 1),
      stamper.push(Buffer.from("\n"), AT + 2),
      stamper.push(Buffer.from(""), AT + 3),
    ];
    expect(Buffer.concat(out).toString().split("\n")).toEqual([
      "2026-01-31T12:00:00.000Z ab",
      "2026-01-31T12:00:00.001Z ",
      "2026-01-31T12:00:00.001Z c",
      "",
    ]);
  });
});
