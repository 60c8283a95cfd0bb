import { afterEach, describe, expect, it } from "vitest";
import { ask, jobBody, officialClients, podBody, watch } from "../cluster-client.ts";
import type { PodObject } from "../cluster-object.ts";
import { TestCluster } from "../test-cluster.ts";
import type { PodScript } from "./pod-script.ts";

const PODS = "/api/v1/namespaces/ci/pods";
let cluster: TestCluster;
afterEach(() => cluster.close());

const start = async (defaultScript: PodScript = {}) => {
  cluster = await TestCluster.start({
    tls: false,
    namespaces: { ci: {} },
    kubelet: { kind: "simulated", defaultScript },
  });
};
const pod = (name: string): PodObject | undefined => cluster.get("pods", "ci", name);
const phase = (name: string, is: string) =>
  cluster.until(`${name} is ${is}`, () => pod(name)?.status.phase === is);
const state = (name: string) => pod(name)?.status.containerStatuses?.[0]?.state;
const make = (name: string, spec: object = {}) => cluster.create(podBody(name, spec, { namespace: "ci" }));

describe("a simulated pod", () => {
  it("goes from pending to its end, each state seen by a watch", async () => {
    await start({ creatingAfterMs: 20, startAfterMs: 20, runMs: 20, terminationMessage: "done" });
    const live = await watch(cluster, PODS);
    make("lives");
    await phase("lives", "Succeeded");
    const events = await live.until(
      (all) => (all.at(-1)?.object.status as { phase?: string } | undefined)?.phase === "Succeeded",
    );
    const seen = events.map(({ object }) => {
      const { phase: is, containerStatuses } = object.status as PodObject["status"];
      const [of] = Object.keys(containerStatuses?.[0]?.state ?? {});
      return `${is} ${containerStatuses?.[0]?.state?.waiting?.reason ?? of ?? "-"}`;
    });
    expect([...new Set(seen)]).toEqual([
      "Pending -",
      "Pending ContainerCreating",
      "Running running",
      "Succeeded terminated",
    ]);
    expect(state("lives")?.terminated).toMatchObject({ exitCode: 0, reason: "Completed", message: "done" });
    live.close();
  });

  it("runs init containers in order, and stops at one that fails", async () => {
    await start({ init: { second: { exitCode: 2, reason: "Error" } } });
    const container = (name: string) => ({ name, image: "a" });
    make("inits", {
      initContainers: [
        container("first"),
        { ...container("side"), restartPolicy: "Always" },
        container("second"),
      ],
    });
    await phase("inits", "Failed");
    expect(
      pod("inits")?.status.initContainerStatuses?.map(({ state: is }) => is?.terminated?.exitCode),
    ).toEqual([0, 0, 2]);
    expect(state("inits")).toEqual({ waiting: { reason: "PodInitializing" } });
  });

  it.each([
    ["ErrImagePull", "ImagePullBackOff", ["Failed", "BackOff"]],
    ["CreateContainerConfigError", undefined, ["Failed"]],
  ])("waits as scripted: %s, then %s", async (reason, next, events) => {
    await start({
      waiting: [
        {
          container: "main",
          reason,
          message: "why",
          ...(next === undefined ? {} : { nextAfterMs: 20, next: { reason: next, message: "later" } }),
        },
      ],
    });
    make("waits");
    await cluster.until("it waits", () => state("waits")?.waiting?.reason === (next ?? reason));
    expect(pod("waits")?.status.phase).toBe("Pending");
    expect(cluster.list("events", "ci").map((event) => event.reason)).toEqual(expect.arrayContaining(events));
    cluster.delete("pods", "ci", "waits");
    await cluster.until("it goes", () => pod("waits") === undefined);
  });

  it("waits by itself for a secret that is not there", async () => {
    await start();
    make("wants", {
      containers: [
        {
          name: "main",
          image: "a",
          env: [{ name: "T", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
        },
      ],
    });
    await cluster.until("it waits", () => state("wants")?.waiting?.message === 'secret "s" not found');
    expect(state("wants")?.waiting?.reason).toBe("CreateContainerConfigError");
  });

  it("is killed for its memory, or evicted, with the cluster's words", async () => {
    await start({ exitReason: "OOMKilled" });
    make("greedy");
    await phase("greedy", "Failed");
    expect(state("greedy")?.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
    cluster.pods.script({ runMs: "never" });
    make("pressed");
    await phase("pressed", "Running");
    cluster.pods.evict(pod("pressed") as PodObject, "The node was low on resource: ephemeral-storage.");
    expect(pod("pressed")?.status).toMatchObject({
      phase: "Failed",
      reason: "Evicted",
      message: "The node was low on resource: ephemeral-storage.",
    });
  });

  it("lets a test act as what runs inside: files, log, signal, end", async () => {
    await start();
    cluster.create({
      kind: "Secret",
      metadata: { name: "request", namespace: "ci" },
      data: { "request.json": Buffer.from('{"n":1}').toString("base64") },
    });
    let read: string | undefined;
    cluster.pods.script(
      {
        run: async ({ readFile, log, signal }) => {
          read = readFile("/request/request.json");
          log("started\n");
          await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          log("stopping\n");
          return { exitCode: 3, terminationMessage: '{"result":"cancelled"}' };
        },
      },
      ({ metadata }) => metadata.name === "inside",
    );
    make("inside", {
      volumes: [{ name: "r", secret: { secretName: "request" } }],
      containers: [{ name: "main", image: "a", volumeMounts: [{ name: "r", mountPath: "/request" }] }],
    });
    await phase("inside", "Running");
    const follow = ask(cluster, "GET", `${PODS}/inside/log?follow=true`);
    await cluster.until("it is followed", () => cluster.requests.openLogs() === 1);
    const last: unknown[] = [];
    cluster.registry.store.subscribe(({ object }) => {
      if (object.kind === "Pod")
        last.push((object as PodObject).status.containerStatuses?.[0]?.state?.terminated?.message);
    });
    cluster.delete("pods", "ci", "inside");
    await cluster.until("it is gone", () => pod("inside") === undefined);
    expect(read).toBe('{"n":1}');
    expect((await follow).text).toBe("started\nstopping\n");
    expect(last).toContain('{"result":"cancelled"}');
  });

  it("is killed when its grace is over, whatever runs inside", async () => {
    await start({ run: () => new Promise(() => {}) });
    make("deaf", { terminationGracePeriodSeconds: 1 });
    await phase("deaf", "Running");
    cluster.delete("pods", "ci", "deaf");
    await cluster.until("it is gone", () => pod("deaf") === undefined);
  });
});

describe("a log", () => {
  const LOG = `${PODS}/talks/log`;
  const talking = async (text: string, runMs: PodScript["runMs"] = "never") => {
    await start({ log: text, runMs });
    make("talks");
    await phase("talks", runMs === "never" ? "Running" : "Succeeded");
  };

  it("is given from its end, by size, by time, with times", async () => {
    await talking("one\ntwo\nthree\n", 0);
    const get = async (query: string) => (await ask(cluster, "GET", `${LOG}?${query}`)).text;
    expect(await get("")).toBe("one\ntwo\nthree\n");
    expect(await get("tailLines=2")).toBe("two\nthree\n");
    expect(await get("tailLines=0")).toBe("");
    expect(await get("limitBytes=5")).toBe("one\nt");
    expect(await get("sinceSeconds=3600")).toBe("one\ntwo\nthree\n");
    expect(await get(`sinceTime=${new Date(Date.now() + 60_000).toISOString()}`)).toBe("");
    expect(await get("timestamps=true")).toMatch(
      /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (one|two|three)\n){3}$/,
    );
  });

  it("is followed by the official client to the end of its container", async () => {
    await talking("one\n", 300);
    const { Writable } = await import("node:stream");
    cluster.pods.script({
      run: async ({ log }) => {
        for (const word of ["a", "b", "c"]) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          log(`${word}\n`);
        }
        return { exitCode: 0 };
      },
    });
    make("official");
    await phase("official", "Running");
    let text = "";
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    });
    await officialClients(cluster).log.log("ci", "official", "main", sink, { follow: true });
    await new Promise((resolve) => sink.on("finish", resolve));
    expect(text).toBe("a\nb\nc\n");
    await cluster.until("no log is open", () => cluster.requests.openLogs() === 0);
  });

  it("ends for who follows when it is rotated, and keeps what is newest", async () => {
    await start();
    const line = `${"x".repeat(1023)}\n`;
    let more = () => {};
    cluster.pods.script({
      run: async ({ log, signal }) => {
        log("the oldest line\n");
        await new Promise<void>((resolve) => {
          more = resolve;
        });
        for (let n = 0; n < 10 * 1024 + 10; n += 1) log(line);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        return { exitCode: 0 };
      },
    });
    make("talks");
    await phase("talks", "Running");
    const follow = ask(cluster, "GET", `${LOG}?follow=true`);
    await cluster.until("it is followed", () => cluster.requests.openLogs() === 1);
    more();
    expect((await follow).text).toMatch(/^the oldest line\n/);
    const now = (await ask(cluster, "GET", LOG)).text;
    expect(now).not.toContain("the oldest line");
    expect(now.length).toBeLessThan(1024 * 1024);
    expect(now.length).toBeGreaterThan(0);
  });

  it("is refused in the words of Kubernetes where there is none", async () => {
    await talking("");
    const refused = async (path: string) => {
      const { code, body } = await ask(cluster, "GET", `${PODS}/${path}`);
      return `${code} ${body.message}`;
    };
    expect(await refused("none/log")).toBe('404 pods "none" not found');
    expect(await refused("talks/log?container=x")).toBe("400 container x is not valid for pod talks");
    expect(await refused("talks/log?previous=true")).toBe(
      '400 previous terminated container "main" in pod "talks" not found',
    );
    make("two", {
      containers: [
        { name: "a", image: "i" },
        { name: "b", image: "i" },
      ],
      initContainers: [{ name: "c", image: "i" }],
    });
    expect(await refused("two/log")).toBe(
      "400 a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [c]",
    );
    cluster.scheduler.pause();
    make("unplaced");
    expect(await refused("unplaced/log")).toBe("204 undefined");
    cluster.pods.script({ startAfterMs: 60_000 });
    cluster.scheduler.resume();
    await cluster.until("it is made", () => state("unplaced")?.waiting !== undefined);
    expect(await refused("unplaced/log")).toBe(
      '400 container "main" in pod "unplaced" is waiting to start: ContainerCreating',
    );
  });
});

it("carries two thousand jobs at once", { timeout: 120_000 }, async () => {
  await start({ runMs: 500, startAfterMs: 50 });
  const live = await watch(cluster, `${PODS}?allowWatchBookmarks=true`);
  const names = Array.from({ length: 2_000 }, (_, n) => `job-${n}`);
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(
      names
        .slice(at, at + 50)
        .map((name) => ask(cluster, "POST", "/apis/batch/v1/namespaces/ci/jobs", jobBody(name))),
    );
  }
  await cluster.until(
    "all are done",
    () => cluster.list("jobs", "ci").every(({ status }) => status.succeeded === 1),
    90_000,
  );
  const ended = new Set<string>();
  const finished = () => {
    for (const { object } of live.events) {
      if ((object.status as { phase?: string } | undefined)?.phase === "Succeeded")
        ended.add(object.metadata.name);
    }
    return ended.size === 2_000;
  };
  await cluster.until("the watch saw every one", finished, 20_000);
  expect(cluster.requests.mostWatches).toBe(1);
  expect(cluster.requests.count({ verb: "create", resource: "jobs" })).toBe(2_000);
  live.close();
});
