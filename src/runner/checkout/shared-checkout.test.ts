import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../../clock.ts";
import { FakeClock } from "../../fake-clock.ts";
import { makeRepository } from "../git/repository.fixture.ts";
import { useCheckoutTrial } from "./checkout-trial.fixture.ts";
import { SHARED_LOCK } from "./prepare-directory.ts";
import { sharedCheckout } from "./shared-checkout.ts";

const trial = useCheckoutTrial();
const LEFT = "The workspace is shared, and the commit stands in it: it is left as other steps left it.";

function sourceWith(files: Record<string, string>): void {
  makeRepository(trial.source, files);
}

it("checks out once: what steps made of the files since is left to later ones", async () => {
  sourceWith({ "a.txt": "committed" });
  const first = await sharedCheckout({}, trial.context(), systemClock);
  writeFileSync(join(trial.workspace, "a.txt"), "changed by a step");
  writeFileSync(join(trial.workspace, "built.txt"), "built");
  const second = await sharedCheckout({}, trial.context(), systemClock);
  expect(second.outputs).toEqual({ ref: "refs/heads/main", commit: first.outputs.commit });
  expect([trial.read("a.txt"), trial.read("built.txt")]).toEqual(["changed by a step", "built"]);
  expect(trial.log.filter((line) => line === LEFT)).toHaveLength(1);
});

it("does so in a folder that is no repository, too", async () => {
  mkdirSync(trial.source);
  writeFileSync(join(trial.source, "a.txt"), "plain");
  await sharedCheckout({}, trial.context(), systemClock);
  writeFileSync(join(trial.workspace, "a.txt"), "changed");
  await sharedCheckout({}, trial.context(), systemClock);
  expect(trial.read("a.txt")).toBe("changed");
});

it("has one of several at once do it, and the others wait", async () => {
  sourceWith({ "a.txt": "committed" });
  let running = 0;
  let calls = 0;
  const slow: Parameters<typeof sharedCheckout>[3] = async () => {
    calls += 1;
    running += 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(running).toBe(1);
    running -= 1;
    mkdirSync(join(trial.workspace, ".git"), { recursive: true });
    return { outputs: { ref: "r", commit: "c" } };
  };
  const all = await Promise.all([1, 2, 3].map(() => sharedCheckout({}, trial.context(), systemClock, slow)));
  expect(all.map(({ outputs }) => outputs.commit)).toEqual(["c", "c", "c"]);
  expect(calls).toBe(1);
});

it("lets the next one try where it failed", async () => {
  sourceWith({ "a.txt": "committed" });
  const fails = () => Promise.reject(new Error("no network"));
  await expect(sharedCheckout({}, trial.context(), systemClock, fails)).rejects.toThrow("no network");
  await sharedCheckout({}, trial.context(), systemClock);
  expect(trial.read("a.txt")).toBe("committed");
});

it("takes over from one that shows no sign of life, and not from one that does", async () => {
  sourceWith({ "a.txt": "committed" });
  const lock = join(trial.workspace, SHARED_LOCK);
  mkdirSync(lock, { recursive: true });
  const clock = new FakeClock();
  let over = false;
  const done = sharedCheckout({}, trial.context(), clock).finally(() => {
    over = true;
  });
  const pass = async (ms: number) => {
    for (let left = ms; left > 0 && !over; left -= 100) {
      // Not before it waits: how fast the disk is must not count.
      while (clock.pending === 0 && !over) await new Promise((resolve) => setTimeout(resolve, 1));
      clock.advance(100);
    }
  };
  await pass(15_000);
  utimesSync(lock, 7, 7);
  await pass(15_000);
  expect(over).toBe(false);
  await pass(60_000);
  await done;
  expect(trial.read("a.txt")).toBe("committed");
});

it("waits no longer than the job runs", async () => {
  mkdirSync(join(trial.workspace, SHARED_LOCK), { recursive: true });
  const context = trial.context({ signal: AbortSignal.timeout(150) });
  await expect(sharedCheckout({}, context, systemClock)).rejects.toMatchObject({ code: "Cancelled" });
  rmSync(join(trial.workspace, SHARED_LOCK), { recursive: true });
});
