import { Job as JobModel } from "kubernetes-models/batch/v1";
import { Secret as SecretModel } from "kubernetes-models/v1";
import { describe, expect, it } from "vitest";
import { readRunnerClasses } from "../../config/runner-classes.ts";
import type { ContainerRequest, JobPlacement } from "../../protocol/job-placement.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { NO_PLACEMENT } from "../conformance/executor-under-test.ts";
import { plainRequest } from "../conformance/plain-request.ts";
import { firstProcess } from "../kit/first-process.ts";
import { KIT } from "../kit/kit-layout.ts";
import { jobManifest } from "./job-manifest.ts";
import { kubeJobNames } from "./job-names.ts";

const DEFAULTS = { namespace: "ci", kitImage: "slipway/runner:1" };

function runnerClass(yaml = "{ name: linux, labels: [linux] }") {
  const [first] = readRunnerClasses("c.yaml", `classes: [${yaml}]`, DEFAULTS);
  if (first === undefined) throw new Error("no class");
  return first;
}

const container = (image: string, more: Partial<ContainerRequest> = {}): ContainerRequest => ({
  image,
  env: {},
  ports: [],
  volumes: [],
  options: "",
  ...more,
});

function manifest(placement: Partial<JobPlacement> = {}, yaml?: string, more: Partial<JobRequest> = {}) {
  const request = {
    ...plainRequest("b-1", "test (node, 22)", "/x"),
    placement: { ...NO_PLACEMENT, ...placement },
    ...more,
  };
  const made = jobManifest({
    request,
    runnerClass: runnerClass(yaml),
    installation: "main",
    names: kubeJobNames("main", request),
    namespace: "ci",
    project: "project",
    push: { url: "https://slipway.test", token: "job-token" },
    imageConfigs: new Map(),
  });
  const spec = made.job.spec?.template.spec;
  if (spec === undefined) throw new Error("no pod");
  const secret = made.secrets[0]?.stringData ?? {};
  return { ...made, spec, secret, told: JSON.parse(secret["request.json"] ?? "") as JobRequest };
}

const GATED = { stepImages: ["alpine:3"], services: [{ id: "db", ...container("postgres:17") }] };
const CLONED: Partial<JobRequest> = {
  checkout: {
    builtin: true,
    repository: "me/project",
    serverUrl: "",
    source: { kind: "git", url: "https://slipway.test/me/project", token: "clone-token" },
    bound: false,
  },
  contexts: { ...plainRequest("b", "j", "/x").contexts, github: { repository: "me/project", sha: "abc123" } },
};

