import { expect, it } from "vitest";
import { SharedWork } from "./shared-work.ts";

interface Run {
  readonly looking: () => void;
  readonly end: (value: string) => void;
  readonly fail: (error: Error) => void;
}

function scripted() {
  const runs: Run[] = [];
  const work = new SharedWork<string>((looking) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    runs.push({ looking, end: resolve, fail: reject });
    return promise;
  });
  return { work, runs };
}

it("requests share a run that has not looked yet; later ones share the next", async () => {
  const { work, runs } = scripted();
  const early = [work.ask(), work.ask()];
  runs[0]?.looking();
  const late = [work.ask(), work.ask()];
  expect(runs).toHaveLength(1);
  runs[0]?.end("first");
  expect(await Promise.all(early)).toEqual(["first", "first"]);
  await expect.poll(() => runs.length).toBe(2);
  late.push(work.ask());
  runs[1]?.end("second");
  expect(await Promise.all(late)).toEqual(["second", "second", "second"]);
  expect(runs).toHaveLength(2);
});

it("a run that fails fails for those who share it, and not for the next", async () => {
  const { work, runs } = scripted();
  const early = work.ask();
  runs[0]?.looking();
  const late = work.ask();
  runs[0]?.fail(new Error("gone"));
  await expect(early).rejects.toThrow("gone");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.end("back");
  expect(await late).toBe("back");
});
