// `slipway serve --check` of workers with places in containers.
import { expect, it } from "vitest";
import { NAMESPACE_RULES } from "../../src/executors/kubernetes/kube-permissions.ts";
import { testDocker } from "../support/docker.ts";
import { testKit } from "../support/kit.ts";
import { TestCluster } from "../support/kube/test-cluster.ts";
import { Sandbox, slipway } from "../support/slipway.ts";

async function check(settings: readonly string[], files: Readonly<Record<string, string>> = {}) {
  using box = new Sandbox();
  box.write(files);
  const args = ["serve", "--check", "--listen", "127.0.0.1:0", "--config", "/dev/null", "--data", "data"];
  return await slipway([...args, ...settings], { cwd: box.path });
}

it("says that the daemon answers, and where the kit of its jobs is", async () => {
  const [{ host }, { folder }] = await Promise.all([testDocker(), testKit()]);
  const ran = await check(["--worker-executors", "local,docker", "--docker-host", host]);
  expect(ran.code, ran.stdout).toBe(0);
  expect(ran.stdout).toMatch(/ok {4}docker: unix:\/\/\S+, Docker on (amd64|arm64); kit: of \d/);
  expect(ran.stdout).toContain(folder);
});

it.each([
  [["--docker-host", "unix:///nowhere/d.sock"], /FAIL {2}docker: .*\/nowhere\/d\.sock does not answer/],
  [["--docker-kit", "registry.example/no-kit:1"], /FAIL {2}docker: .*no image registry\.example\/no-kit:1/],
  [["--docker-kit", "/nowhere/kit"], /FAIL {2}docker: There is no kit in \/nowhere\/kit/],
])("says why there is no place on Docker with %j", async (settings, words) => {
  const { host } = await testDocker();
  const daemon = settings.includes("--docker-host") ? [] : ["--docker-host", host];
  const ran = await check(["--worker-executors", "docker", ...daemon, ...settings]);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(words);
});

it.each([
  [[], {}, /FAIL {2}kubernetes: .*kubernetes\.classes/],
  [["--kubernetes-classes", "c.yaml"], { "c.yaml": "classes: 3\n" }, /FAIL {2}kubernetes: c\.yaml: classes/],
  [
    ["--kubernetes-classes", "c.yaml", "--kubernetes-kubeconfig", "nowhere"],
    { "c.yaml": "classes: [{ name: a, labels: [ubuntu-latest] }]\n" },
    /FAIL {2}kubernetes: .*nowhere/,
  ],
])("says why there is no place on Kubernetes with %j", async (settings, files, words) => {
  const ran = await check(["--worker-executors", "kubernetes", ...settings], { ...files } as Record<
    string,
    string
  >);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(words);
});

it("asks the cluster for every right that its jobs need, and names those that are missing", async () => {
  const rules = NAMESPACE_RULES.map((rule) => ({ ...rule, namespaces: ["ci"] }));
  const cluster = await TestCluster.start({ namespaces: { ci: {} }, users: { worker: rules } });
  try {
    const settings = [
      ...["--worker-executors", "kubernetes", "--kubernetes-namespace", "ci"],
      ...["--kubernetes-classes", "c.yaml", "--kubernetes-kubeconfig", cluster.kubeconfig("worker")],
    ];
    const files = { "c.yaml": "classes: [{ name: a, labels: [ubuntu-latest] }]\n" };
    const ran = await check(settings, files);
    expect(ran.code, ran.stdout).toBe(0);
    expect(ran.stdout).toContain("kubernetes: 1 runner classes; all is allowed in ci");
    const fewer = rules.filter(({ resources }) => !resources.includes("secrets"));
    cluster.setRules("worker", fewer);
    const refused = await check(settings, files);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(
      "The cluster does not allow to create secrets in ci, to delete secrets in ci, to get secrets in ci.",
    );
  } finally {
    await cluster.close();
  }
});
