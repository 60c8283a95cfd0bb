// Planted secrets in jobs on Docker: in nothing that is written, in no description of anything in the daemon, in no log of it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LABEL } from "../../src/executors/docker/job-names.ts";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { each, FORBIDDEN, NAMES, SECRETS } from "../support/planted-secrets.ts";
import { RunStage, saidOf } from "./run-stage.fixture.ts";

const { client } = await testDocker();
const [glibc, busybox] = await Promise.all([loadImage(client, "glibc"), loadImage(client, "busybox")]);

const PRINTS = NAMES.flatMap((name) => [
  `printf '%s\\n' "$${name}"`,
  `printf '%s' "$${name}" | base64 || true`,
  `printf '%s\\n' "$${name}" >&2`,
]).join("\n");

const WORKFLOW = `on: push
jobs:
  prints:
    runs-on: ubuntu-latest
    container:
      image: ${glibc}
    env:
${each((name) => `      ${name}: \${{ secrets.${name} }}`)}
    steps:
      - shell: bash
        run: |
${PRINTS.replaceAll(/^/gm, "          ")}
      - uses: docker://${busybox}
        env: { TOLD: '\${{ secrets.PLAIN }}' }
        with: { entrypoint: /bin/sh, args: '-c "echo $TOLD; until test -e go-on; do sleep 0.1; done"' }
      - run: echo "end of it"
`;

it("are in no byte of output, and in nothing of the daemon's while the job runs", async () => {
  using stage = await RunStage.open(WORKFLOW);
  stage.box.write({
    "secrets.yml": Object.entries(SECRETS)
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
      .join(""),
  });
  let looked: Promise<string> | undefined;
  const running = stage.run(["--secret-file", stage.box.join("secrets.yml")], {
    onStdout: (soFar, { pid }) => {
      if (soFar.includes('"type":"step.started"') && soFar.split('"type":"step.started"').length > 2)
        looked ??= look(pid);
    },
  });
  const ran = await running;
  expect(ran.code, saidOf(ran)).toBe(0);
  expect(ran.job("prints").log).toContain("***\n");
  const seen = (await looked) ?? "";
  // A control: the containers were there, and their logs hold what the steps printed.
  expect(seen).toContain("/slipway/gate.mjs");
  expect(seen).toContain("***");
  const state = readdirSync(stage.box.join("state"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
  for (const [where, text] of Object.entries({ output: ran.stdout + ran.stderr, daemon: seen, state })) {
    const found = FORBIDDEN.filter(([, forbidden]) => text.includes(forbidden)).map(([name]) => name);
    expect(found, where).toEqual([]);
  }
  expect(await stage.leftovers(ran)).toEqual([]);

  /** Descriptions and logs of the run's containers, networks and volumes, and command lines of processes. */
  async function look(pid: number): Promise<string> {
    const texts: string[] = [];
    const own = (labels: Readonly<Record<string, string>> | undefined) =>
      (JSON.parse(labels?.[LABEL.owner] ?? "{}") as { pid?: number }).pid === pid;
    const find = async () =>
      (await client.listContainers({ all: true, filters: { label: [LABEL.owner] } })).filter(({ Labels }) =>
        own(Labels),
      );
    let found = await find();
    while (!found.some(({ Labels, State }) => Labels[LABEL.role] === "step" && State === "running"))
      found = await find();
    const job = found.find(({ Labels }) => Labels[LABEL.role] === "job");
    if (job === undefined) throw new Error("no job");
    for (const { Id } of found) {
      const container = client.getContainer(Id);
      texts.push(JSON.stringify(await container.inspect()));
      texts.push((await container.logs({ stdout: true, stderr: true, follow: false })).toString("utf8"));
    }
    const filters = { label: [LABEL.owner] };
    texts.push(JSON.stringify(await client.listNetworks({ filters })));
    texts.push(JSON.stringify(await client.listVolumes({ filters: JSON.stringify(filters) as never })));
    for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      try {
        texts.push(readFileSync(`/proc/${name}/cmdline`, "utf8"));
      } catch {
        // It has ended.
      }
    }
    const { Mounts } = await client.getContainer(job.Id).inspect();
    const workspace = Mounts.find(({ Destination }) => Destination === "/__w/repository/repository");
    writeFileSync(join(workspace?.Source ?? "", "go-on"), "");
    return texts.join("\n");
  }
});
