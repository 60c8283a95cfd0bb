// The Helm chart and its plain form: what Kubernetes makes of them, what the server makes of their settings, and what stands
// where. Rendered by Helm itself; that a cluster takes them is tried by hand (docs/guides/kubernetes.md).
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CHART, PLAIN_FORM, renderPlainForm } from "../scripts/generate-kubernetes.ts";
import { parseOptions } from "../src/cli/options/parse-options.ts";
import { SERVE } from "../src/cli/options/serve-options.ts";
import { readConfig } from "../src/config/read-config.ts";
import { readRunnerClasses } from "../src/config/runner-classes.ts";
import { SETTINGS } from "../src/config/settings.ts";
import { CLUSTER_RULES, NAMESPACE_RULES } from "../src/executors/kubernetes/kube-permissions.ts";
import { METRICS } from "../src/telemetry/metrics.ts";
import { type Manifest, nameOf, parseManifests, podOf } from "./support/manifests/manifest.ts";
import { renderChart } from "./support/manifests/render-chart.ts";
import { schemaProblems } from "./support/manifests/schema-problems.ts";
import { provideHelm } from "./support/parts/helm-program.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const MINIMAL = "ci/minimal-values.yaml";
const EVERYTHING = "ci/everything-values.yaml";

const SETS: readonly string[] = readdirSync(join(root, CHART, "ci"));
const rendered = new Map<string, readonly Manifest[]>();
const objectsOf = (set: string): readonly Manifest[] => {
  const objects = rendered.get(set);
  if (objects === undefined) throw new Error(`${set} was not rendered`);
  return objects;
};

// On a machine without Helm the first of all tests waits until it is built.
beforeAll(() => {
  provideHelm();
  for (const set of SETS) rendered.set(set, renderChart({ files: [`ci/${set}`] }));
  rendered.set("plain form", parseManifests(read(PLAIN_FORM)));
}, 600_000);

type Labels = Readonly<Record<string, string>>;
const matches = (selector: Labels, labels: Labels | undefined) =>
  Object.entries(selector).every(([key, value]) => labels?.[key] === value);

function one(objects: readonly Manifest[], kind: string, name: RegExp): Manifest {
  const found = objects.filter((object) => object.kind === kind && name.test(object.metadata.name));
  expect(found, `${kind} ${name}`).toHaveLength(1);
  return found[0] as Manifest;
}

/** Containers of an object that runs pods. */
function containersOf(object: Manifest) {
  const { containers = [], initContainers = [] } = podOf(object)?.spec ?? {};
  return [...initContainers, ...containers];
}

