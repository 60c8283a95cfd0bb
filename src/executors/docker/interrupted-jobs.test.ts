import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testKit } from "../../../test/support/kit.ts";
import { encodeFrame } from "../../protocol/encode-frame.ts";
import { Recording } from "../conformance/recording.ts";
import { run } from "../conformance/steps.ts";
import type { JobEnd } from "../executor.ts";
import { dockerPlace } from "./docker-place.fixture.ts";

type Place = Awaited<ReturnType<typeof dockerPlace>>;

describe("the log of a job that is read again", { timeout: 60_000 }, () => {
  let place: Place;
  beforeEach(async () => {
    place = await dockerPlace({ mode: "volume" });
  });
  afterEach(async () => {
    expect(await place.leftovers()).toEqual([]);
    await place.close();
  });

  it("is what was printed, in any language and in lines of any length", async () => {
    const first = new Recording();
    const script = `x=ü😀; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do x="$x$x"; done; echo "$x"; echo done`;
    const request = { ...place.request("job"), steps: [run(script)] };
    const job = await place.executor.start(request, first.sink, first.note);
    await first.until("done\n");
    await place.executor.close?.();
    const again = new Recording();
    const other = await place.reopen?.();
    const found = await other?.attach(job.ref, 0, again.sink, again.note);
    expect(await found?.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    expect(again.printed()).toBe(`${"ü😀".repeat(2 ** 14)}\ndone\n`);
    expect(again.frames.map(({ seq }) => seq)).toEqual(again.frames.map((_, index) => index + 1));
    await found?.release?.();
  });
});

/** Runners that misbehave, as small programs in place of the kit's. */
describe("a runner in a container that misbehaves", { timeout: 60_000 }, () => {
  let place: Place;
  let kitFolder: string;
  let said: Recording;

  const running = async (program: string, more: Parameters<typeof dockerPlace>[0]["more"] = {}) => {
    const { folder } = await testKit();
    kitFolder = mkdtempSync(join(dirname(folder), "stand-in-"));
    execFileSync("cp", ["-al", `${folder}/.`, kitFolder]);
    rmSync(join(kitFolder, "runner.mjs"));
    writeFileSync(join(kitFolder, "runner.mjs"), program);
    said = new Recording();
    place = await dockerPlace({ mode: "volume", kitFolder, more });
    return await place.executor.start(place.request("job"), said.sink, said.note);
  };
  afterEach(async () => {
    expect(await place.leftovers()).toEqual([]);
    await place.close();
    rmSync(kitFolder, { recursive: true, force: true });
  });
  const lost = (end: JobEnd) => (end.kind === "lost" ? end.error : undefined);

  it("is lost, to be tried again, when it ends without a result, with its exit code and its last words", async () => {
    const job = await running("console.error('no more'); process.exit(0)");
    const error = lost(await job.ended);
    expect([error?.code, error?.retryable]).toEqual(["Transient", true]);
    expect(error?.message).toMatch(/'the job job' ended without a result: exit code 0\..*no more/);
  });

  it("is lost for good, with the limit, when it runs out of memory", async () => {
    const job = await running("const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));", {
      defaults: { memoryBytes: 128 * 1024 ** 2 },
    });
    const error = lost(await job.ended);
    expect([error?.code, error?.retryable]).toEqual(["QuotaExceeded", false]);
    expect(error?.message).toMatch(/out of memory \(its limit is 128 MB\)/);
  });

  it("has its lines beside frames told as notes", async () => {
    const final = encodeFrame({
      seq: 1,
      at: 0,
      type: "job.finished",
      result: "failure",
      outputs: {},
      error: "as told",
      durationMs: 1,
    });
    const job = await running(
      `process.stdout.write("one\\ntw"); process.stdout.write("o\\n" + ${JSON.stringify(final)})`,
    );
    expect(await job.ended).toMatchObject({ kind: "reported", final: { error: "as told" } });
    expect(said.notes).toEqual(expect.arrayContaining(["one", "two"]));
    await job.release?.();
  });

  it("is ended by a kill though it hears nothing", async () => {
    const job = await running("process.stdout.write('begun\\n'); setInterval(() => {}, 1000)");
    await said.untilTrue(() => said.notes.includes("begun"));
    job.kill();
    expect(lost(await job.ended)?.code).toBe("Cancelled");
  });

  it.each([0, 20, 100, 300])("leaves nothing when it is killed %i ms after its start", async (delayMs) => {
    const job = await running(
      "setInterval(() => {}, 1000); process.stdin.resume().on('end', () => process.exit())",
    );
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    job.kill();
    expect(lost(await job.ended)?.code).toBe("Cancelled");
    expect(await place.leftovers()).toEqual([]);
  });

  it("is lost when what is handed on cannot be taken, and is ended", async () => {
    const frame = encodeFrame({ seq: 1, at: 0, type: "job.started", workspace: "/" });
    const program = `process.stdout.write(${JSON.stringify(frame)}); setInterval(() => {}, 1000)`;
    await (await running("process.exit(1)")).ended;
    writeFileSync(join(kitFolder, "runner.mjs"), program);
    const request = { ...place.request("job"), attempt: 2 };
    const job = await place.executor.start(request, () => {
      throw new Error("the disk of the records is full");
    });
    expect(lost(await job.ended)?.message).toContain("the disk of the records is full");
  });
});
