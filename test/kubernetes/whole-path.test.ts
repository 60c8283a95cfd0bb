// Builds through the API whose jobs are pods that really run, each with the kit: what users of a cluster have.
import { createHash } from "node:crypto";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildAnswer } from "../support/api-project.ts";
import { statesOf } from "../support/api-project.ts";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import type { PodObject } from "../support/kube/cluster-object.ts";
import { KubeStage } from "./kube-stage.fixture.ts";

const { client } = await testDocker();
const busybox = await loadImage(client, "busybox");
const serving = await loadImage(client, "busybox", {
  files: [
    {
      path: "serve",
      type: "file",
      mode: 0o755,
      content:
        '#!/bin/sh\nmkdir -p /tmp/www; echo "${WORD:-no word}" > /tmp/www/index.html\nexec httpd -f -p 8080 -h /tmp/www\n',
    },
  ],
  entrypoint: ["/serve"],
});
const HEALTH = `--health-cmd "wget -q -O /dev/null http://127.0.0.1:8080/" --health-interval 1s --health-retries 60`;

/** What the loud step prints. */
const LINES = 20_000;
const loudText = Array.from({ length: LINES }, (_, index) => `line ${index + 1} ü ${"x".repeat(60)}\n`).join(
  "",
);

/** An action that is its own program, as published ones are. */
function bundled(source: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: "js" },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
const KEEP = bundled(`import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { restoreCache, saveCache } from "@actions/cache";
(async () => {
  const found = await restoreCache(["kept"], "kept-1");
  console.log("found " + (found ?? "nothing"));
  if (found !== undefined) return;
  mkdirSync("kept");
  writeFileSync("kept/file", "kept words\\n");
  console.log("saved " + ((await saveCache(["kept"], "kept-1")) > 0));
})();
`);

const FILES = {
  "keep/action.yml": "name: Keep\nruns: { using: node24, main: keep.cjs }\n",
  "keep/keep.cjs": KEEP,
  "version.txt": "one\n",
  ".github/workflows/whole.yml": `name: Whole
on: workflow_dispatch
jobs:
  produce:
    runs-on: ubuntu-latest
    container:
      image: ${busybox}
      env: { FROM_JOB: 'of the job' }
    services:
      web: { image: ${serving}, env: { WORD: 'of the service' }, options: '${HEALTH}' }
    outputs: { word: '\${{ steps.say.outputs.word }}' }
    steps:
      - uses: actions/checkout@v4
      - name: says
        id: say
        run: |
          echo "version $(cat version.txt), $FROM_JOB, $IMAGE_NAME, $(pwd)"
          wget -q -O - http://web:8080/
          echo "word=from produce" >> "$GITHUB_OUTPUT"
          mkdir out; echo "made in a pod" > out/made.txt
      - uses: actions/upload-artifact@v4
        with: { name: made, path: out }
      - uses: ./keep
  consume:
    needs: produce
    runs-on: linux
    steps:
      - uses: actions/download-artifact@v4
        with: { name: made, path: in }
      - uses: actions/checkout@v4
        with: { path: own }
      - uses: ./own/keep
      - name: hears
        run: |
          cat in/made.txt kept/file
          echo "heard \${{ needs.produce.outputs.word }} on $RUNNER_OS, $IMAGE_NAME"
  gate:
    runs-on: ubuntu-latest
    steps:
      - run: echo "of the first step" > shared
      - uses: docker://${busybox}
        with: { entrypoint: /bin/sh, args: '-c "cat shared; echo $IMAGE_NAME > by-gate; pwd"' }
      - name: after
        run: cat by-gate
  loud:
    runs-on: ubuntu-latest
    steps:
      - name: loud
        run: |
          line="$(printf 'x%.0s' $(seq 60))"
          for ((i = 1; i <= ${LINES}; i++)); do echo "line $i ü $line"; done
`,
  ".github/workflows/refused.yml": `name: Refused
on: workflow_dispatch
jobs:
  nobody:
    runs-on: windows-latest
    steps: [{ run: echo never }]
  greedy:
    runs-on: ubuntu-latest
    container: { image: '${busybox}', options: --memory 9g }
    steps: [{ run: echo never }]
  built:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./built
`,
  "built/action.yml": "name: Built\nruns: { using: docker, image: Dockerfile }\n",
  "built/Dockerfile": `FROM ${busybox}\n`,
  ".platform.yaml": `on:
  push: { branches: [main] }
pipeline:
  steps:
    - name: first step
      image: ${busybox}
      commands:
        - cat version.txt
        - pwd
        - echo "$WORD"
      environment: { WORD: from the file }
    - name: second
      image: ${busybox}
      commands: [test -f version.txt, echo in $IMAGE_NAME]
`,
};

