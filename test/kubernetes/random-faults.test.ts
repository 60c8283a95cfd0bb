// Whatever goes wrong, in whatever order: a job ends with the result that its runner had, or as a failure that is not the
// job's; never as a success that there was not; and nothing is left. Faults and pods' fates are drawn by fixed seeds.

import { expect, it } from "vitest";
import { TOLD_TO_END } from "../../src/executors/container/container-process.ts";
import { KubernetesWorld, NAMESPACE } from "../../src/executors/kubernetes/kubernetes-world.fixture.ts";
import type { Fault } from "../support/kube/faults/fault-script.ts";
import { chances } from "./chances.ts";

const JOBS = 30;
const FAULTS: readonly Fault[] = [
  { kind: "drop" },
  { kind: "drop", when: "after" },
  { kind: "delay", ms: 150 },
  { kind: "answer", code: 429, retryAfterSeconds: 1 },
  { kind: "answer", code: 500 },
  { kind: "answer", code: 503 },
  { kind: "answer", code: 504 },
  { kind: "cut", afterBytes: 60 },
];
const WATCH_FAULTS: readonly Fault[] = [
  { kind: "reorder" },
  { kind: "duplicate" },
  { kind: "swallow", from: 2, count: 3 },
  { kind: "gone" },
  { kind: "gone", as: "http" },
  { kind: "cut", afterBytes: 4_000 },
];
/** What becomes of a job by itself. */
const FATES = [
  "success",
  "failure",
  "silent success",
  "vanishes",
  "evicted",
  "deleted",
  "preempted",
] as const;
type Fate = (typeof FATES)[number];
/** What may be said of it: its own result, or a loss. */
const RESULTS: Readonly<Record<Fate, readonly string[]>> = {
  success: ["success"],
  failure: ["failure"],
  "silent success": ["success"],
  vanishes: [],
  evicted: [],
  deleted: [],
  preempted: [],
};

it.concurrent.each([1, 2, 3])(
  "row %i of faults: each of 30 jobs ends as what it is, and nothing is left",
  async (seed) => {
    const world = await KubernetesWorld.open({ seed });
    const { cluster } = world;
    const chance = chances(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)] as T;
    try {
      const fates = new Map<string, Fate>(
        Array.from({ length: JOBS }, (_, index) => [`job-${index}`, pick(FATES)] as const),
      );
      world.inPods(async (runner) => {
        const fate = fates.get(runner.request.jobKey);
        await runner.begin();
        await runner.say({ type: "log", step: 0, data: Buffer.from(`${fate}\n`) });
        if (fate === "success" || fate === "failure") return await runner.finish(fate);
        if (fate === "silent success") return await runner.finish("success", { silent: true });
        if (fate === "vanishes") return { exitCode: 0 };
        await runner.terminated();
        return await runner.finish("cancelled", { error: TOLD_TO_END });
      });
      for (const verb of ["create", "get", "list", "delete", "watch"]) {
        const all = verb === "watch" ? [...FAULTS, ...WATCH_FAULTS] : FAULTS;
        for (const fault of all)
          cluster.faults.add({ verb, times: 4, probability: 0.05 + 0.25 * chance(), user: "worker", fault });
      }
      let over = false;
      const disturb = (async () => {
        for (let turn = 0; !over; turn += 1) {
          await new Promise((resolve) => setTimeout(resolve, 50 + 150 * chance()));
          if (turn % 7 === 3 && turn < 30) cluster.faults.closeWatches(pick(["end", "cut", "gone"]));
          if (turn % 11 === 5 && turn < 30) cluster.compact();
          if (turn === 8) cluster.faults.down(500);
          for (const { metadata, status } of cluster.list("pods", NAMESPACE)) {
            if (status.phase !== "Running" || metadata.deletionTimestamp !== undefined) continue;
            const fate = fates.get(metadata.annotations?.["slipway.dev/job-key"] ?? "");
            const pod = cluster.get("pods", NAMESPACE, metadata.name);
            if (fate === "evicted" && pod !== undefined)
              cluster.pods.evict(pod, "The node was low on resource: memory.");
            else if (fate === "deleted") cluster.delete("pods", NAMESPACE, metadata.name);
            else if (fate === "preempted") cluster.nodes.preempt(NAMESPACE, metadata.name);
          }
        }
      })();
      const ends = await Promise.all(
        [...fates].map(async ([key, fate]) => {
          try {
            const { job, said } = await world.start(world.request(key));
            const end = await job.ended;
            await job.release?.();
            return { key, fate, said: said.frames.map(({ seq }) => seq), end };
          } catch (error) {
            return { key, fate, said: [], end: { kind: "lost" as const, error } };
          }
        }),
      );
      over = true;
      await disturb;
      let lost = 0;
      for (const { key, fate, said, end } of ends) {
        if (end.kind === "reported") expect(RESULTS[fate], `${key} ${fate}`).toContain(end.final.result);
        else lost += 1;
        expect(said, `${key} ${fate}`).toEqual(said.map((_, index) => index + 1));
      }
      const meant = ends.filter(({ fate }) => RESULTS[fate].length > 0).length;
      console.log(
        `seed ${seed}: ${JOBS - lost} of ${meant} told their end, ${cluster.requests.count()} requests`,
      );
      // A control: losses are what was meant to be lost, but for a few.
      expect(JOBS - lost).toBeGreaterThan(meant / 2);
      cluster.faults.clear();
      const left = () => world.left();
      const deadline = Date.now() + 8_000;
      while (left().length > 0 && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 50));
      expect(left()).toEqual([]);
    } finally {
      await world.close();
    }
  },
  120_000,
);
