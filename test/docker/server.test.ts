// A server whose worker runs jobs on Docker, from the API to the last container.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiProject, statesOf } from "../support/api-project.ts";
import { TestServer, waitFor } from "../support/server.ts";
import { Sandbox } from "../support/slipway.ts";
import { type ServerStage, serverStage } from "./server-stage.fixture.ts";

const box = new Sandbox();
let stage: ServerStage;
let server: TestServer;

beforeAll(async () => {
  stage = await serverStage();
  server = await TestServer.start({
    folder: box.path,
    env: stage.env,
    args: ["--worker-infrastructure-retries", "2"],
  });
});
afterAll(async () => {
  await server?.stop();
  box[Symbol.dispose]();
});

async function project(name: string, files: Readonly<Record<string, string>>): Promise<ApiProject> {
  return await ApiProject.add(() => server, name, box.repository(name, files));
}

describe("a server with workers on Docker", () => {
  it("runs a build in containers: checkout by its own token, services, artifacts, logs while it runs", async () => {
    const files = {
      "word.txt": "of the repository ü\n",
      ".github/workflows/ci.yml": `on: workflow_dispatch
jobs:
  makes:
    runs-on: ubuntu-latest
    outputs: { word: '\${{ steps.say.outputs.word }}' }
    steps:
      - uses: actions/checkout@v6
      - id: say
        run: cat word.txt; echo "word=$(cat word.txt)" >> "$GITHUB_OUTPUT"; mkdir out; cp word.txt out/
      - uses: actions/upload-artifact@v7
        with: { name: made, path: out }
  takes:
    needs: makes
    runs-on: ubuntu-latest
    container: { image: ${stage.busybox}, env: { WHO: container }, options: --user 1001 }
    services:
      web:
        image: ${stage.busybox}
        entrypoint: sh
        command: -c "mkdir /w; echo served > /w/index.html; exec httpd -f -p 8080 -h /w"
        options: --health-cmd "wget -q -O /dev/null http://127.0.0.1:8080/" --health-interval 1s --health-retries 60
    steps:
      - uses: actions/download-artifact@v8
        with: { name: made }
      - run: id -u; cat word.txt; wget -q -O - http://web:8080/; echo "$WHO got \${{ needs.makes.outputs.word }}"
      - uses: docker://${stage.busybox}
        with: { entrypoint: /bin/sh, args: -c "cat word.txt && pwd" }
`,
    };
    const built = await project("contained", files);
    const build = await built.run(".github/workflows/ci.yml");
    const logs = `${await built.log(build, "makes")}\n${await built.log(build, "takes").catch(String)}`;
    expect(statesOf(build), logs).toEqual({ makes: "succeeded", takes: "succeeded" });
    expect(await built.log(build, "makes")).toContain("of the repository ü\n");
    const takes = await built.log(build, "takes");
    expect(takes).toContain("1001\nof the repository ü\nserved\ncontainer got of the repository ü\n");
    expect(takes).toContain("of the repository ü\n/github/workspace\n");
    await waitFor(async () => (await stage.leftovers()).length === 0);
  });

  it("shows a log while its job runs, and ends everything of a build that is cancelled", async () => {
    const built = await project("live", {
      ".github/workflows/ci.yml": `on: workflow_dispatch
jobs:
  waits:
    runs-on: ubuntu-latest
    steps:
      - run: echo first words; sleep 600
      - if: always()
        run: echo cleaned up
`,
    });
    const { id } = await built.start(".github/workflows/ci.yml");
    let seen = "";
    await waitFor(
      async () => {
        const build = await built.build(id);
        seen = build.jobs.length === 0 ? "" : await built.log(build, "waits").catch(() => "");
        return seen.includes("\nfirst words\n");
      },
      60_000,
      () => seen,
    );
    expect(await stage.running()).toHaveLength(1);
    await server.ok("POST", `${built.builds}/${id}/cancel`);
    const build = await built.ended(id);
    expect(build.status).toBe("cancelled");
    expect(await built.log(build, "waits")).toContain("cleaned up\n");
    await waitFor(async () => (await stage.leftovers()).length === 0);
  });

  it("runs .platform.yaml in its images, and keeps its artifacts", async () => {
    const built = await project("platform", {
      ".platform.yaml": `on: { push: { branches: [main] } }
pipeline:
  steps:
    - name: build
      image: ${stage.busybox}
      commands: [mkdir -p site, echo page > site/index.html]
    - name: report
      image: ${stage.busybox}
      depends_on: [build]
      commands: ['echo "$STEP_NAME at $COMMIT_SHA"', mkdir -p site, 'echo two > site/two.html']
artifacts:
  - { name: site, path: site/, expires: 7d }
`,
    });
    const build = await built.run(".platform.yaml");
    expect(statesOf(build), JSON.stringify(build.jobs)).toEqual({
      build: "succeeded",
      report: "succeeded",
    });
    const { items } = await server.ok<{ items: readonly { name: string; sizeBytes: number }[] }>(
      "GET",
      `${built.builds}/${build.id}/artifacts`,
    );
    expect(items.map(({ name }) => name)).toContain("site");
    await waitFor(async () => (await stage.leftovers()).length === 0);
  });

  it.each([
    ["removed", { force: true }, "Somebody removed the container of job 'waits'"],
    ["stopped", undefined, "Somebody stopped the container of job 'waits', or the Docker daemon"],
  ])("tries a job again whose container somebody %s, and says so", async (what, removal, words) => {
    const built = await project(what, {
      ".github/workflows/ci.yml": `on: workflow_dispatch
jobs:
  waits:
    runs-on: ubuntu-latest
    steps: [{ run: 'echo begun; test "$GITHUB_RUN_ATTEMPT" = x || sleep \${{ vars.SECONDS }}; echo done' }]
`,
    });
    await server.ok("PUT", `${built.path}/variables/SECONDS`, { value: "5" });
    const { id } = await built.start(".github/workflows/ci.yml");
    await built.until(
      id,
      ({ jobs }) => jobs[0]?.steps.some(({ number, status }) => number > 0 && status === "running") === true,
    );
    const [container = ""] = await stage.running();
    const found = stage.docker.client.getContainer(container);
    await (removal === undefined ? found.stop() : found.remove(removal));
    const build = await built.ended(id);
    expect(build.status).toBe("succeeded");
    const [first, second] = build.jobs;
    expect(first).toMatchObject({ attempt: 1, status: "failed" });
    expect(first?.error).toContain(words);
    expect(second).toMatchObject({ attempt: 2, status: "succeeded" });
    await waitFor(async () => (await stage.leftovers()).length === 0);
  });
});
