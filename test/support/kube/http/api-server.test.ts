import * as k8s from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, jobBody, officialClients, podBody } from "../cluster-client.ts";
import { TestCluster } from "../test-cluster.ts";

const PODS = "/api/v1/namespaces/ci/pods";
const MAPS = "/api/v1/namespaces/ci/configmaps";
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    namespaces: { ci: {}, lists: {}, other: {} },
    users: {
      worker: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"], namespaces: ["ci"] }],
    },
    kubelet: { kind: "simulated", defaultScript: { runMs: "never" } },
  });
});
afterAll(() => cluster.close());

const map = (name: string, labels: Record<string, string> = {}) => ({
  metadata: { name, labels },
  data: { a: "1" },
});

describe("who may ask", () => {
  it("is refused without a token that is known", async () => {
    const { code, body } = await ask(cluster, "GET", PODS, undefined, { token: "wrong" });
    expect(code).toBe(401);
    expect(body).toMatchObject({
      kind: "Status",
      status: "Failure",
      message: "Unauthorized",
      reason: "Unauthorized",
      code: 401,
    });
  });

  it("is refused in the words of RBAC what the rules do not give", async () => {
    const denied = await ask(cluster, "DELETE", `${PODS}/x`, undefined, { user: "worker" });
    expect(denied.code).toBe(403);
    expect(denied.body.message).toBe(
      'pods "x" is forbidden: User "worker" cannot delete resource "pods" in API group "" in the namespace "ci"',
    );
    const list = await ask(cluster, "GET", "/apis/batch/v1/jobs", undefined, { user: "worker" });
    expect(list.body.message).toBe(
      'jobs.batch is forbidden: User "worker" cannot list resource "jobs" in API group "batch" at the cluster scope',
    );
    expect((await ask(cluster, "GET", PODS, undefined, { user: "worker" })).code).toBe(200);
  });

  it("learns by a review what it may do", async () => {
    const review = async (verb: string) =>
      (
        await ask(
          cluster,
          "POST",
          "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
          { spec: { resourceAttributes: { verb, resource: "pods", namespace: "ci" } } },
          { user: "worker" },
        )
      ).body.status;
    expect(await review("list")).toMatchObject({ allowed: true });
    expect(await review("create")).toEqual({ allowed: false });
  });
});

