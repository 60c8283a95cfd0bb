import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDocker } from "../../../docker.ts";
import { loadImage } from "../../../images/load-image.ts";
import { ask, jobBody, podBody } from "../../cluster-client.ts";
import type { PodObject } from "../../cluster-object.ts";
import { TestCluster } from "../../test-cluster.ts";

const LIMIT_MS = 60_000;
let cluster: TestCluster;
let image: string;
let scratch: string;

beforeAll(async () => {
  const { socketPath, client } = await testDocker();
  if (socketPath === undefined) throw new Error("These tests want a daemon with a socket");
  [image, scratch] = [await loadImage(client, "busybox"), await loadImage(client, "scratch")];
  cluster = await TestCluster.start({
    tls: false,
    namespaces: { ci: {} },
    kubelet: { kind: "docker", socketPath, pullBackoffMs: 300 },
  });
});
afterAll(() => cluster?.close());

const create = (body: unknown) => ask(cluster, "POST", "/api/v1/namespaces/ci/pods", body);
const pod = (name: string): PodObject | undefined => cluster.get("pods", "ci", name);
const ended = async (name: string): Promise<PodObject> => {
  const over = () => ["Succeeded", "Failed"].includes(pod(name)?.status.phase ?? "");
  await cluster.until(`${name} has ended`, over, LIMIT_MS);
  return pod(name) as PodObject;
};
const log = async (name: string, query = "") =>
  (await ask(cluster, "GET", `/api/v1/namespaces/ci/pods/${name}/log${query}`)).text;
const shell = (script: string, over: object = {}) => ({
  name: "main",
  image,
  command: ["sh", "-c", `exec 2>&1; ${script}`],
  ...over,
});
const terminated = (of: PodObject, at = 0) => of.status.containerStatuses?.[at]?.state?.terminated;

