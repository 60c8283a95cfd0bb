// Secrets that a build on a cluster uses in every way that comes to mind: none stands in an object that the API server ever
// saw, but for the Secret that its Job owns; nor in what containers printed, or in what the server keeps.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { ask } from "../support/kube/cluster-client.ts";
import type { KubeObject } from "../support/kube/cluster-object.ts";
import { each, FORBIDDEN, NAMES, SECRETS } from "../support/planted-secrets.ts";
import { KubeStage } from "./kube-stage.fixture.ts";

const MARKER = "lighthouse-in-plain-sight-8231";
const { client } = await testDocker();
const busybox = await loadImage(client, "busybox");

const FILES = {
  ".github/workflows/secrets.yml": `on: workflow_dispatch
jobs:
  uses:
    runs-on: ubuntu-latest
    env:
${each((name) => `      ${name}: \${{ secrets.${name} }}`)}
    container:
      image: ${busybox}
      env: { OF_CONTAINER: '\${{ secrets.PLAIN }}', PLACE: ${MARKER} }
    services:
      beside:
        image: ${busybox}
        env: { OF_SERVICE: '\${{ secrets.SPECIAL }}' }
        entrypoint: /bin/sleep
        command: '600'
    steps:
      - uses: actions/checkout@v4
      - name: prints
        run: |
          echo ${MARKER}
          env | sort
          printf '%s\\n' "$PLAIN" "$SPECIAL" "$OF_CONTAINER" "$LINES" "$JSON" "$UNICODE"
          printf '%s' "$PLAIN" | base64
      - uses: docker://${busybox}
        with: { entrypoint: /bin/sh, args: '-c "echo of the gate \${{ secrets.PLAIN }} $OF_STEP"' }
        env: { OF_STEP: '\${{ secrets.UNICODE }}' }
      - name: waits
        run: sleep 4
  hungry:
    runs-on: ubuntu-latest
    container: { image: '${busybox}', options: --memory 20m }
    steps: [{ run: echo never }]
`,
};

let stage: KubeStage;
/** Every state of every object, as text, by kind. */
const seen: { readonly resource: string; readonly object: KubeObject }[] = [];
beforeAll(async () => {
  stage = await KubeStage.open({ pods: "real", files: FILES, env: { SLIPWAY_LOG_LEVEL: "debug" } });
  for (const name of NAMES)
    await stage.server.ok("PUT", `${stage.project.path}/secrets/${name}`, { value: SECRETS[name] });
  stage.cluster.registry.store.subscribe(({ resource, object }) => seen.push({ resource, object }));
}, 240_000);
afterAll(() => stage?.close());

/** Bytes as they are on both sides; forms of few letters may stand anywhere by chance. */
function expectNothing(where: string, text: string | Buffer): void {
  const bytes = Buffer.from(text);
  for (const [name, form] of FORBIDDEN) {
    if (form.length < 8) continue;
    const at = bytes.indexOf(form);
    expect(at < 0 ? "" : bytes.toString("utf8", Math.max(0, at - 200), at + 40), `${name} in ${where}`).toBe(
      "",
    );
  }
}

it("keeps secrets in the Job's own Secret alone, and tells of a container that was out of memory", {
  timeout: 180_000,
}, async () => {
  const { id } = await stage.project.start(".github/workflows/secrets.yml");
  await stage.project.until(id, ({ jobs }) =>
    jobs.some(({ steps }) => steps.some(({ name, status }) => name === "waits" && status === "running")),
  );
  const [pod] = stage.cluster
    .list("pods", "ci")
    .filter(({ metadata }) => metadata.labels?.["slipway.dev/job"] === "uses");
  const containers = [...(pod?.spec.initContainers ?? []), ...(pod?.spec.containers ?? [])];
  expect(containers.length).toBeGreaterThan(3);
  const printed: string[] = [];
  for (const { name } of containers) {
    const path = `/api/v1/namespaces/ci/pods/${pod?.metadata.name}/log?container=${name}`;
    printed.push((await ask(stage.cluster, "GET", path)).text);
  }
  expect(printed.join("\n")).toContain(MARKER);
  expectNothing("logs of containers", printed.join("\n"));
  const build = await stage.project.ended(id);
  const [uses, hungry] = ["uses", "hungry"].map((key) => build.jobs.find((job) => job.key === key));
  expect(uses?.status, JSON.stringify(build, undefined, 1)).toBe("succeeded");
  expect(hungry?.error).toMatch(/more memory than its limit of \S+ \(OOMKilled\)/);
  expect(hungry).toMatchObject({ infrastructureFailure: true });
  await stage.gone();

  const secrets = seen.filter(({ resource }) => resource === "secrets");
  // A control: that one does hold them.
  const owned = secrets.filter(({ object }) => object.metadata.ownerReferences?.[0]?.kind === "Job");
  expect(owned).toHaveLength(secrets.length);
  const decoded = owned
    .flatMap(({ object }) => Object.values((object.data ?? {}) as Record<string, string>))
    .map((text) => Buffer.from(text, "base64").toString("utf8"));
  expect(decoded.join("\n")).toContain(SECRETS.PLAIN);
  const others = seen.filter(({ resource }) => resource !== "secrets");
  expect(new Set(others.map(({ resource }) => resource))).toEqual(new Set(["jobs", "pods", "events"]));
  expectNothing("objects of the cluster", JSON.stringify(others));
  expectNothing("texts of objects", others.map(({ object }) => textsOf(object).join("\n")).join("\n"));
  expectNothing("the log of the job", await stage.project.log(build, "uses"));
  expect(await stage.project.log(build, "uses")).toContain(MARKER);
  expectNothing("the server's log", stage.server.stderr + stage.server.stdout);
  for (const entry of readdirSync(stage.box.join("server/data"), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) expectNothing(path, readFileSync(path));
  }
});

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