describe("what is made for a job", () => {
  it.each<[string, Partial<JobPlacement>, string | undefined, Partial<JobRequest>]>([
    ["a plain job", {}, undefined, {}],
    ["services and steps in containers", GATED, undefined, {}],
    ["a cloned commit", { clone: true, container: container("node:24") }, undefined, CLONED],
    [
      "all that a class can say",
      {
        container: container("node:24", {
          credentials: { username: "u", password: "p" },
          volumes: ["cache:/c", "/d"],
        }),
      },
      `{ name: big, labels: [big], arch: arm64, workspace: { kind: ephemeral, size: 10Gi },
         resources: { requests: { cpu: 1 }, limits: { memory: 2Gi } },
         template: { metadata: { labels: { team: a } }, spec: { nodeSelector: { pool: ci }, priorityClassName: low,
           serviceAccountName: builder, tolerations: [{ key: ci, operator: Exists }], imagePullSecrets: [{ name: pull }],
           volumes: [{ name: extra, emptyDir: {} }] },
           container: { volumeMounts: [{ name: extra, mountPath: /extra }],
             securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true, capabilities: { add: [CHOWN] } } } } }`,
      { timeoutMs: 600_000 },
    ],
  ])("for %s is as the schemas of Kubernetes want it", (_what, placement, yaml, more) => {
    const { job, secrets } = manifest(placement, yaml, more);
    expect(() => new JobModel(job as ConstructorParameters<typeof JobModel>[0]).validate()).not.toThrow();
    for (const secret of secrets) {
      expect(() =>
        new SecretModel(secret as ConstructorParameters<typeof SecretModel>[0]).validate(),
      ).not.toThrow();
    }
  });

  it("runs the runner first, once, with a token of nobody and no privilege", () => {
    const { job, spec } = manifest();
    expect(job.spec).toMatchObject({
      backoffLimit: 0,
      podReplacementPolicy: "Failed",
      ttlSecondsAfterFinished: 3600,
    });
    expect(spec).toMatchObject({
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(spec.containers).toHaveLength(1);
    expect(spec.containers[0]).toMatchObject({
      name: "job",
      command: firstProcess(KIT.runner, "--request", "/__slipway/request.json"),
      workingDir: "/__w/project/project",
    });
    for (const each of [...spec.containers, ...(spec.initContainers ?? [])]) {
      expect(each.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  it("has the same names each time, others for another attempt, within what a name may be", () => {
    const name = { buildId: "b-1", jobKey: "Deploy (eu-west, Ünïcode)[12]".repeat(4), attempt: 1 };
    const names = kubeJobNames("main", name);
    expect(kubeJobNames("main", name)).toEqual(names);
    expect(kubeJobNames("main", { ...name, attempt: 2 }).job).not.toBe(names.job);
    expect(kubeJobNames("other", name).job).not.toBe(names.job);
    for (const each of Object.values(names)) expect(each).toMatch(/^[a-z][a-z0-9-]{0,56}[a-z0-9]$/);
  });

  it("tells the runner where it is and where its frames go, and shows none of it outside the Secret", () => {
    const placement = { container: container("node:24", { env: { TOKEN: "hunter2" } }) };
    const { job, told, secret } = manifest(placement);
    expect(told).toMatchObject({
      push: { url: "https://slipway.test", token: "job-token" },
      directories: { workspace: "/__w/project/project" },
      runner: { os: "Linux", arch: "X64", nodePath: "/slipway/bin/node" },
      baseEnv: {},
    });
    expect(Object.values(secret)).toContain("hunter2");
    expect(JSON.stringify(job)).not.toMatch(/hunter2|job-token/);
  });

  it("ends a pod some time after the job's own limits, and without limits never", () => {
    expect(manifest().spec.activeDeadlineSeconds).toBeUndefined();
    const { spec, job } = manifest({}, undefined, { timeoutMs: 600_000, cancelTimeoutMs: 60_000 });
    expect(spec.activeDeadlineSeconds).toBe(600 + 60 + 1800);
    expect(job.spec?.activeDeadlineSeconds).toBeGreaterThan(spec.activeDeadlineSeconds ?? 0);
    expect(spec.terminationGracePeriodSeconds).toBe(75);
  });
});

describe("services", () => {
  it("stand beside the job, are waited for by their health, and are reached by name and by localhost", () => {
    const db = {
      id: "db",
      ...container("postgres:17", {
        ports: ["15432:5432"],
        env: { POSTGRES_PASSWORD: "hunter2" },
        options: '--health-cmd "pg_isready -U me" --health-interval 10s --health-retries 5',
      }),
    };
    const { spec, told, job } = manifest({ services: [db] });
    expect(spec.initContainers?.find(({ name }) => name === "svc-db")).toMatchObject({
      restartPolicy: "Always",
      startupProbe: {
        exec: { command: ["/bin/sh", "-c", "pg_isready -U me"] },
        periodSeconds: 1,
        failureThreshold: 50,
      },
    });
    expect(spec.hostAliases).toEqual([{ ip: "127.0.0.1", hostnames: ["db"] }]);
    expect(told.forwards).toEqual([{ listenPort: 15432, to: { host: "127.0.0.1", port: 5432 } }]);
    expect(told.containers?.services.db?.ports).toEqual({ "5432": "15432" });
    expect(JSON.stringify(job)).not.toContain("hunter2");
  });

  it.each<[string, Partial<JobPlacement>, RegExp]>([
    [
      "the same port",
      {
        services: [
          { id: "a", ...container("x", { ports: ["80"] }) },
          { id: "b", ...container("x", { ports: ["8080:80"] }) },
        ],
      },
      /Services 'a' and 'b' both want port 80/,
    ],
    ["a name that is no host's", { services: [{ id: "my_db", ...container("x") }] }, /services\.my_db.*host/],
    ["privileges", { container: container("x", { options: "--privileged" }) }, /cannot take privileges/],
    [
      "a folder of the node",
      { container: container("x", { volumes: ["/etc:/etc"] }) },
      /folder of the machine/,
    ],
    ["a user by name", { container: container("x", { options: "--user node" }) }, /only numbers/],
    [
      "an unknown flag",
      { container: container("x", { options: "--gpus all" }) },
      /'--gpus' means nothing in a pod/,
    ],
  ])("and containers that want %s are refused before anything is made", (_what, placement, words) => {
    expect(() => manifest(placement)).toThrow(words);
  });
});

describe("steps in containers", () => {
  it("wait at gates that see the workspace where docker actions look for it", () => {
    const { spec, told } = manifest({ stepImages: ["alpine:3", "alpine:3"] });
    const gates = spec.initContainers?.filter(({ name }) => name.startsWith("gate-")) ?? [];
    expect(gates.map(({ command }) => command)).toEqual([
      firstProcess(KIT.gate, "/__w/_gates/1.sock"),
      firstProcess(KIT.gate, "/__w/_gates/2.sock"),
    ]);
    expect(gates[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual([
      "/slipway",
      "/__w",
      "/__w/project/project",
      "/github/workspace",
    ]);
    expect(told.containers?.steps).toMatchObject({ kind: "gated", gates: [{ image: "alpine:3" }, {}] });
  });
});

describe("a cloned commit", () => {
  it("is brought by the kit before the job, its token in the Secret alone", () => {
    const { job, spec, told } = manifest({ clone: true }, undefined, CLONED);
    const clone = spec.initContainers?.find(({ name }) => name === "slipway-clone");
    expect(clone?.image).toBe("slipway/runner:1");
    expect(clone?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain("/workspace");
    expect(spec.containers[0]?.workingDir).toBe("/workspace");
    expect(told.checkout.bound).toBe(true);
    expect(JSON.stringify(job)).not.toMatch(/clone-token|Y2xvbmUtdG9rZW4/);
  });

  it("needs a git server", () => {
    expect(() => manifest({ clone: true })).toThrow("A pod can only clone a commit from a git server");
  });
});

describe("a runner class", () => {
  const CEILED =
    "{ name: small, labels: [s], ceilings: { resources: { memory: 4Gi }, images: ['node:*'], annotations: [acme.com/] } }";

  it("refuses what is above its ceiling, with the number", () => {
    const asks = (more: Partial<ContainerRequest>) => () =>
      manifest({ container: container("node:24", more) }, CEILED);
    expect(asks({ resources: { limits: { memory: "64Gi" } } })).toThrow(
      "container asks for 64Gi memory (resources.limits); runner class 'small' gives at most 4Gi.",
    );
    expect(asks({ annotations: { "other.com/x": "1" } })).toThrow(
      "allowed are those that begin with: acme.com/",
    );
    expect(asks({ options: "--memory 8g" })).toThrow("at most 4Gi");
    expect(
      asks({ resources: { limits: { memory: "1Gi" } }, annotations: { "acme.com/x": "1" } }),
    ).not.toThrow();
    expect(() => manifest({ container: container("alpine:3") }, CEILED)).toThrow("allowed are: node:*");
  });

  it("has its ceiling as the limit of a job that names none", () => {
    const { spec } = manifest({ container: container("node:24") }, CEILED);
    expect(spec.containers[0]?.resources).toEqual({ limits: { memory: "4Gi" } });
  });
});

describe("a workspace that jobs of a build share", () => {
  const SHARED: Partial<JobPlacement> = { clone: true, sharedWorkspace: true };
  const workspaceVolume = ({ spec }: ReturnType<typeof manifest>) =>
    spec.volumes?.find(({ name }) => name === "workspace");
  const mountOf = ({ spec }: ReturnType<typeof manifest>) =>
    spec.containers[0]?.volumeMounts?.find(({ name }) => name === "workspace");

  it.each<[string, string | undefined, object]>([
    [
      "an emptyDir",
      undefined,
      { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } } },
    ],
    [
      "an emptyDir with a limit",
      "{ name: a, labels: [a], workspace: { kind: emptyDir, sizeLimit: 3Gi } }",
      { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "3Gi" } } },
    ],
    [
      "ephemeral",
      "{ name: a, labels: [a], workspace: { kind: ephemeral, size: 5Gi, storageClass: fast, accessModes: [ReadWriteMany] } }",
      {
        accessModes: ["ReadWriteMany"],
        resources: { requests: { storage: "5Gi" } },
        storageClassName: "fast",
      },
    ],
  ])("is a claim of the build's own, where the class's is %s", (_, yaml, spec) => {
    const made = manifest(SHARED, yaml, CLONED);
    expect(made.claim).toMatchObject({
      metadata: {
        namespace: "ci",
        labels: { "slipway.dev/build": "b-1", "slipway.dev/role": "workspace" },
        annotations: { "slipway.dev/build-id": "b-1" },
      },
      spec,
    });
    const claimName = made.claim?.metadata?.name;
    expect(workspaceVolume(made)).toEqual({ name: "workspace", persistentVolumeClaim: { claimName } });
    const other = manifest(SHARED, yaml, { ...CLONED, jobKey: "other", attempt: 3 });
    expect(other.claim).toEqual(made.claim);
    expect(manifest(SHARED, yaml, { ...CLONED, buildId: "b-2" }).claim?.metadata?.name).not.toBe(claimName);
  });

  it.each([
    ["", "b-1"],
    [", subPath: '{project}'", "project/b-1"],
    [", subPath: '{build}/{job}'", "b-1/shared"],
  ])("is a folder of the class's own claim%s", (subPath, folder) => {
    const yaml = `{ name: a, labels: [a], workspace: { kind: claim, claim: nfs${subPath} } }`;
    const made = manifest(SHARED, yaml, CLONED);
    expect(made.claim).toBeUndefined();
    expect(made.spec.affinity).toBeUndefined();
    expect(workspaceVolume(made)).toEqual({
      name: "workspace",
      persistentVolumeClaim: { claimName: "nfs" },
    });
    expect(mountOf(made)?.subPath).toBe(folder);
  });

  it("is cloned into once, which its runner is told of", () => {
    const made = manifest(SHARED, undefined, CLONED);
    const clone = made.spec.initContainers?.find(({ name }) => name === "slipway-clone");
    expect(clone?.env).toContainEqual({ name: "SLIPWAY_SHARED", value: "1" });
    expect(made.told.checkout.bound).toBe(true);
    const own = manifest({ clone: true }, undefined, CLONED);
    const names = own.spec.initContainers?.flatMap(({ env = [] }) => env.map(({ name }) => name));
    expect(names).toContain("SLIPWAY_WORKSPACE");
    expect(names).not.toContain("SLIPWAY_SHARED");
  });

  it("keeps jobs that run together on one node, where one node alone can have it, beside what the class asks for", () => {
    const yaml = `{ name: a, labels: [a], template: { spec: { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } } } }`;
    const { job, spec } = manifest(SHARED, yaml, CLONED);
    const [term] = spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    expect(term?.topologyKey).toBe("kubernetes.io/hostname");
    // The pod is one of those it asks for: else the first of a build would never be scheduled.
    expect(job.spec?.template.metadata?.labels).toMatchObject(term?.labelSelector?.matchLabels ?? {});
    expect(Object.keys(term?.labelSelector?.matchLabels ?? {})).toContain("slipway.dev/build");
    expect(spec.affinity?.nodeAffinity).toBeDefined();
    const many =
      "{ name: a, labels: [a], workspace: { kind: ephemeral, size: 1Gi, accessModes: [ReadWriteMany] } }";
    expect(manifest(SHARED, many, CLONED).spec.affinity).toBeUndefined();
  });
});
