import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadImage } from "../../../test/support/images/load-image.ts";
import { testKit } from "../../../test/support/kit.ts";
import type { StepSpec } from "../../spec/workflow-spec.ts";
import { Recording } from "../conformance/recording.ts";
import { run, uses } from "../conformance/steps.ts";
import { dockerPlace } from "./docker-place.fixture.ts";
import { containerOfRef } from "./job-names.ts";

/** Each is lost by the shell that started it: who does not bury them is out of processes long before the end. */
const ORPHANS = `i=0; while [ $i -lt 2000 ]; do (true & :) || exit 9; i=$((i + 1)); done; echo "$i orphans"`;

describe("what a container's first process is there for", { timeout: 120_000 }, () => {
  let place: Awaited<ReturnType<typeof dockerPlace>>;
  let said: Recording;
  beforeEach(async () => {
    place = await dockerPlace({ mode: "bind" });
    said = new Recording();
  });
  afterEach(async () => {
    expect(await place.leftovers()).toEqual([]);
    await place.close();
  });

  const result = async (steps: readonly StepSpec[], options = "") => {
    const placement = {
      labels: [],
      container: { image: place.images.plain, env: {}, ports: [], volumes: [], options },
      services: [],
      stepImages: [],
      clone: false,
    };
    const job = await place.executor.start(
      { ...place.request("job"), steps, placement },
      said.sink,
      said.note,
    );
    const end = await job.ended;
    return end.kind === "reported" ? end.final.result : end.error.message;
  };

  it.each(["", "--init"])(
    "buries two thousand orphans where a hundred processes may be (%s)",
    async (more) => {
      expect(await result([run(ORPHANS)], `--pids-limit 100 ${more}`)).toBe("success");
      expect(said.printed()).toContain("2000 orphans\n");
    },
  );

  it("is out of processes without one: the control", async () => {
    const { folder } = await testKit();
    const kitFolder = mkdtempSync(join(dirname(folder), "stand-in-"));
    try {
      execFileSync("cp", ["-al", `${folder}/.`, kitFolder]);
      rmSync(join(kitFolder, "bin/init"));
      writeFileSync(join(kitFolder, "bin/init"), '#!/slipway/shell/sh\nshift 2\nexec "$@"\n', {
        mode: 0o755,
      });
      await place.close();
      place = await dockerPlace({ mode: "bind", kitFolder });
      expect(await result([run(ORPHANS)], "--pids-limit 100")).toBe("failure");
      expect(said.printed()).not.toContain("2000 orphans\n");
    } finally {
      rmSync(kitFolder, { recursive: true, force: true });
    }
  });

  it("hands signals on to the runner", async () => {
    const job = await place.executor.start(
      { ...place.request("job"), steps: [run("echo ready; while :; do sleep 0.05; done")] },
      said.sink,
      said.note,
    );
    await said.until("ready\n");
    await place.client.getContainer(containerOfRef(job.ref) ?? "").kill({ signal: "SIGTERM" });
    // The runner ends its step and says so; that nobody asked it to makes it a lost place.
    expect(await job.ended).toMatchObject({ kind: "lost", error: { retryable: true } });
    expect(said.steps().map(({ outcome }) => outcome)).toEqual(["cancelled"]);
  });

  it("starts the gate of a step's container whose image has settings that break node", async () => {
    const image = await loadImage(place.client, "busybox", {
      env: { NODE_OPTIONS: "--require /nowhere.js", PATH: "/bin" },
      entrypoint: ["sh", "-c", 'echo "has $NODE_OPTIONS"; env | grep SLIPWAY || echo nothing-of-ours'],
    });
    expect(await result([uses(`docker://${image}`)])).toBe("success");
    expect(said.printed()).toContain("has --require /nowhere.js\nnothing-of-ours\n");
  });
});
