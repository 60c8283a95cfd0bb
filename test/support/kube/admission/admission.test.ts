import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, jobBody, podBody } from "../cluster-client.ts";
import { TestCluster } from "../test-cluster.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    tls: false,
    namespaces: {
      ci: {},
      quota: {},
      limits: {},
      restricted: { "pod-security.kubernetes.io/enforce": "restricted" },
      baseline: { "pod-security.kubernetes.io/enforce": "baseline" },
    },
    kubelet: { kind: "simulated", defaultScript: { runMs: "never" } },
  });
});
afterAll(() => cluster.close());

const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;
const jobs = (namespace: string, query = "") => `/apis/batch/v1/namespaces/${namespace}/jobs${query}`;

describe("what is wrong with an object", () => {
  it.each([
    [
      "a name",
      podBody("Not_OK"),
      /^Pod "Not_OK" is invalid: metadata.name: Invalid value: "Not_OK": a lowercase RFC 1123 subdomain must consist of/,
    ],
    [
      "a label's value",
      podBody("x", {}, { labels: { a: "no spaces" } }),
      /metadata.labels: Invalid value: "no spaces": a valid label must be an empty string or consist of/,
    ],
    [
      "a label that is too long",
      podBody("x", {}, { labels: { a: "x".repeat(64) } }),
      /must be no more than 63 bytes$/,
    ],
    [
      "a label's key",
      podBody("x", {}, { labels: { "a/b/c": "1" } }),
      /metadata.labels: Invalid value: "a\/b\/c"/,
    ],
    [
      "no image",
      podBody("x", { containers: [{ name: "a" }] }),
      /^Pod "x" is invalid: spec.containers\[0\].image: Required value$/,
    ],
    [
      "no name of a container",
      podBody("x", { containers: [{ image: "a" }] }),
      /spec.containers\[0\].name: Required value$/,
    ],
    ["no container", podBody("x", { containers: [] }), /spec.containers: Required value$/],
    [
      "two of one name",
      podBody("x", {
        containers: [
          { name: "a", image: "a" },
          { name: "a", image: "a" },
        ],
      }),
      /spec.containers\[1\].name: Duplicate value: "a"$/,
    ],
    [
      "a mount without volume",
      podBody("x", {
        containers: [{ name: "a", image: "a", volumeMounts: [{ name: "v", mountPath: "/v" }] }],
      }),
      /spec.containers\[0\].volumeMounts\[0\].name: Not found: "v"$/,
    ],
    [
      "a request over its limit",
      podBody("x", {
        containers: [{ name: "a", image: "a", resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }],
      }),
      /spec.containers\[0\].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1$/,
    ],
    [
      "a toleration that says nothing the schema knows",
      podBody("x", { containers: [{ name: "a", image: "a", ports: [{}] }] }),
      /spec.containers\[0\].ports\[0\].containerPort: Required value$/,
    ],
  ])("is told in the words of Kubernetes: %s", async (_what, body, message) => {
    const answer = await ask(cluster, "POST", pods("ci"), body);
    expect(answer.code).toBe(422);
    expect(answer.body.reason).toBe("Invalid");
    expect(answer.body.message).toMatch(message);
    expect(answer.body.details?.causes?.length).toBeGreaterThan(0);
  });

  it("is told of a job's template too, which must say when its pods restart, and cannot change", async () => {
    const job = jobBody("job");
    const silent = await ask(cluster, "POST", jobs("ci"), {
      ...job,
      spec: { template: { spec: { containers: job.spec.template.spec.containers } } },
    });
    expect(silent.body.message).toBe(
      'Job.batch "job" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    );
    const always = await ask(cluster, "POST", jobs("ci"), jobBody("job", {}, { restartPolicy: "Always" }));
    expect(always.body.message).toBe(
      'Job.batch "job" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    );
    const made = await ask(cluster, "POST", jobs("ci"), job);
    expect(made.code).toBe(201);
    const patch = { spec: { template: { spec: { containers: [{ name: "main", image: "app:2" }] } } } };
    const changed = await ask(cluster, "PATCH", `${jobs("ci")}/job`, patch, {
      contentType: "application/strategic-merge-patch+json",
    });
    expect(changed.code).toBe(422);
    expect(changed.body.message).toMatch(/spec.template: Invalid value: .*: field is immutable$/s);
  });

  it("is 400 for a value of the wrong type, and for unknown fields only where they are asked to be", async () => {
    const wrong = await ask(cluster, "POST", jobs("ci"), jobBody("types", { parallelism: "two" }));
    expect(wrong.code).toBe(400);
    expect(wrong.body.message).toBe(
      'Job in version "v1" cannot be handled as a Job: json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32',
    );
    const body = jobBody(
      "fields",
      { colour: "red" },
      { containers: [{ name: "main", image: "a", comand: ["x"] }] },
    );
    const strict = await ask(cluster, "POST", jobs("ci", "?fieldValidation=Strict"), body);
    expect(strict.code).toBe(400);
    expect(strict.body.message).toMatch(
      /^Job in version "v1" cannot be handled as a Job: strict decoding error: unknown field "spec.(template|colour)/,
    );
    expect(strict.body.message).toContain('unknown field "spec.template.spec.containers[0].comand"');
    const warned = await ask(cluster, "POST", jobs("ci", "?fieldValidation=Warn"), body);
    expect(warned.code).toBe(201);
    expect(warned.headers.warning).toContain('unknown field \\"spec.colour\\"');
    expect(warned.body.spec).not.toHaveProperty("colour");
  });

  it("is 403 for a service account that is not there", async () => {
    const { code, body } = await ask(
      cluster,
      "POST",
      pods("ci"),
      podBody("x", { serviceAccountName: "none" }),
    );
    expect([code, body.message]).toEqual([
      403,
      'pods "x" is forbidden: error looking up service account ci/none: serviceaccount "none" not found',
    ]);
  });
});

it("fills in what Kubernetes fills in, and mounts a token unless told not to", async () => {
  const { body } = await ask(
    cluster,
    "POST",
    pods("ci"),
    podBody("defaults", { containers: [{ name: "a", image: "app" }] }),
  );
  expect(body.spec).toMatchObject({
    serviceAccountName: "default",
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        imagePullPolicy: "Always",
        terminationMessagePath: "/dev/termination-log",
        volumeMounts: [{ mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }],
      },
    ],
    tolerations: [
      { key: "node.kubernetes.io/not-ready", tolerationSeconds: 300 },
      { key: "node.kubernetes.io/unreachable" },
    ],
  });
  const without = await ask(
    cluster,
    "POST",
    pods("ci"),
    podBody("tokenless", { automountServiceAccountToken: false }),
  );
  expect(without.body.spec?.volumes).toBeUndefined();
});