let stage: KubeStage;
/** Every pod that ever was, as it was last. */
const pods = new Map<string, PodObject>();
let unsubscribe = () => {};
beforeAll(async () => {
  stage = await KubeStage.open({
    pods: "real",
    files: FILES,
    classes: `  - name: linux
    labels: [ubuntu-latest, linux]
    ceilings: { resources: { memory: 8Gi } }
`,
  });
  unsubscribe = stage.cluster.registry.store.subscribe(({ resource, object }) => {
    if (resource === "pods") pods.set(object.metadata.name, object as PodObject);
  });
}, 240_000);
afterAll(async () => {
  unsubscribe();
  await stage?.close();
});

const podOf = (job: string): PodObject => {
  const found = [...pods.values()].find(({ metadata }) => metadata.labels?.["slipway.dev/job"] === job);
  if (found === undefined) throw new Error(`there was no pod of ${job}`);
  return found;
};
const stepLog = async (build: BuildAnswer, job: string, step: string): Promise<string> => {
  const found = build.jobs.find(({ key }) => key === job)?.steps.find(({ name }) => name === step);
  if (found === undefined) throw new Error(`no step ${step}: ${JSON.stringify(build.jobs)}`);
  return await (await stage.server.fetch(found.log.url)).text();
};
const errorOf = ({ jobs }: BuildAnswer, job: string) => jobs.find(({ key }) => key === job)?.error ?? "";

describe("a build on a cluster", { timeout: 180_000 }, () => {
  it("has containers, services, outputs, artifacts, caches, checkouts and docker:// steps, and its log to the byte", async () => {
    const build = await stage.project.run(".github/workflows/whole.yml");
    expect(statesOf(build), JSON.stringify(build, undefined, 1)).toEqual({
      produce: "succeeded",
      consume: "succeeded",
      gate: "succeeded",
      loud: "succeeded",
    });
    expect(await stepLog(build, "produce", "says")).toContain(
      "version one, of the job, busybox, /__w/shop/shop\nof the service\n",
    );
    expect(await stepLog(build, "consume", "hears")).toContain(
      "made in a pod\nkept words\nheard from produce on Linux, glibc\n",
    );
    expect(await stage.project.log(build, "gate")).toMatch(/of the first step\n(.*\n)*\/github\/workspace\n/);
    expect(await stepLog(build, "gate", "after")).toContain("busybox\n");
    const loud = await stepLog(build, "loud", "loud");
    const printed = loud.slice(loud.indexOf("line 1 "));
    expect(digest(printed), `${printed.length} of ${loudText.length} bytes`).toBe(digest(loudText));
    expect(await stage.project.log(build, "produce")).toContain(
      "Kubernetes: Successfully assigned ci/produce-",
    );
    await stage.gone();
  });

  it("gives a pod to each step of a .platform.yaml, with the commit at /workspace and its labels", async () => {
    const build = await stage.project.run(".platform.yaml");
    expect(statesOf(build), JSON.stringify(build, undefined, 1)).toEqual({
      "first-step": "succeeded",
      second: "succeeded",
    });
    expect(await stage.project.log(build, "first-step")).toContain("one\n");
    expect(await stage.project.log(build, "first-step")).toContain("/workspace\n");
    expect(await stage.project.log(build, "first-step")).toContain("from the file\n");
    expect(await stage.project.log(build, "second")).toContain("in busybox\n");
    const pod = podOf("first-step");
    expect(pod.metadata.labels).toMatchObject({
      "slipway.dev/installation": stage.installation,
      "slipway.dev/build": build.id,
      "slipway.dev/job": "first-step",
      "slipway.dev/step": "first-step",
      "slipway.dev/attempt": "1",
      "slipway.dev/role": "job",
      "platform.io/step": "first-step",
      "platform.io/pipeline": expect.stringMatching(/./),
    });
    expect(pod.metadata.uid).not.toBe(podOf("second").metadata.uid);
    expect(pod.spec.initContainers?.map(({ name }) => name)).toContain("slipway-clone");
    await stage.gone();
  });

  it("says at once, and with what there is, why a job cannot be a pod", async () => {
    const build = await stage.project.run(".github/workflows/refused.yml");
    expect(statesOf(build)).toEqual({ nobody: "failed", greedy: "failed", built: "failed" });
    expect(errorOf(build, "nobody")).toMatch(/windows-latest.*there are: linux, ubuntu-latest/);
    expect(errorOf(build, "greedy")).toMatch(/memory.*at most 8Gi/);
    expect(errorOf(build, "built") + (await stage.project.log(build, "built"))).toMatch(/Dockerfile/);
    expect([...pods.values()].map(({ metadata }) => metadata.labels?.["slipway.dev/job"])).not.toContain(
      "nobody",
    );
    expect([...pods.values()].map(({ metadata }) => metadata.labels?.["slipway.dev/job"])).not.toContain(
      "greedy",
    );
    await stage.gone();
  });
});

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
