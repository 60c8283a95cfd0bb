// How runs with containers are stopped, and that nothing outlives them.
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { processesWith } from "../../src/executors/conformance/processes-with.ts";
import { readBuilds } from "../support/build-record.ts";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { waitFor } from "../support/server.ts";
import { slipway } from "../support/slipway.ts";
import { RunStage, type StageRunOptions, saidOf } from "./run-stage.fixture.ts";

const { client } = await testDocker();
const busybox = await loadImage(client, "busybox");

const workflow = (marker: string) => `on: push
jobs:
  waits:
    runs-on: ubuntu-latest
    container: ${busybox}
    services:
      beside: { image: '${busybox}', entrypoint: sleep, command: '600' }
    env: { MARKER: ${marker} }
    steps:
      - run: sleep 600 & setsid sleep 600 & (trap '' INT TERM; exec sleep 600) & echo fir''st; wait
      - uses: docker://${busybox}
        if: always()
        with: { entrypoint: /bin/sh, args: -c "echo clean''ing; sleep 1; echo cleaned" }
`;

function signals(...moments: readonly (readonly [text: string, signal: NodeJS.Signals])[]) {
  let next = 0;
  return ((soFar, child) => {
    const moment = moments[next];
    if (moment === undefined || !soFar.includes(moment[0])) return;
    next += 1;
    child.kill(moment[1]);
  }) satisfies NonNullable<StageRunOptions["onStdout"]>;
}

describe("a run with containers", () => {
  it("ends its steps and runs what always runs on Ctrl-C, and leaves nothing", async () => {
    const marker = `stop-${process.pid}-a`;
    using stage = await RunStage.open(workflow(marker));
    const ran = await stage.run([], { onStdout: signals(["first", "SIGINT"]) });
    expect(ran.build.result, saidOf(ran)).toBe("cancelled");
    expect(ran.job("waits").log).toContain("cleaned\n");
    expect(await stage.leftovers(ran)).toEqual([]);
    expect(processesWith(marker)).toEqual([]);
  });

  it("ends at once on a second Ctrl-C, and leaves nothing", async () => {
    const marker = `stop-${process.pid}-b`;
    using stage = await RunStage.open(workflow(marker).replace("sleep 1;", "sleep 600;"));
    const ran = await stage.run([], {
      onStdout: signals(["first", "SIGINT"], ["cleaning", "SIGINT"]),
    });
    expect(ran.build.result, saidOf(ran)).toBe("cancelled");
    expect(ran.job("waits").log).not.toContain("cleaned\n");
    expect(await stage.leftovers(ran)).toEqual([]);
    expect(processesWith(marker)).toEqual([]);
  });

  it("ends by itself where it is killed, and the next run takes away what is left", async () => {
    const marker = `stop-${process.pid}-c`;
    using stage = await RunStage.open(workflow(marker), { "next.yml": "" });
    let pid = 0;
    const ran = await slipway(["run", "--json", "--offline"], {
      cwd: stage.repository,
      env: stage.env,
      onStdout: (soFar, child) => {
        pid = child.pid;
        if (soFar.includes("first")) child.kill("SIGKILL");
      },
    });
    expect(ran.code).toBeNull();
    expect(readBuilds(ran.stdout)[0]?.result).toBeUndefined();
    await waitFor(() => processesWith(marker).length === 0);
    expect(await stage.inDaemon(pid)).not.toEqual([]);
    stage.box.write({
      "repository/.github/workflows/ci.yml": `on: push\njobs: { next: { runs-on: x, container: '${busybox}', steps: [{ run: sleep 2 }] } }\n`,
    });
    const next = await stage.run(["-P", "x=local"]);
    expect(next.code, saidOf(next)).toBe(0);
    await waitFor(async () => (await stage.inDaemon(pid)).length === 0);
    expect(readdirSync(stage.temp)).toEqual([]);
  });
});