describe("objects", () => {
  it("go through their life with the official client", async () => {
    const { core } = officialClients(cluster);
    const made = await core.createNamespacedSecret({
      namespace: "ci",
      body: { metadata: { name: "request" }, stringData: { "request.json": "{}" }, immutable: true },
    });
    expect(made.data).toEqual({ "request.json": Buffer.from("{}").toString("base64") });
    await expect(
      core.replaceNamespacedSecret({
        namespace: "ci",
        name: "request",
        body: { ...made, data: { "request.json": "eA==" } },
      }),
    ).rejects.toMatchObject({
      code: 422,
      body: expect.stringContaining("field is immutable when `immutable` is set"),
    });
    await expect(
      core.createNamespacedSecret({ namespace: "ci", body: { metadata: { name: "request" } } }),
    ).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining('secrets \\"request\\" already exists'),
    });
    await core.deleteNamespacedSecret({ namespace: "ci", name: "request" });
    await expect(core.readNamespacedSecret({ namespace: "ci", name: "request" })).rejects.toMatchObject({
      code: 404,
      body: expect.stringContaining('secrets \\"request\\" not found'),
    });
  });

  it("refuse a change made from an old version, and a namespace that is not there", async () => {
    const first = (await ask(cluster, "POST", MAPS, map("versions"))).body;
    const second = (await ask(cluster, "PUT", `${MAPS}/versions`, { ...first, data: { a: "2" } })).body;
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
    const stale = await ask(cluster, "PUT", `${MAPS}/versions`, { ...first, data: { a: "3" } });
    expect(stale.code).toBe(409);
    expect(stale.body).toMatchObject({
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on configmaps "versions": the object has been modified; please apply your changes to the latest version and try again',
    });
    const nowhere = await ask(cluster, "POST", "/api/v1/namespaces/none/configmaps", map("x"));
    expect(nowhere.code).toBe(404);
    expect(nowhere.body.message).toBe('namespaces "none" not found');
    const precondition = await ask(cluster, "DELETE", `${MAPS}/versions`, {
      preconditions: { uid: "other" },
    });
    expect(precondition.code).toBe(409);
  });

  it("change by merge, strategic merge and JSON patches, and not by server-side apply", async () => {
    await ask(
      cluster,
      "POST",
      PODS,
      podBody("patched", {}, { labels: { a: "1", b: "2" }, finalizers: ["test/one"] }),
    );
    const patch = (type: string, body: unknown) =>
      ask(cluster, "PATCH", `${PODS}/patched`, body, { contentType: `application/${type}` });
    const merge = await patch("merge-patch+json", { metadata: { labels: { a: null, c: "3" } } });
    expect(merge.body.metadata.labels).toEqual({ b: "2", c: "3" });
    const strategic = await patch("strategic-merge-patch+json", {
      metadata: { finalizers: ["test/two"] },
      spec: { containers: [{ name: "main", image: "app:2" }] },
    });
    expect(strategic.body.metadata.finalizers).toEqual(["test/one", "test/two"]);
    expect(strategic.body.spec?.containers).toMatchObject([{ name: "main", image: "app:2", resources: {} }]);
    const json = await patch("json-patch+json", [
      { op: "test", path: "/metadata/labels/b", value: "2" },
      { op: "add", path: "/metadata/annotations", value: { "x/y": "z" } },
      { op: "remove", path: "/metadata/finalizers" },
    ]);
    expect(json.body.metadata).toMatchObject({ annotations: { "x/y": "z" }, labels: { b: "2", c: "3" } });
    expect(json.body.metadata.finalizers).toBeUndefined();
    expect(
      (await patch("json-patch+json", [{ op: "test", path: "/metadata/labels/b", value: "9" }])).code,
    ).toBe(422);
    expect((await patch("apply-patch+yaml", "apiVersion: v1")).code).toBe(415);
  });

  it("keep their status apart from the rest", async () => {
    await ask(cluster, "POST", PODS, podBody("status"));
    const pod = (await ask(cluster, "GET", `${PODS}/status`)).body;
    const put = await ask(cluster, "PUT", `${PODS}/status`, {
      ...pod,
      status: { phase: "Failed" },
      metadata: { ...pod.metadata, resourceVersion: "" },
    });
    expect(put.body.status).not.toMatchObject({ phase: "Failed" });
    const status = await ask(
      cluster,
      "PATCH",
      `${PODS}/status/status`,
      { status: { reason: "Told" }, spec: { nodeName: "x" } },
      { contentType: "application/merge-patch+json" },
    );
    expect(status.body.status).toMatchObject({ reason: "Told" });
    expect(status.body.spec?.nodeName).not.toBe("x");
  });

  it("show what a dry run would do, and do not do it", async () => {
    expect((await ask(cluster, "POST", `${MAPS}?dryRun=All`, map("dry"))).code).toBe(201);
    expect((await ask(cluster, "GET", `${MAPS}/dry`)).code).toBe(404);
  });

  it("go at once or after their finalizers, and say which", async () => {
    await ask(cluster, "POST", MAPS, map("plain"));
    expect((await ask(cluster, "DELETE", `${MAPS}/plain`)).body).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "plain", kind: "configmaps" },
    });
    await ask(cluster, "POST", MAPS, {
      ...map("held"),
      metadata: { name: "held", finalizers: ["test/held"] },
    });
    const going = await ask(cluster, "DELETE", `${MAPS}/held`);
    expect(going.body.metadata.deletionTimestamp).toMatch(/^\d{4}-.*Z$/);
    expect((await ask(cluster, "GET", `${MAPS}/held`)).code).toBe(200);
    const patch = { metadata: { finalizers: null } };
    await ask(cluster, "PATCH", `${MAPS}/held`, patch, { contentType: "application/merge-patch+json" });
    expect((await ask(cluster, "GET", `${MAPS}/held`)).code).toBe(404);
  });

  it("are refused when their body is larger than Kubernetes takes", async () => {
    const { code, body } = await ask(cluster, "POST", MAPS, {
      metadata: { name: "big" },
      data: { a: "x".repeat(4_000_000) },
    });
    expect(code).toBe(413);
    expect(body.message).toBe("Request entity too large: limit is 3145728");
  });
});

