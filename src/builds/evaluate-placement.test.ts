import { describe, expect, test } from "vitest";
import type { JobPlacement } from "../protocol/job-placement.ts";
import { fakeBuild } from "./testing/fake-build.ts";

type BuildOptions = Parameters<typeof fakeBuild>[1];

async function placementOf(job: string, options: BuildOptions = {}): Promise<JobPlacement | undefined> {
  const build = await fakeBuild(`{ env: { TOP: top }, jobs: { a: ${job} } }`, options);
  return build.executor.requests[0]?.placement;
}

async function errorOf(job: string, options: BuildOptions = {}): Promise<string> {
  const build = await fakeBuild(`{ jobs: { a: ${job} } }`, options);
  expect(build.executor.requests).toEqual([]);
  const end = build.events.find(({ type }) => type === "job.finished");
  return end?.type === "job.finished" ? (end.error ?? "") : "";
}

const PLAIN = { env: {}, ports: [], volumes: [], options: "" };

describe("what a job asks of its place", () => {
  test("is labels, and no container, where it says no more", async () => {
    expect(await placementOf("{ runs-on: { group: big, labels: [a, b] } }")).toEqual({
      labels: ["a", "b"],
      group: "big",
      services: [],
      stepImages: [],
      clone: false,
    });
  });

  test.each([
    ["alpine", "alpine"],
    ["'docker://alpine:3'", "alpine:3"],
    ["{ image: '${{ vars.IMAGE }}' }", "from-vars"],
    ["'${{ matrix.image }}'", "from-matrix"],
  ])("is the image of container: %s", async (container, image) => {
    const job = `{ container: ${container}, strategy: { matrix: { image: [from-matrix] } } }`;
    const placement = await placementOf(job, { vars: { IMAGE: "from-vars" } });
    expect(placement?.container).toEqual({ image, ...PLAIN });
  });

  test.each([["''"], ["{ image: '${{ vars.none }}' }"]])("is no container for %s", async (container) => {
    expect(await placementOf(`{ container: ${container} }`)).not.toHaveProperty("container");
  });

  test("is every key of a container, evaluated, with env, secrets, job and runner", async () => {
    const placement = await placementOf(
      `{
        env: { JOB: "\${{ env.TOP }}-job" },
        container: {
          image: alpine,
          env: { A: "\${{ env.JOB }}", B: "\${{ secrets.S }}", C: "\${{ job.status }}", D: "\${{ runner.os }}", E: 5 },
          ports: [80, "8080:81/udp"], volumes: ["a:/b", "/c:/d:ro"], options: --cpus 1,
          credentials: { username: me, password: "\${{ secrets.S }}" },
          resources: { requests: { cpu: 1 }, limits: { memory: 1Gi } }, annotations: { team: x } } }`,
      { secrets: { S: "s3cret" } },
    );
    expect(placement?.container).toEqual({
      image: "alpine",
      env: { A: "top-job", B: "s3cret", C: "success", D: "Linux", E: "5" },
      ports: ["80", "8080:81/udp"],
      volumes: ["a:/b", "/c:/d:ro"],
      options: "--cpus 1",
      credentials: { username: "me", password: "s3cret" },
      resources: { requests: { cpu: "1" }, limits: { memory: "1Gi" } },
      annotations: { team: "x" },
    });
  });

  test("is its services in their order, but for those without an image", async () => {
    const placement = await placementOf(
      "{ services: { db: { image: pg, entrypoint: /e, command: -c 5 }, none: { image: '' }, cache: redis } }",
    );
    expect(placement?.services).toEqual([
      { id: "db", image: "pg", ...PLAIN, entrypoint: "/e", command: "-c 5" },
      { id: "cache", image: "redis", ...PLAIN },
    ]);
  });

  test("is the images of its own docker:// steps, in their order", async () => {
    const steps =
      "[{ uses: docker://one:1 }, { run: exit 0 }, { uses: actions/cache@v4 }, { uses: docker://two }]";
    expect((await placementOf(`{ steps: ${steps} }`))?.stepImages).toEqual(["one:1", "two"]);
  });

  test("is the image that a .platform.yaml step wishes for, secrets and all, where the executor takes images", async () => {
    const placement = await placementOf('{ image: "${{ vars.IMAGE }}:${{ secrets.TAG }}" }', {
      vars: { IMAGE: "alpine" },
      secrets: { TAG: "t4g" },
    });
    expect(placement?.container).toEqual({ image: "alpine:t4g", ...PLAIN });
  });

  test("is not that image where the executor has no containers", async () => {
    const placement = await placementOf("{ image: alpine, run: exit 0 }", {
      executorOptions: { refusal: "none here" },
    });
    expect(placement).toMatchObject({ services: [] });
    expect(placement).not.toHaveProperty("container");
  });
});

describe("a job whose place cannot be evaluated", () => {
  test.each([
    [
      "{ container: { image: a, credentials: { username: me, password: '${{ secrets.none }}' } } }",
      "ci.yml:1:1: container: credentials: the password is empty; is the secret that it comes from set?",
    ],
    ["{ container: { image: a, credentials: { password: x } } }", "credentials: the username is empty"],
    ["{ container: { image: a, env: [x] } }", "container: env: Unexpected value"],
    ["{ container: { image: a, ports: [{ x: 1 }] } }", "container: ports: Unexpected value"],
    ["{ container: { image: a, resources: { cpu: 1 } } }", "resources: unexpected 'cpu'"],
    ["{ services: { db: { image: pg, volumes: { a: b } } } }", "services: db: volumes: Unexpected value"],
  ])("fails before anything of it runs: %s", async (job, error) => {
    expect(await errorOf(job)).toContain(error);
  });
});