describe.each([...SETS, "plain form"])("%s", (set) => {
  it("is what Kubernetes' schemas allow, to the last field", async () => {
    const objects = objectsOf(set);
    expect(objects.length).toBeGreaterThan(8);
    const problems = await Promise.all(objects.map(schemaProblems));
    expect(problems.flat()).toEqual([]);
  });

  it("starts every process with settings that exist and are sound together", () => {
    const objects = objectsOf(set);
    const known = new Set<string>(Object.values(SETTINGS).flatMap(({ env }) => [...env]));
    for (const object of objects) {
      for (const { args = [], env = [], volumeMounts = [] } of containersOf(object)) {
        const fileFlag = args.find((arg) => arg.startsWith("--config="))?.slice("--config=".length) ?? "";
        expect(volumeMounts.some(({ mountPath }) => fileFlag.startsWith(`${mountPath}/`))).toBe(true);
        const mapName = podOf(object)?.spec?.volumes?.find(({ name }) => name === "config")?.configMap?.name;
        const map = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === mapName);
        const file = (map?.data as Labels | undefined)?.["slipway.yaml"] ?? "";
        expect(args[0]).toBe("serve");
        const { config: _, ...flags } = flagsOf(args);
        const secrets = env.filter(({ valueFrom }) => valueFrom !== undefined);
        for (const { name } of secrets) expect(known, name).toContain(name);
        const result = readConfig({
          flags,
          env: Object.fromEntries(secrets.map(({ name }) => [name, exampleOf(name)])),
          file: { name: "slipway.yaml", content: parse(file) },
        });
        expect(result, nameOf(object)).not.toHaveProperty("problems");
      }
    }
  });

  it("runs jobs in pods alone, which reach the server by its Service", () => {
    const objects = objectsOf(set);
    const [worker] = containersOf(one(objects, "Deployment", /-workers$/));
    const flags = flagsOf(worker?.args ?? []);
    // Processes of the worker would see its environment, and with it the master key.
    expect(flags["worker-executors"]).toBe("kubernetes");
    const path = flags["kubernetes-classes"] ?? "";
    expect(worker?.volumeMounts?.find(({ mountPath }) => path.startsWith(`${mountPath}/`))?.name).toBe(
      "classes",
    );
    const server = one(objects, "Deployment", /-server$/);
    const map = objects.find(
      ({ kind, metadata }) => kind === "ConfigMap" && `${metadata.name}-server` === server.metadata.name,
    );
    const { jobs }: { jobs: { url: string } } = parse(
      (map?.data as Labels | undefined)?.["slipway.yaml"] ?? "",
    );
    const service = one(objects, "Service", /./);
    const { ports } = service.spec as { ports: { name: string; port: number }[] };
    const port = ports.find(({ name }) => name === "http")?.port;
    expect(jobs.url).toBe(`http://${service.metadata.name}.${service.metadata.namespace}.svc:${port}`);
  });

  it("has runner classes that a worker can read", () => {
    const classes = (one(objectsOf(set), "ConfigMap", /-classes$/).data as Labels)["classes.yaml"] ?? "";
    const [first] = readRunnerClasses("classes.yaml", classes, { namespace: "other", kitImage: "other" });
    expect(first?.kit.image).toMatch(/slipway\/runner:/);
    expect(first?.namespace).not.toBe("other");
  });

  it("names only what it has, or says that somebody else has it", () => {
    const objects = objectsOf(set);
    const has = (kind: string, name: string | undefined) =>
      objects.some((object) => object.kind === kind && object.metadata.name === name);
    const foreign =
      /^(slipway-(keys|database|rabbitmq|s3)|postgres-app|rabbitmq-app|authorities|default|ci-(server|workers))$/;
    for (const object of objects) {
      const spec = podOf(object)?.spec;
      if (spec === undefined) continue;
      const account = spec.serviceAccountName;
      expect(has("ServiceAccount", account) || foreign.test(account ?? ""), `${account}`).toBe(true);
      for (const { configMap } of spec.volumes ?? [])
        if (configMap !== undefined)
          expect(has("ConfigMap", configMap.name) || foreign.test(configMap.name ?? "")).toBe(true);
      for (const { env = [] } of spec.containers) {
        for (const { name, valueFrom } of env) {
          const { name: secret = "", key = "", optional = false } = valueFrom?.secretKeyRef ?? {};
          if (secret === "" || foreign.test(secret)) continue;
          const own = objects.find(({ kind, metadata }) => kind === "Secret" && metadata.name === secret);
          expect(Object.keys((own?.stringData as object) ?? {}).includes(key) || optional, name).toBe(true);
        }
      }
    }
  });

  it("selects the pods of one role each, by labels that no version changes", () => {
    const objects = objectsOf(set);
    const deployments = objects.filter(({ kind }) => kind === "Deployment");
    expect(deployments.map(({ metadata }) => metadata.name.split("-").at(-1))).toEqual(["server", "workers"]);
    const pods = deployments.map((object) => podOf(object)?.metadata?.labels);
    const selectors = objects.flatMap(({ kind, spec }): readonly Labels[] => {
      const { selector, podSelector } = (spec ?? {}) as { selector?: unknown; podSelector?: unknown };
      if (kind === "Service") return [selector as Labels];
      const { matchLabels } = (selector ?? podSelector ?? {}) as { matchLabels?: Labels };
      return matchLabels === undefined ? [] : [matchLabels];
    });
    expect(selectors.length).toBeGreaterThan(2);
    for (const selector of selectors) {
      expect(Object.keys(selector).join()).not.toMatch(/version|chart/);
      expect(pods.filter((labels) => matches(selector, labels))).toHaveLength(1);
    }
  });

  it("runs nothing as root, with nothing to write to but what is its own, and no token that it does not need", () => {
    const running = objectsOf(set).filter((object) => podOf(object) !== undefined);
    expect(running.length).toBeGreaterThan(1);
    for (const object of running) {
      const spec = podOf(object)?.spec;
      expect(spec?.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const { securityContext, resources } of containersOf(object)) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(resources?.requests).toHaveProperty("cpu");
        expect(resources?.limits).toHaveProperty("memory");
      }
      expect(spec?.automountServiceAccountToken).toBe(/-workers$/.test(object.metadata.name));
    }
    for (const account of objectsOf(set).filter(({ kind }) => kind === "ServiceAccount"))
      expect(account.automountServiceAccountToken).toBe(false);
  });

  it("asks each process for its health where it tells it, and lets it end in its own time", () => {
    for (const object of objectsOf(set).filter(({ kind }) => kind === "Deployment")) {
      const spec = podOf(object)?.spec;
      const container = spec?.containers[0];
      const flags = flagsOf(container?.args ?? []);
      const { port } = new URL(`http://${flags.listen ?? flags["probes-listen"]}`);
      const http = container?.ports?.find(({ name }) => name === "http");
      expect(`${http?.containerPort}`).toBe(port === "" ? "80" : port);
      const { startupProbe, livenessProbe, readinessProbe, lifecycle } = container ?? {};
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        expect(probe?.httpGet?.port).toBe("http");
      expect(startupProbe?.httpGet?.path).toBe("/healthz");
      expect(livenessProbe?.httpGet?.path).toBe("/healthz");
      expect(readinessProbe?.httpGet?.path).toBe("/readyz");
      const waits =
        Number.parseInt(flags["stop-timeout"] ?? "", 10) + (lifecycle?.preStop?.sleep?.seconds ?? 0);
      expect(waits).toBeGreaterThan(0);
      expect(spec?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(waits + 10);
    }
  });
});