it("refuses what a ResourceQuota does not leave, for a client and for the Job controller", async () => {
  cluster.create({
    kind: "ResourceQuota",
    metadata: { name: "small", namespace: "quota" },
    spec: { hard: { pods: "1", "limits.memory": "1Gi" } },
  });
  const limits = (memory: string) => ({
    containers: [{ name: "main", image: "a", resources: { limits: { memory } } }],
  });
  const unnamed = await ask(cluster, "POST", pods("quota"), podBody("a"));
  expect(unnamed.body.message).toBe(
    'pods "a" is forbidden: failed quota: small: must specify limits.memory for: main',
  );
  const large = await ask(cluster, "POST", pods("quota"), podBody("b", limits("2Gi")));
  expect(large.code).toBe(403);
  expect(large.body.message).toBe(
    'pods "b" is forbidden: exceeded quota: small, requested: limits.memory=2Gi, used: limits.memory=0, limited: limits.memory=1Gi',
  );
  expect((await ask(cluster, "POST", pods("quota"), podBody("c", limits("512Mi")))).code).toBe(201);
  await ask(cluster, "POST", jobs("quota"), jobBody("waits", {}, limits("100Mi")));
  const told = () => cluster.list("events", "quota").find(({ reason }) => reason === "FailedCreate");
  await cluster.until("the controller tells", () => told() !== undefined);
  expect(told()?.message).toBe(
    'Error creating: pods "waits-" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
  );
  cluster.delete("pods", "quota", "c", { gracePeriodSeconds: 0 });
  await cluster.until("the job gets its pod", () => cluster.list("pods", "quota").length === 1);
});

it("gives the defaults of a LimitRange, and holds its bounds", async () => {
  cluster.create({
    kind: "LimitRange",
    metadata: { name: "range", namespace: "limits" },
    spec: {
      limits: [
        { type: "Container", default: { cpu: "1" }, defaultRequest: { cpu: "500m" }, max: { cpu: "2" } },
      ],
    },
  });
  const given = await ask(cluster, "POST", pods("limits"), podBody("given"));
  expect(given.body.spec).toMatchObject({
    containers: [{ resources: { limits: { cpu: "1" }, requests: { cpu: "500m" } } }],
  });
  const over = await ask(
    cluster,
    "POST",
    pods("limits"),
    podBody("over", { containers: [{ name: "a", image: "a", resources: { limits: { cpu: "3" } } }] }),
  );
  expect(over.body.message).toBe(
    'pods "over" is forbidden: maximum cpu usage per Container is 2, but limit is 3',
  );
});

it("refuses pods that a namespace's security level forbids, and only warns of jobs", async () => {
  const plain = await ask(
    cluster,
    "POST",
    pods("restricted"),
    podBody("plain", { containers: [{ name: "main", image: "a" }] }),
  );
  expect(plain.code).toBe(403);
  expect(plain.body.message).toBe(
    'pods "plain" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  );
  const job = await ask(cluster, "POST", jobs("restricted"), jobBody("warned"));
  expect(job.code).toBe(201);
  expect(job.headers.warning).toContain("would violate PodSecurity");
  const good = podBody("good", {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "main",
        image: "a",
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  });
  expect((await ask(cluster, "POST", pods("restricted"), good)).code).toBe(201);
  const privileged = await ask(
    cluster,
    "POST",
    pods("baseline"),
    podBody("p", { containers: [{ name: "a", image: "a", securityContext: { privileged: true } }] }),
  );
  expect(privileged.body.message).toBe(
    'pods "p" is forbidden: violates PodSecurity "baseline:latest": privileged (container "a" must not set securityContext.privileged=true)',
  );
  expect((await ask(cluster, "POST", pods("baseline"), podBody("plain"))).code).toBe(201);
});

it("refuses by webhook, until that is taken back", async () => {
  const takeBack = cluster.addWebhook({
    name: "policy.example.com",
    resources: ["pods"],
    review: ({ object }) =>
      object.metadata.labels?.team === undefined ? "pods must name their team" : undefined,
  });
  const refused = await ask(cluster, "POST", pods("ci"), podBody("hooked"));
  expect([refused.code, refused.body.message]).toEqual([
    403,
    'admission webhook "policy.example.com" denied the request: pods must name their team',
  ]);
  expect((await ask(cluster, "POST", pods("ci"), podBody("named", {}, { labels: { team: "a" } }))).code).toBe(
    201,
  );
  takeBack();
  expect((await ask(cluster, "POST", pods("ci"), podBody("hooked"))).code).toBe(201);
});
