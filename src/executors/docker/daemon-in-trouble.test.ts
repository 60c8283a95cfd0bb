import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testDocker } from "../../../test/support/docker.ts";
import { systemClock } from "../../clock.ts";
import { Recording } from "../conformance/recording.ts";
import { mapping, run, uses } from "../conformance/steps.ts";
import { dockerPlace } from "./docker-place.fixture.ts";
import { dockerodeEngine } from "./dockerode-engine.ts";
import { parseEngineAddress } from "./engine-address.ts";
import { type Fault, type FaultAction, FaultyWire } from "./faulty-wire.fixture.ts";

const TROUBLE: FaultAction = { kind: "status", status: 500, message: "the daemon is in trouble" };
const LATE: FaultAction = { kind: "late", ms: 1_500 };
const [UNHEARD, GARBAGE, HALF] = [{ kind: "unheard" }, { kind: "garbage" }, { kind: "half" }] as const;

const NETWORK = { method: "POST", path: /^\/networks\/create$/ };
const VOLUME = { method: "POST", path: /^\/volumes\/create$/ };
const CREATE = { method: "POST", path: /^\/containers\/create$/ };
const ATTACH = { method: "POST", path: /^\/containers\/[^/]+\/attach$/ };
const START = { method: "POST", path: /^\/containers\/[^/]+\/start$/ };
const LOGS = { method: "GET", path: /^\/containers\/[^/]+\/logs$/ };
const LOOK = { method: "GET", path: /^\/containers\/[^/]+\/json$/ };
const IMAGE = { method: "GET", path: /^\/images\/.+\/json$/ };
const REMOVE = { method: "DELETE", path: /^\/containers\// };
const LEAVE = { method: "DELETE", path: /^\/(networks|volumes)\// };

/** What hits the call that begins a job loses it, to be tried again; nothing is left whether the daemon did it or not. */
const LOST: { readonly [title: string]: Fault } = {
  "a network that cannot be made": { ...NETWORK, action: TROUBLE },
  "a network that is made, and nobody hears of it": { ...NETWORK, action: UNHEARD },
  "a volume that cannot be made": { ...VOLUME, action: TROUBLE },
  "an image that cannot be looked at": { ...IMAGE, action: TROUBLE },
  "a container that cannot be made": { ...CREATE, action: TROUBLE },
  "a container that is made, and nobody hears of it": { ...CREATE, action: UNHEARD },
  "a container that is made, and words that nobody can read": { ...CREATE, action: GARBAGE },
  "a container that is made, and half an answer": { ...CREATE, action: HALF },
  "a container that cannot be attached to": { ...ATTACH, action: TROUBLE },
  "an attachment that breaks": { ...ATTACH, action: UNHEARD },
  "an attachment that speaks no HTTP": { ...ATTACH, action: GARBAGE },
  "a container that cannot be started": { ...START, action: TROUBLE },
  "a container that is started, and nobody hears of it": { ...START, action: UNHEARD },
  "a container that is started, and words that nobody can read": { ...START, action: GARBAGE },
};

/** What the daemon does late, or again, costs time alone. */
const DONE: { readonly [title: string]: readonly Fault[] } = {
  "late answers": [NETWORK, VOLUME, CREATE, START].map((call) => ({ ...call, action: LATE, times: 9 })),
  "containers that cannot be removed at first": [{ ...REMOVE, action: TROUBLE, times: 2 }],
  "networks and volumes that cannot be removed at first": [{ ...LEAVE, action: TROUBLE, times: 3 }],
  "a removal that nobody hears of": [{ ...REMOVE, action: UNHEARD }],
};

/** After the connection was cut while a step runs: the ways back to it. */
const FOLLOWED: { readonly [title: string]: readonly Fault[] } = {
  "a container that cannot be looked at": [{ ...LOOK, action: TROUBLE, times: 3 }],
  "a log that cannot be read": [{ ...LOGS, action: TROUBLE, times: 3 }],
  "a log that breaks before its first word": [{ ...LOGS, action: UNHEARD }],
  "a log that is no HTTP": [{ ...LOGS, action: GARBAGE }],
  "an attachment that is refused": [{ ...ATTACH, action: TROUBLE, times: 2 }],
  "an attachment that is no HTTP": [{ ...ATTACH, action: GARBAGE }],
  "late answers": [LOOK, LOGS].map((call) => ({ ...call, action: LATE, times: 9 })),
};

describe("a daemon in trouble", { timeout: 60_000 }, () => {
  let place: Awaited<ReturnType<typeof dockerPlace>>;
  let wire: FaultyWire;
  let folder: string;
  let said: Recording;
  let jobs = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "slipway-wire-"));
    const { socketPath = "" } = await testDocker();
    wire = await FaultyWire.open(join(folder, "d.sock"), socketPath);
    const address = parseEngineAddress(`unix://${wire.path}`);
    const engine = async () => await dockerodeEngine({ address, clock: systemClock });
    place = await dockerPlace({ mode: "volume", more: { engine } });
    const job = await start("echo the kit and all that is asked once is there");
    await job.ended;
    await job.release?.();
  }, 120_000);
  afterAll(async () => {
    await place.close();
    await wire.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    said = new Recording();
    wire.hits = 0;
  });
  afterEach(async () => {
    wire.set();
    expect(await place.leftovers()).toEqual([]);
  });

  async function start(script: string) {
    said = new Recording();
    jobs += 1;
    const request = { ...place.request(`job-${jobs}`), steps: [run(script)] };
    return await place.executor.start(request, said.sink, said.note);
  }

  it.each(Object.entries(LOST))("loses a job to be tried again: %s", async (_, fault) => {
    wire.set(fault);
    const job = await start("echo ok");
    const end = await job.ended;
    expect(wire.hits).toBe(1);
    expect(end).toMatchObject({ kind: "lost", error: { retryable: true } });
  });

  it.each(Object.entries(DONE))("costs a job time alone: %s", async (_, faults) => {
    wire.set(...faults);
    const job = await start("echo ok");
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    await job.release?.();
    expect(wire.hits).toBeGreaterThan(0);
    expect(said.printed()).toBe("ok\n");
  });

  it.each(Object.entries(FOLLOWED))("is got over by a job that runs: %s", async (_, faults) => {
    const job = await start(
      "i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo line-$i; done; touch /tmp/there; while [ -e /tmp/there ]; do sleep 0.05; done; echo end",
    );
    await said.until("line-200\n");
    wire.set(...faults);
    wire.drop();
    while (wire.hits === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await letGo();
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    await job.release?.();
    const lines = Array.from({ length: 200 }, (__, index) => `line-${index + 1}\n`).join("");
    expect(said.printed()).toBe(`${lines}end\n`);
    expect(said.frames.map(({ seq }) => seq)).toEqual(said.frames.map((__, index) => index + 1));
  });

  it("fails a step whose container cannot be made, and the job goes on to its end", async () => {
    wire.set({ ...CREATE, action: TROUBLE, after: 1 });
    const image = `docker://${place.images.plain}`;
    jobs += 1;
    const request = {
      ...place.request(`job-${jobs}`),
      steps: [
        uses(image, { with: mapping({ entrypoint: "/bin/true" }) }),
        run("echo always", { if: { source: "always()", at: { line: 1, column: 1 } } }),
      ],
    };
    const job = await place.executor.start(request, said.sink, said.note);
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "failure" } });
    await job.release?.();
    expect(wire.hits).toBe(1);
    expect(said.everything()).toContain("the daemon is in trouble");
    expect(said.printed(1)).toBe("always\n");
  });

  async function letGo(): Promise<void> {
    const [{ Id } = { Id: "" }] = await place.client.listContainers({
      filters: { label: [`slipway.dev/installation=${place.installation}`] },
    });
    const exec = await place.client
      .getContainer(Id)
      .exec({ Cmd: ["/bin/rm", "/tmp/there"], AttachStdout: true });
    for await (const __ of await exec.start({}));
  }
});
