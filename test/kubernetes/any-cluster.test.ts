// What a cluster and the way to it do to jobs whose pods really run: on the project's own cluster, or on a real one.
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { NO_PLACEMENT } from "../../src/executors/conformance/executor-under-test.ts";
import { FOREVER, run, when } from "../../src/executors/conformance/steps.ts";
import { Trial } from "../../src/executors/conformance/trial.ts";
import { ANNOTATION } from "../../src/executors/kubernetes/job-names.ts";
import { startMailboxServer } from "../../src/executors/push/testing/mailbox-server.ts";
import type { JobRequest } from "../../src/protocol/job-request.ts";
import { freePort } from "../support/parts/free-port.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { kubernetesPlace } from "./stand/kubernetes-place.ts";
import { openStand } from "./stand/open-stand.ts";

const CASE_MS = 120_000;
const CLASSES = `  - name: nowhere
    labels: [nowhere]
    unschedulableTimeout: 2s
    template: { spec: { nodeSelector: { slipway.test/nobody: has-it } } }
  - name: greedy
    labels: [greedy]
    unschedulableTimeout: 2s
    resources: { requests: { cpu: "100000" } }
  - name: mighty
    labels: [mighty]
    unschedulableTimeout: 20s
    template: { container: { securityContext: { capabilities: { add: [SYS_ADMIN] } } } }
  - name: keyless
    labels: [keyless]
    template: { container: { env: [{ name: KEY, valueFrom: { secretKeyRef: { name: nobody-made-it, key: k } } }] } }
  - name: kept
    labels: [kept]
    workspace: { kind: ephemeral, size: 100Mi }
`;

const stand = await openStand();
// What pods are told: a road to the server that a test may break.
const port = await freePort();
const road = await tcpProxy(port, stand.address, undefined, stand.address);
const server = await startMailboxServer(systemClock, {
  host: stand.address,
  port,
  url: `http://${stand.address}:${road.port}`,
});
afterAll(async () => {
  await server.close();
  await road.close();
  await stand.close();
}, 90_000);

async function inTrial(test: (trial: Trial) => Promise<void>): Promise<void> {
  const trial = new Trial(await kubernetesPlace(stand, server.mailbox, { classes: CLASSES }));
  try {
    await test(trial);
    await trial.release();
    expect(await trial.place.leftovers()).toEqual([]);
  } finally {
    await trial.close();
  }
}

const onClass = (label: string): Partial<JobRequest> => ({
  placement: { ...NO_PLACEMENT, labels: [label] },
});

/** The name of the one pod that runs a job of this trial. */
async function podOf(trial: Trial): Promise<string> {
  const { buildId } = trial.request([]);
  const { items } = await stand.admin.list("pods", stand.namespace, {});
  const pod = items.find(({ metadata }) => metadata?.annotations?.[ANNOTATION.buildId] === buildId);
  return pod?.metadata?.name ?? "";
}

async function lossOf(trial: Trial, more: Partial<JobRequest>) {
  const ended = await trial.start([run("echo never")], more).then(
    async (job) => await job.ended,
    (error: unknown) => ({ kind: "lost" as const, error }),
  );
  expect(ended.kind).toBe("lost");
  expect(trial.said.text()).not.toContain("never\n");
  return ended.kind === "lost" ? (ended.error as Error & { code?: string; retryable?: boolean }) : undefined;
}

describe.concurrent("a job whose place is taken away", { timeout: CASE_MS }, () => {
  for (const [how, words] of [
    ["evicted", /evict/i],
    ["deleted", /deleted by somebody other than Slipway/],
  ] as const)
    it(`is lost when its pod is ${how}, to be tried again, in the cluster's words, though its runner reports a cancel`, () =>
      inTrial(async (trial) => {
        const job = await trial.start([run(FOREVER), run("echo cleaning", when("always()"))]);
        await trial.said.until("ready\n");
        const pod = await podOf(trial);
        if (how === "evicted") await stand.evict(pod);
        else await stand.admin.remove("pods", stand.namespace, pod);
        const ended = await job.ended;
        expect(ended).toMatchObject({ kind: "lost", error: { retryable: true } });
        if (ended.kind === "lost") expect(ended.error.message).toMatch(words);
        expect(trial.said.of("job.finished")).toEqual([]);
      }));

  it("is lost when its Job is deleted", () =>
    inTrial(async (trial) => {
      const job = await trial.start([run(FOREVER)]);
      await trial.said.until("ready\n");
      await stand.admin.remove("jobs", stand.namespace, job.ref.slice(job.ref.indexOf("/") + 1));
      expect(await job.ended).toMatchObject({ kind: "lost", error: { retryable: true } });
    }));
});