/** The settings among the options of `slipway serve`, as the program reads them. */
function flagsOf(args: readonly string[]): Readonly<Record<string, string>> {
  const values: Readonly<Record<string, unknown>> = parseOptions(SERVE, args.slice(1)).values;
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Something of the kind that a setting takes. */
function exampleOf(variable: string): string {
  const examples: Labels = {
    DATABASE_URL: "postgres://db/slipway",
    AMQP_URL: "amqp://broker",
    S3_ENDPOINT: "http://s3",
    SLIPWAY_MASTER_KEY: "0".repeat(64),
    SLIPWAY_PREVIOUS_MASTER_KEYS: "1".repeat(64),
  };
  return examples[variable] ?? "text";
}

describe("the check against the schemas", () => {
  const deployment = (): { spec: { template: { spec: Record<string, unknown> } } } & Manifest =>
    structuredClone(one(objectsOf("minimal-values.yaml"), "Deployment", /-server$/)) as never;

  it("finds a field that is misspelt, however deep", async () => {
    const object = deployment();
    const [container] = object.spec.template.spec.containers as Record<string, unknown>[];
    Object.assign(container?.securityContext as object, { readOnlyRootFileSystem: true });
    expect(await schemaProblems(object)).toEqual([
      "Deployment ci/rel-slipway-server /spec/template/spec/containers/0/securityContext/readOnlyRootFileSystem: there is no such field",
    ]);
  });

  it("finds a value of the wrong kind, and one that is missing", async () => {
    const wrong = deployment();
    wrong.spec.template.spec.terminationGracePeriodSeconds = "long";
    expect((await schemaProblems(wrong)).join("\n")).toContain("/terminationGracePeriodSeconds: type");
    const missing = deployment() as { spec: { selector?: unknown } } & Manifest;
    delete missing.spec.selector;
    expect((await schemaProblems(missing)).join("\n")).toContain('required {"missingProperty":"selector"}');
  });

  it("knows no kind that Kubernetes does not have", async () => {
    await expect(schemaProblems({ ...deployment(), kind: "Deploymint" })).rejects.toThrow("No schema");
  });
});

describe("secrets", () => {
  const PLANTED = /planted-|8f0e1d2c|00112233/;

  it("stand in Secrets alone", () => {
    const objects = objectsOf("everything-values.yaml");
    const secrets = objects.filter(({ kind }) => kind === "Secret");
    expect(secrets.map(({ metadata }) => metadata.name)).toEqual(
      ["rel-delivery-migrate", "rel-delivery"].sort(),
    );
    for (const secret of secrets) expect(JSON.stringify(secret).match(/planted-/g)).toHaveLength(5);
    for (const object of objects.filter(({ kind }) => kind !== "Secret"))
      expect(JSON.stringify(object), nameOf(object)).not.toMatch(PLANTED);
  });

  it("make other pods where they change", () => {
    const checksum = (serviceToken: string) => {
      const objects = renderChart({ files: [EVERYTHING], values: { keys: { serviceToken } } });
      return podOf(one(objects, "Deployment", /-workers$/))?.metadata?.annotations?.["checksum/secret"];
    };
    expect(checksum("one")).not.toBe(checksum("two"));
    expect(checksum("one")).toBe(checksum("one"));
  });

  it("are asked for by name where they are missing", () => {
    for (const [values, words] of [
      [{ keys: { existingSecret: "" } }, "keys.masterKey is needed"],
      [{ database: { existingSecret: "" } }, "PostgreSQL is needed"],
      [{ rabbitmq: { existingSecret: "" } }, "RabbitMQ is needed"],
      [{ s3: { existingSecret: "" } }, "an S3 store is needed"],
    ] as const)
      expect(() => renderChart({ files: [MINIMAL], values })).toThrow(words);
  });
});

describe("the values' schema", () => {
  it.each([
    ["a value that does not exist", { workers: { replica: 3 } }, "replica"],
    ["a section that does not exist", { postgres: {} }, "postgres"],
    ["a number that is none", { server: { replicas: "many" } }, "replicas"],
    ["an address without a scheme", { url: "ci.example.org" }, "url"],
    ["a database of another kind", { database: { url: "mysql://x" } }, "database"],
    ["a master key that is too short", { keys: { masterKey: "abc" } }, "masterKey"],
    ["a tag as a digest", { image: { digest: "latest" } }, "digest"],
    ["a Pod Security level that does not exist", { jobs: { podSecurity: "strict" } }, "podSecurity"],
    [
      "namespaces of projects that are all the same",
      { jobs: { namespacePerProject: { pattern: "ci" } } },
      "pattern",
    ],
    ["no runner class", { jobs: { classes: { classes: [] } } }, "classes"],
    ["a metric that nobody has", { workers: { autoscaling: { metric: "mood" } } }, "metric"],
    ["a secret among the settings", { config: { "service-token": "x" } }, "service-token"],
    ["a password among the settings", { config: { database: { url: "postgres://x" } } }, "url"],
    ["roles among the settings", { config: { roles: "worker" } }, "roles"],
  ])("refuses %s", (_, values, word) => {
    expect(() => renderChart({ files: [MINIMAL], values })).toThrow(
      new RegExp(`values don't meet the specifications of the schema[\\s\\S]*${word}`),
    );
  });
});

describe("names", () => {
  const long = "a-team-with-quite-a-long-name-and-a-longer-one";

  it("are short enough with the longest release name that Helm takes, and all different", () => {
    const objects = renderChart({ release: `${long}-again`.slice(0, 53), files: [EVERYTHING] });
    const names = objects.map(
      (object) => `${object.kind} ${object.metadata.namespace} ${object.metadata.name}`,
    );
    expect(new Set(names).size).toBe(names.length);
    for (const { metadata } of objects) expect(metadata.name.length, metadata.name).toBeLessThanOrEqual(63);
  });

  it("of two releases in a cluster do not meet", () => {
    const cluster = (namespace: string) =>
      renderChart({ namespace, files: ["ci/namespace-per-project-values.yaml"] })
        .filter(({ metadata }) => metadata.namespace === undefined)
        .map(nameOf);
    expect(cluster("one")).toHaveLength(2);
    expect(cluster("one").filter((name) => cluster("two").includes(name))).toEqual([]);
  });
});

describe("the way to the cluster", () => {
  it("is the worker's alone, in the namespaces of jobs alone", () => {
    const objects = objectsOf("everything-values.yaml");
    const roles = objects.filter(({ kind }) => kind === "Role");
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(["ci-jobs", "ci-gpu"]);
    for (const { rules } of roles) expect(rules).toEqual(NAMESPACE_RULES);
    expect(objects.filter(({ kind }) => kind.startsWith("Cluster"))).toEqual([]);
    for (const binding of objects.filter(({ kind }) => kind === "RoleBinding"))
      expect(binding.subjects).toEqual([
        { kind: "ServiceAccount", name: "rel-delivery-workers", namespace: "ci" },
      ]);
  });

  it("is the cluster's only where namespaces are made for projects", () => {
    const objects = objectsOf("namespace-per-project-values.yaml");
    expect(objects.filter(({ kind }) => kind === "Role")).toEqual([]);
    const role = one(objects, "ClusterRole", /./);
    expect(role.rules).toEqual([...NAMESPACE_RULES, ...CLUSTER_RULES]);
    expect(one(objects, "ClusterRoleBinding", /./).subjects).toEqual([
      { kind: "ServiceAccount", name: "ci-workers", namespace: "ci" },
    ]);
  });
});

describe("pods of jobs", () => {
  it("are called by nobody, and reach names, the server and what has a public address", () => {
    const objects = objectsOf("minimal-values.yaml");
    const { spec } = one(objects, "NetworkPolicy", /-jobs$/) as {
      spec: {
        ingress: unknown;
        egress: {
          to?: { ipBlock?: { except: string[] }; podSelector?: { matchLabels: Labels } }[];
          ports?: { port: number }[];
        }[];
      };
    } & Manifest;
    expect(spec).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      podSelector: { matchExpressions: [{ key: "slipway.dev/job", operator: "Exists" }] },
    });
    const [names, server, internet] = spec.egress;
    expect(names?.ports?.map(({ port }) => port)).toEqual([53, 53]);
    const labels = podOf(one(objects, "Deployment", /-server$/))?.metadata?.labels;
    expect(matches(server?.to?.[0]?.podSelector?.matchLabels ?? { none: "" }, labels)).toBe(true);
    const [v4] = internet?.to ?? [];
    expect(v4?.ipBlock?.except).toEqual(
      expect.arrayContaining(["169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
    );
  });

  it("have a namespace that refuses what is privileged", () => {
    const labels = one(objectsOf("minimal-values.yaml"), "Namespace", /./).metadata.labels;
    expect(labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "baseline" });
  });
});