describe("a pod that really runs", { timeout: 120_000 }, () => {
  it("of a Job gives its log, its exit code and its last words", async () => {
    const body = jobBody(
      "real",
      {},
      {
        containers: [
          shell("", {
            command: [
              "sh",
              "-c",
              'echo "args: $*"; echo to stderr >&2; printf done >/dev/termination-log; exit 3',
            ],
            args: ["x", "$(WHO) $$(WHO)"],
            env: [{ name: "WHO", value: "me" }],
          }),
        ],
      },
    );
    await ask(cluster, "POST", "/apis/batch/v1/namespaces/ci/jobs", body);
    await cluster.until(
      "the job failed",
      () => cluster.get("jobs", "ci", "real")?.status.failed === 1,
      LIMIT_MS,
    );
    const [one] = cluster.list("pods", "ci").filter(({ metadata }) => metadata.name.startsWith("real-"));
    if (one === undefined) throw new Error("The job has no pod");
    expect(terminated(one)).toMatchObject({ exitCode: 3, reason: "Error", message: "done" });
    const name = one.metadata.name;
    expect((await log(name)).split("\n").sort()).toEqual(["", "args: me $(WHO)", "to stderr"]);
    expect(await log(name, "?tailLines=1&limitBytes=4")).toHaveLength(4);
    expect(await log(name, "?timestamps=true")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \S/);
  });

  it("runs init containers in order, sidecars beside it, and ends these last", async () => {
    const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
    const init = (name: string, script: string, over: object = {}) => ({
      name,
      image,
      command: ["sh", "-c", script],
      volumeMounts,
      ...over,
    });
    await create(
      podBody("ordered", {
        volumes: [{ name: "shared", emptyDir: { medium: "Memory" } }],
        initContainers: [
          init("first", "echo first >>/shared/order"),
          init(
            "side",
            "trap 'echo side ends >>/shared/order; exit 0' TERM; sleep 1; echo side >>/shared/order; touch /shared/up; while :; do sleep 0.1; done",
            {
              restartPolicy: "Always",
              startupProbe: {
                exec: { command: ["test", "-f", "/shared/up"] },
                periodSeconds: 1,
                failureThreshold: 30,
              },
            },
          ),
          init("second", "echo second >>/shared/order"),
        ],
        containers: [shell("echo main >>/shared/order; cat /shared/order", { volumeMounts })],
      }),
    );
    const over = await ended("ordered");
    expect(over.status.phase).toBe("Succeeded");
    expect(await log("ordered", "?container=main")).toBe("first\nside\nsecond\nmain\n");
    expect(over.status.initContainerStatuses?.map(({ state }) => state?.terminated?.exitCode)).toEqual([
      0, 0, 0,
    ]);
  });

  it("fails when an init container does, and starts nothing after it", async () => {
    await create(
      podBody("init-fails", {
        initContainers: [{ ...shell("exit 4"), name: "bad" }],
        containers: [shell("echo never")],
      }),
    );
    const over = await ended("init-fails");
    expect(over.status.phase).toBe("Failed");
    expect(over.status.initContainerStatuses?.[0]?.state?.terminated?.exitCode).toBe(4);
    expect(
      (await ask(cluster, "GET", "/api/v1/namespaces/ci/pods/init-fails/log?container=main")).body.message,
    ).toBe('container "main" in pod "init-fails" is waiting to start: PodInitializing');
  });

  it("sees secrets, config maps and itself as files and variables", async () => {
    cluster.create({
      kind: "Secret",
      metadata: { name: "request", namespace: "ci" },
      data: {
        "request.json": Buffer.from('{"a":1}').toString("base64"),
        TOKEN: Buffer.from("t0k").toString("base64"),
      },
    });
    cluster.create({
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "ci" },
      data: { COLOR: "blue" },
    });
    await create(
      podBody(
        "files",
        {
          volumes: [
            {
              name: "secret",
              secret: {
                secretName: "request",
                defaultMode: 0o440,
                items: [{ key: "request.json", path: "in/request.json" }],
              },
            },
            {
              name: "me",
              downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] },
            },
            { name: "work", emptyDir: {} },
          ],
          containers: [
            shell(
              "cat /s/in/request.json; echo; cat /me/labels; echo; echo $TOKEN $COLOR $NAME $P_COLOR; pwd; touch /work/x && ls /sub; touch /s/no",
              {
                workingDir: "/work",
                env: [
                  { name: "TOKEN", valueFrom: { secretKeyRef: { name: "request", key: "TOKEN" } } },
                  { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                ],
                envFrom: [
                  { configMapRef: { name: "settings" } },
                  { prefix: "P_", configMapRef: { name: "settings" } },
                ],
                volumeMounts: [
                  { name: "secret", mountPath: "/s" },
                  { name: "me", mountPath: "/me" },
                  { name: "work", mountPath: "/work", subPath: "inside" },
                  { name: "work", mountPath: "/sub" },
                ],
              },
            ),
          ],
        },
        { labels: { a: "b" } },
      ),
    );
    expect((await ended("files")).status.phase).toBe("Failed");
    const text = await log("files");
    expect(text).toContain('{"a":1}\na="b"\nt0k blue files blue\n/work\ninside\n');
    expect(text).toContain("Read-only file system");
  });

  it("runs as the user and with the rights that it is given", async () => {
    await create(
      podBody("rights", {
        securityContext: { fsGroup: 2000 },
        volumes: [{ name: "work", emptyDir: {} }],
        containers: [
          shell(
            "id -u; id -g; touch /work/own && ls -ln /work/own; touch /no; grep -E 'CapEff|NoNewPrivs' /proc/self/status; grep named /etc/hosts",
            {
              securityContext: {
                runAsUser: 1234,
                runAsGroup: 1235,
                readOnlyRootFilesystem: true,
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [{ name: "work", mountPath: "/work" }],
            },
          ),
        ],
        hostAliases: [{ ip: "10.1.2.3", hostnames: ["named"] }],
      }),
    );
    await ended("rights");
    const text = await log("rights");
    expect(text).toMatch(/^1234\n1235\n.* 1234 +2000 /);
    expect(text).toContain("Read-only file system");
    expect(text).toMatch(/CapEff:\s+0+\n/);
    expect(text).toMatch(/NoNewPrivs:\s+1\n/);
    expect(text).toMatch(/10\.1\.2\.3\s+named/);
    await create(
      podBody("as-root", { securityContext: { runAsNonRoot: true }, containers: [shell("true")] }),
    );
    await cluster.until(
      "it is refused",
      () =>
        pod("as-root")?.status.containerStatuses?.[0]?.state?.waiting?.reason ===
        "CreateContainerConfigError",
      LIMIT_MS,
    );
    expect(pod("as-root")?.status.containerStatuses?.[0]?.state?.waiting?.message).toMatch(
      /^container has runAsNonRoot and image will run as root \(pod: "as-root_ci\(/,
    );
    cluster.delete("pods", "ci", "as-root");
  });

  it("is killed when it takes more memory than its limit", async () => {
    await create(
      podBody("greedy", {
        containers: [
          shell("dd if=/dev/zero of=/dev/null bs=200M count=1", {
            resources: { limits: { memory: "20Mi" } },
          }),
        ],
      }),
    );
    const over = await ended("greedy");
    expect(terminated(over)).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  });

  it("gets SIGTERM when it is deleted, and SIGKILL when its grace is over", async () => {
    const path = "/api/v1/namespaces/ci/pods";
    for (const [name, trap] of [
      ["polite", "trap 'echo bye; exit 0' TERM"],
      ["deaf", "trap '' TERM"],
    ] as const) {
      await create(podBody(name, { containers: [shell(`${trap}; echo up; while :; do sleep 0.1; done`)] }));
    }
    const following = { polite: log("polite", "?follow=true").catch(String), deaf: Promise.resolve("") };
    for (const name of ["polite", "deaf"]) {
      await cluster.until(`${name} runs`, () => pod(name)?.status.phase === "Running", LIMIT_MS);
      for (;;) if ((await log(name)).includes("up")) break;
    }
    const follow = log("polite", "?follow=true");
    const exits: (number | undefined)[] = [];
    const unsubscribe = cluster.registry.store.subscribe(({ resource, object }) => {
      if (resource === "pods" && object.metadata.name === "deaf")
        exits.push(terminated(object as PodObject)?.exitCode);
    });
    await ask(cluster, "DELETE", `${path}/polite`, { gracePeriodSeconds: 20 });
    await ask(cluster, "DELETE", `${path}/deaf`, { gracePeriodSeconds: 1 });
    await cluster.until(
      "both are gone",
      () => pod("polite") === undefined && pod("deaf") === undefined,
      LIMIT_MS,
    );
    unsubscribe();
    expect(await follow).toBe("up\nbye\n");
    await following.polite;
    expect(exits).toContain(137);
    expect((await ask(cluster, "GET", `${path}/deaf/log`)).code).toBe(404);
  });

  it("waits for an image that is not there, in the kubelet's words, and runs when it comes", async () => {
    await create(podBody("no-image", { containers: [{ name: "main", image: "slipway.test/none:1" }] }));
    const waiting = () => pod("no-image")?.status.containerStatuses?.[0]?.state?.waiting;
    await cluster.until("it backs off", () => waiting()?.reason === "ImagePullBackOff", LIMIT_MS);
    expect(waiting()?.message).toContain('Back-off pulling image "slipway.test/none:1"');
    const said = cluster
      .list("events", "ci")
      .filter(({ involvedObject }) => involvedObject.name === "no-image")
      .map(({ reason, message }) => `${reason}: ${message}`);
    expect(said).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^Failed: Failed to pull image "slipway.test\/none:1": failed to pull and unpack image .*not found$/,
        ),
        "Failed: Error: ErrImagePull",
      ]),
    );
    const { client } = await testDocker();
    await client.getImage(scratch).tag({ repo: "slipway.test/none", tag: "1" });
    expect((await ended("no-image")).status.containerStatuses?.[0]?.state?.terminated).toBeDefined();
    await client.getImage("slipway.test/none:1").remove();
  });

  it("fails with the daemon's words when its program is not there", async () => {
    await create(
      podBody("no-program", { containers: [{ name: "main", image: scratch, command: ["/nothing"] }] }),
    );
    expect(terminated(await ended("no-program"))).toMatchObject({
      exitCode: 128,
      reason: "StartError",
      message: expect.stringContaining("/nothing"),
    });
  });

  it("reaches a server on this host at the address that the cluster tells, and shares its network", async () => {
    const server = createServer((_request, response) => response.end("hello from the host"));
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await create(
        podBody("network", {
          // httpd is deaf to SIGTERM as the first process.
          terminationGracePeriodSeconds: 1,
          initContainers: [
            {
              name: "web",
              image,
              restartPolicy: "Always",
              command: ["sh", "-c", "mkdir /www; echo page >/www/index.html; exec httpd -f -p 8080 -h /www"],
              startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 30 },
            },
          ],
          containers: [
            shell(
              `wget -q -O - http://${cluster.hostAddress}:${port}/; echo; wget -q -O - http://127.0.0.1:8080/`,
            ),
          ],
        }),
      );
      await ended("network");
      expect(await log("network", "?container=main")).toBe("hello from the host\npage\n");
    } finally {
      server.close();
    }
  });
});

it("leaves nothing behind", { timeout: 120_000 }, async () => {
  const { socketPath, client } = await testDocker();
  const own = await TestCluster.start({
    tls: false,
    kubelet: { kind: "docker", socketPath: socketPath ?? "" },
  });
  own.create(podBody("stays", { containers: [shell("sleep 1000")] }));
  await own.until("it runs", () => own.get("pods", "default", "stays")?.status.phase === "Running", LIMIT_MS);
  const ofCluster = async () => {
    const all = await client.listContainers({ all: true });
    return all
      .filter(({ Labels }) => Labels["slipway.test/kube"] !== undefined)
      .map(({ Labels }) => Labels["slipway.test/kube"]);
  };
  const networks = async () =>
    (await client.listNetworks()).filter(({ Name }) => Name.startsWith("kube-")).length;
  const [before, networksBefore] = [await ofCluster(), await networks()];
  await own.close();
  expect(new Set(before).size - new Set(await ofCluster()).size).toBe(1);
  expect(networksBefore - (await networks())).toBe(1);
});