describe.concurrent("a job that finds no place", { timeout: CASE_MS }, () => {
  it("says so in the scheduler's words, and is lost when that lasts", () =>
    inTrial(async (trial) => {
      const error = await lossOf(trial, onClass("nowhere"));
      expect(error?.message).toMatch(/nodes are available|didn't match|No node/i);
      expect(error?.retryable).toBe(true);
      expect(trial.said.notes.join("\n")).toMatch(/No node can take the pod now: .*node/);
    }));

  it("likewise where no node has so much", () =>
    inTrial(async (trial) => {
      expect((await lossOf(trial, onClass("greedy")))?.message).toMatch(/insufficient cpu/i);
    }));

  it("is lost for good where the namespace's Pod Security refuses its pod", () =>
    inTrial(async (trial) => {
      const error = await lossOf(trial, onClass("mighty"));
      expect(error?.message).toMatch(/violates PodSecurity "baseline/);
      expect(error?.retryable).toBe(false);
    }));

  it("is lost for good where its class names a Secret that is not there", () =>
    inTrial(async (trial) => {
      const error = await lossOf(trial, onClass("keyless"));
      expect(error?.message).toMatch(/secret "nobody-made-it" not found/);
      expect(error?.retryable).toBe(false);
    }));
});

describe.concurrent("a job", { timeout: CASE_MS }, () => {
  it("runs in a workspace of its own volume, which goes with it", () =>
    inTrial(async (trial) => {
      const final = await trial.run([run("echo kept > f && cat f && df . | tail -1")], onClass("kept"));
      expect(final.result).toBe("success");
      expect(trial.said.printed()).toMatch(/^kept\n/);
    }));

  it("has the commit in its workspace before its first step, where it asks for that, and no git", () =>
    inTrial(async (trial) => {
      const checkout = await trial.place.checkout?.({ "in-the-commit.txt": "of the commit\n" });
      if (checkout === undefined) throw new Error("the place has no checkout");
      const url = checkout.source.kind === "git" ? checkout.source.url : "";
      const { github } = trial.place.request("job").contexts;
      const more = {
        checkout,
        contexts: { ...trial.place.request("job").contexts, github: { ...github, sha: await headOf(url) } },
        placement: { ...NO_PLACEMENT, labels: ["ubuntu-latest"], clone: true },
      };
      const final = await trial.run([run("cat in-the-commit.txt; command -v git || echo no-git")], more);
      expect(final.result).toBe("success");
      expect(trial.said.printed()).toBe("of the commit\nno-git\n");
    }));

  it("loses nothing of what it says while its server cannot be reached", () =>
    inTrial(async (trial) => {
      const script = "i=0; while [ $i -lt 300 ]; do echo line-$i; i=$((i+1)); sleep 0.05; done";
      const job = await trial.start([run(script), run("echo after")]);
      await trial.said.until("line-5\n");
      road.cut();
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      road.resume();
      expect((await trial.end(job)).result).toBe("success");
      const lines = Array.from({ length: 300 }, (_, index) => `line-${index}\n`).join("");
      expect([trial.said.printed(0), trial.said.printed(1)]).toEqual([lines, "after\n"]);
      const { frames } = trial.said;
      expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
    }));
});

/** The first line of what git's servers say of their references. */
async function headOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/info/refs?service=git-upload-pack`);
  return /([0-9a-f]{40}) HEAD/.exec(await answer.text())?.[1] ?? "";
}