describe("workers by the length of the queue", () => {
  it("scale by a number that the server tells", () => {
    const scaler = one(objectsOf("everything-values.yaml"), "HorizontalPodAutoscaler", /./);
    const { metric } = (
      scaler.spec as {
        metrics: { external: { metric: { name: string; selector: { matchLabels: Labels } } } }[];
      }
    ).metrics[0]?.external ?? { metric: undefined };
    expect(Object.keys(METRICS)).toContain(metric?.name);
    expect(Object.keys(metric?.selector.matchLabels ?? {})).toEqual(METRICS.slipway_queue_messages.labels);
    const workers = one(objectsOf("everything-values.yaml"), "Deployment", /-workers$/);
    // Else every upgrade would set back what was scaled.
    expect(workers.spec).not.toHaveProperty("replicas");
  });
});

describe("migrations", () => {
  it("are done before anything else is changed, with settings of their own", () => {
    const objects = objectsOf("everything-values.yaml");
    const job = one(objects, "Job", /-migrate$/);
    const hooks = objects.filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"] !== undefined);
    expect(hooks.map(({ kind, metadata }) => [kind, metadata.name])).toEqual(
      ["Secret", "ConfigMap", "Job"].map((kind) => [kind, job.metadata.name]),
    );
    expect(containersOf(job)[0]?.args).toContain("--check");
    const named = [...JSON.stringify(job).matchAll(/"(?:configMap|secretKeyRef)":\{"name":"([^"]+)"/g)];
    expect(new Set(named.map(([, name]) => name))).toEqual(new Set([job.metadata.name, "authorities"]));
    // Its account is none of the release's, which is not there yet.
    expect(podOf(job)?.spec?.serviceAccountName).toBe("default");
  });

  it("are left to the servers where there is no Helm", () => {
    expect(objectsOf("plain form").filter(({ kind }) => kind === "Job")).toEqual([]);
  });
});

describe("the plain form", () => {
  it("is what Helm makes of the chart now", () => {
    // Objects, not text: Helm's versions differ in the comments they keep.
    expect(parseManifests(read(PLAIN_FORM))).toEqual(parseManifests(renderPlainForm(root, provideHelm())));
  });

  it("holds no word of Helm's, and needs no change: what is one's own comes from Secrets", () => {
    const text = read(PLAIN_FORM);
    expect(text.slice(text.indexOf("---\n"))).not.toMatch(/helm/i);
    const needed = [...text.matchAll(/secretKeyRef: \{ name: ([\w-]+)/g)].map(([, name]) => name ?? "");
    const guide = read("docs/guides/kubernetes.md");
    for (const name of new Set(needed)) expect(guide).toContain(`create secret generic ${name}`);
  });
});

describe("the chart's papers", () => {
  it("say the version that the program has", () => {
    const { version }: { version: string } = JSON.parse(read("package.json"));
    expect(parse(read(`${CHART}/Chart.yaml`))).toMatchObject({ version, appVersion: version });
  });

  it("tell of every value", () => {
    const values: object = parse(read(`${CHART}/values.yaml`));
    const readme = read(`${CHART}/README.md`);
    for (const name of Object.keys(values)) expect(readme, name).toMatch(new RegExp(`\`${name}\\b`));
  });
});
