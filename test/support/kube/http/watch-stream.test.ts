import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, officialClients, open, watch } from "../cluster-client.ts";
import { TestCluster } from "../test-cluster.ts";

const MAPS = "/api/v1/namespaces/ci/configmaps";
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ namespaces: { ci: {} }, bookmarkMs: 50 });
});
afterAll(() => cluster.close());

const make = (name: string, labels: Record<string, string> = {}) =>
  cluster.create({ kind: "ConfigMap", metadata: { name, namespace: "ci", labels } });
const relabel = (name: string, labels: Record<string, string>) =>
  cluster.registry.modify("configmaps", "ci", name, (draft) => {
    draft.metadata.labels = labels;
  });
const remove = (name: string) => cluster.delete("configmaps", "ci", name);
const seen = (events: readonly { type: string; object: { metadata: { name: string } } }[]) =>
  events
    .filter(({ type }) => type !== "BOOKMARK")
    .map(({ type, object }) => `${type} ${object.metadata.name}`);

describe("a watch", () => {
  it("tells what is there, then what changes, with the version of each change", async () => {
    make("there");
    const live = await watch(cluster, `${MAPS}?fieldSelector=metadata.name=there`);
    relabel("there", { a: "1" });
    remove("there");
    const events = await live.until((all) => all.length === 3);
    expect(seen(events)).toEqual(["ADDED there", "MODIFIED there", "DELETED there"]);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
    expect(events[0]?.object).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
    live.close();
  });

  it("goes on where a list ended, without a gap", async () => {
    const { body } = await ask(cluster, "GET", MAPS);
    make("between");
    remove("between");
    const live = await watch(cluster, `${MAPS}?resourceVersion=${body.metadata.resourceVersion}`);
    make("after");
    await live.until((all) => all.length >= 3);
    expect(seen(live.events)).toEqual(["ADDED between", "DELETED between", "ADDED after"]);
    live.close();
    remove("after");
  });

  it("tells of objects that come into the selection and leave it as added and deleted", async () => {
    make("moves", { in: "no" });
    const live = await watch(cluster, `${MAPS}?labelSelector=in%3Dyes`);
    relabel("moves", { in: "yes" });
    relabel("moves", { in: "yes", more: "1" });
    relabel("moves", { in: "no" });
    const version = cluster.registry.store.version;
    const events = await live.until((all) => all.length === 3);
    expect(seen(events)).toEqual(["ADDED moves", "MODIFIED moves", "DELETED moves"]);
    expect(events[2]?.object.metadata.labels).toEqual({ in: "yes", more: "1" });
    expect(events[2]?.object.metadata.resourceVersion).toBe(String(version));
    live.close();
  });

  it("marks how far it is where the client allows it, and only there", async () => {
    make("other-kind-of-change");
    const live = await watch(cluster, `${MAPS}?allowWatchBookmarks=true&labelSelector=none`);
    const [mark] = await live.until((all) => all.length > 0);
    expect(mark?.type).toBe("BOOKMARK");
    expect(Number(mark?.object.metadata.resourceVersion)).toBe(cluster.registry.store.version);
    live.close();
    const without = await watch(cluster, `${MAPS}?labelSelector=none&timeoutSeconds=1`);
    expect(await without.ended).toBe("end");
    expect(without.events).toEqual([]);
  });

  it("sends the beginning as events with a mark at its end, where asked", async () => {
    const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const live = await watch(cluster, `${MAPS}?${query}`);
    const events = await live.until((all) => all.some(({ type }) => type === "BOOKMARK"));
    const at = events.findIndex(({ type }) => type === "BOOKMARK");
    expect(at).toBeGreaterThan(0);
    expect(events[at]?.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
    live.close();
  });

  it("from a version that is forgotten is answered with 410 in the stream", async () => {
    const old = cluster.registry.store.version;
    make("forgotten");
    cluster.compact();
    const live = await watch(cluster, `${MAPS}?resourceVersion=${old}`);
    expect(await live.ended).toBe("end");
    expect(live.events).toMatchObject([
      {
        type: "ERROR",
        object: {
          kind: "Status",
          code: 410,
          reason: "Expired",
          message: expect.stringMatching(/^too old resource version: \d+ \(\d+\)$/),
        },
      },
    ]);
  });

  it("is ended by the server at its time, or cut, or told that it is gone", async () => {
    const ended = await watch(cluster, MAPS);
    cluster.faults.closeWatches("end");
    expect(await ended.ended).toBe("end");
    const cut = await watch(cluster, MAPS);
    cluster.faults.closeWatches("cut");
    expect(await cut.ended).toBe("cut");
    const gone = await watch(cluster, MAPS);
    cluster.faults.closeWatches("gone");
    await gone.ended;
    expect(gone.events.at(-1)).toMatchObject({ type: "ERROR", object: { code: 410 } });
    await cluster.until("no watch is open", () => cluster.requests.openWatches() === 0);
  });

  it("is understood by the official client, and counted while it is open", async () => {
    const client = officialClients(cluster).watch;
    const names: string[] = [];
    const controller = await new Promise<AbortController>((resolve, reject) => {
      const opened = client.watch(
        MAPS,
        { labelSelector: "who=official" },
        (type, object: { metadata: { name: string } }) => {
          names.push(`${type} ${object.metadata.name}`);
        },
        (error) => {
          if (names.length === 0) reject(error);
        },
      );
      opened.then(resolve, reject);
    });
    expect(cluster.requests.openWatches({ resource: "configmaps", namespace: "ci" })).toBe(1);
    make("official", { who: "official" });
    await cluster.until("the client saw it", () => names.includes("ADDED official"));
    controller.abort();
    await cluster.until("the watch is closed", () => cluster.requests.openWatches() === 0);
  });

  it("of one object by its path asks only for that", async () => {
    const message = await open(cluster, "GET", `${MAPS}/official?watch=1&timeoutSeconds=1`);
    let text = "";
    for await (const chunk of message as AsyncIterable<Buffer>) text += chunk.toString();
    expect(text.trim().split("\n")).toHaveLength(1);
    expect(text).toContain('"official"');
  });
});