describe("lists", () => {
  const path = "/api/v1/namespaces/lists/configmaps";
  beforeAll(async () => {
    for (const [name, labels] of Object.entries({
      a: { tier: "web", env: "prod" },
      b: { tier: "web", env: "test" },
      c: { tier: "db" },
      d: {},
    })) {
      await ask(cluster, "POST", path, map(name, labels as Record<string, string>));
    }
  });
  const names = async (query: string) => {
    const { body } = await ask(cluster, "GET", `${path}?${query}`);
    return body.items.map(({ metadata }) => metadata.name).join("");
  };

  it.each([
    ["tier=web", "ab"],
    ["tier==web,env=prod", "a"],
    ["tier!=web", "cd"],
    ["tier in (web, db)", "abc"],
    ["tier notin (db)", "abd"],
    ["env", "ab"],
    ["!env", "cd"],
    ["tier,!env", "c"],
    ["env in (prod),tier notin (db)", "a"],
  ])("select labels by %s", async (selector, expected) => {
    expect(await names(`labelSelector=${encodeURIComponent(selector)}`)).toBe(expected);
  });

  it("select by the fields that the kind has, and refuse others", async () => {
    expect(await names("fieldSelector=metadata.name=c")).toBe("c");
    expect(await names("fieldSelector=metadata.name!=c")).toBe("abd");
    const refused = await ask(cluster, "GET", `${path}?fieldSelector=spec.x=1`);
    expect(refused.code).toBe(400);
    expect(refused.body.message).toBe("field label not supported: spec.x");
  });

  it("leave out what every item would say, and name their own kind", async () => {
    const { body } = await ask(cluster, "GET", path);
    expect(body).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1" });
    expect(body.items[0]).not.toHaveProperty("kind");
    expect(body.items[0]).not.toHaveProperty("apiVersion");
  });

  it("come in pages that show one moment, until it is forgotten", async () => {
    const first = (await ask(cluster, "GET", `${path}?limit=3`)).body;
    expect(first.items).toHaveLength(3);
    expect(first.metadata.remainingItemCount).toBe(1);
    await ask(cluster, "POST", path, map("later"));
    const rest = (await ask(cluster, "GET", `${path}?limit=3&continue=${first.metadata.continue}`)).body;
    expect(rest.items.map(({ metadata }) => metadata.name)).toEqual(["d"]);
    expect(rest.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const exact = `${path}?resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`;
    expect((await ask(cluster, "GET", exact)).body.items).toHaveLength(4);
    expect((await ask(cluster, "GET", `${path}?resourceVersion=0`)).body.items).toHaveLength(5);
    await ask(cluster, "DELETE", `${path}/later`);
    cluster.compact();
    const gone = await ask(cluster, "GET", `${path}?continue=${first.metadata.continue}`);
    expect(gone.code).toBe(410);
    expect(gone.body.message).toContain("The provided continue parameter is too old");
    expect((await ask(cluster, "GET", exact)).code).toBe(410);
    const future = await ask(cluster, "GET", `${path}?resourceVersion=99999999`);
    expect(future.code).toBe(504);
    expect(future.body.message).toMatch(/^Timeout: Too large resource version: 99999999, current: \d+$/);
  });

  it("are deleted as they are selected", async () => {
    await ask(cluster, "DELETE", `${path}?labelSelector=tier`);
    expect(await names("")).toBe("d");
  });
});

it("tells what it has as discovery, to the official client too", async () => {
  const { config } = officialClients(cluster);
  const version = await config.makeApiClient(k8s.VersionApi).getCode();
  expect(version.minor).toBe("36");
  expect((await ask(cluster, "GET", "/apis")).body.groups).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: "batch" })]),
  );
  const resources = (await ask(cluster, "GET", "/apis/batch/v1")).body.resources;
  expect(resources).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: "jobs", kind: "Job", namespaced: true })]),
  );
  const openApi = (await ask(cluster, "GET", "/openapi/v3/apis/batch/v1")).body.paths;
  expect(openApi).toMatchObject({
    "/apis/batch/v1/namespaces/{namespace}/jobs/{name}": {
      patch: { parameters: [{ name: "fieldValidation" }] },
    },
  });
  expect((await ask(cluster, "GET", "/apis/nothing.io/v1/things")).code).toBe(404);
  expect((await ask(cluster, "GET", "/healthz")).text).toBe("ok");
});

it("shows events in both groups", async () => {
  await ask(cluster, "POST", "/apis/batch/v1/namespaces/other/jobs", jobBody("told"));
  await cluster.until("the pod runs", () => cluster.list("pods", "other")[0]?.status.phase === "Running");
  const uid = cluster.get("jobs", "other", "told")?.metadata.uid;
  const core = await ask(
    cluster,
    "GET",
    `/api/v1/namespaces/other/events?fieldSelector=involvedObject.uid=${uid}`,
  );
  expect(core.body.items).toMatchObject([
    { reason: "SuccessfulCreate", involvedObject: { kind: "Job", name: "told" } },
  ]);
  const later = await ask(cluster, "GET", "/apis/events.k8s.io/v1/namespaces/other/events");
  expect(later.body.items).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        reason: "Scheduled",
        note: expect.stringContaining("Successfully assigned other/told-"),
      }),
    ]),
  );
});

it("empties a namespace that is deleted, and refuses what is new in it", async () => {
  cluster.create({ kind: "Namespace", metadata: { name: "ending" } });
  cluster.create({
    kind: "ConfigMap",
    metadata: { name: "held", namespace: "ending", finalizers: ["test/held"] },
  });
  await ask(cluster, "DELETE", "/api/v1/namespaces/ending");
  const refused = await ask(cluster, "POST", "/api/v1/namespaces/ending/configmaps", map("new"));
  expect(refused.code).toBe(403);
  expect(refused.body.message).toBe(
    'configmaps "new" is forbidden: unable to create new content in namespace ending because it is being terminated',
  );
  const patch = { metadata: { finalizers: null } };
  await ask(cluster, "PATCH", "/api/v1/namespaces/ending/configmaps/held", patch, {
    contentType: "application/merge-patch+json",
  });
  await cluster.until("the namespace is gone", () => cluster.get("namespaces", "", "ending") === undefined);
});
