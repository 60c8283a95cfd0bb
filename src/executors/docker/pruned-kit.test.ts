import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { testKit } from "../../../test/support/kit.ts";
import { Recording } from "../conformance/recording.ts";
import { run } from "../conformance/steps.ts";
import { dockerPlace } from "./docker-place.fixture.ts";

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

it("a kit that somebody removed from the Docker host is put in place again, for all jobs that wait", async () => {
  // One that no other test has.
  const { folder } = await testKit();
  const own = mkdtempSync(join(dirname(folder), "pruned-"));
  undo.push(async () => rmSync(own, { recursive: true, force: true }));
  execFileSync("cp", ["-al", `${folder}/.`, own]);
  const description = JSON.parse(readFileSync(join(folder, "kit.json"), "utf8")) as object;
  rmSync(join(own, "kit.json"));
  const content = randomBytes(32).toString("hex");
  writeFileSync(join(own, "kit.json"), JSON.stringify({ ...description, content }));
  const kit = { kind: "folder", folder: own } as const;
  const place = await dockerPlace({ mode: "volume", more: { kit } });
  undo.push(async () => await place.close());

  const jobs: string[] = [];
  const result = async () => {
    const said = new Recording();
    const request = { ...place.request(`job-${jobs.push("")}`), steps: [run("echo ok")] };
    const job = await place.executor.start(request, said.sink, said.note);
    const end = await job.ended;
    await job.release?.();
    return { said, result: end.kind === "reported" ? end.final.result : end.error.message };
  };
  const keeper = place.client.getContainer(`slipway-kit-${content.slice(0, 24)}`);
  const prune = async () => {
    const { Mounts } = await keeper.inspect();
    await keeper.remove({ v: true });
    await place.client.getVolume(Mounts[0]?.Name ?? "").remove();
  };
  expect(await result()).toMatchObject({ result: "success" });
  await prune();
  const both = await Promise.all([result(), result()]);
  expect(both.map((one) => one.result)).toEqual(["success", "success"]);
  expect(both[0]?.said.printed()).toBe("ok\n");
  expect(await place.leftovers()).toEqual([]);
  await prune();
  const kits = await place.client.listVolumes();
  expect(kits.Volumes.filter(({ Name }) => Name.includes(content.slice(0, 24)))).toEqual([]);
}, 60_000);
