import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Recording } from "../conformance/recording.ts";
import { mapping, run, uses } from "../conformance/steps.ts";
import type { RunningJob } from "../executor.ts";
import { dockerPlace } from "./docker-place.fixture.ts";
import { LABEL } from "./job-names.ts";

const LINES = 400;
/** Prints a line now and then, waits where it is told to, and ends with 42. */
const SCRIPT = `echo begun
i=0; while [ $i -lt ${LINES} ]; do i=$((i + 1)); echo "line-$i"; done
while [ -e hold ]; do sleep 0.05; done
echo last; echo "of=the step" >> "$GITHUB_OUTPUT"
exit 42`;
const PRINTED = ["begun", ...Array.from({ length: LINES }, (_, i) => `line-${i + 1}`), "last", ""].join("\n");

let place: Awaited<ReturnType<typeof dockerPlace>>;
beforeEach(async () => {
  place = await dockerPlace({ mode: "volume" });
});
afterEach(async () => {
  expect(await place.leftovers()).toEqual([]);
  await place.close();
});

async function start(isHeld: boolean): Promise<{ readonly job: RunningJob; readonly said: Recording }> {
  const said = new Recording();
  const { plain } = place.images;
  const step = uses(`docker://${plain}`, {
    id: "it",
    continueOnError: true,
    with: mapping({ entrypoint: "/bin/sh", args: "script.sh" }),
  });
  const steps = [
    run(`${isHeld ? "touch hold; " : ""}cat > script.sh <<'END'\n${SCRIPT}\nEND`),
    step,
    run("echo after"),
  ];
  const job = await place.executor.start({ ...place.request("job"), steps }, said.sink, said.note);
  return { job, said };
}

/** Another worker reads the job to its end; everything that was heard by either, once. */
async function takeOver(job: RunningJob, before: Recording): Promise<Recording> {
  const whole = new Recording();
  const heard = before.lastSeq;
  for (const frame of before.frames) void whole.sink(frame);
  const other = await place.reopen?.();
  const again = await other?.attach(job.ref, heard, whole.sink, whole.note);
  expect(await again?.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
  await again?.release?.();
  expect(whole.frames.map(({ seq }) => seq)).toEqual(whole.frames.map((_, index) => index + 1));
  return whole;
}

function expectWhole(said: Recording): void {
  expect(said.text(said.steps()[1]?.step)).toContain(PRINTED);
  expect(said.steps()[1]).toMatchObject({ outcome: "failure", conclusion: "success", exitCode: 42 });
  expect(said.printed(2)).toBe("after\n");
}

async function containersFor(role: "job" | "step") {
  const label = [`${LABEL.installation}=${place.installation}`, `${LABEL.role}=${role}`];
  return await place.client.listContainers({ all: true, filters: { label } });
}

/** What the step waits for is there. */
async function letGo(): Promise<void> {
  const [job] = await containersFor("job");
  const exec = await place.client
    .getContainer(job?.Id ?? "")
    .exec({ Cmd: ["/bin/rm", "/__w/project/project/hold"], AttachStdout: true });
  for await (const _ of await exec.start({}));
}

async function untilStepHasEnded(): Promise<void> {
  for (;;) {
    const [step] = await containersFor("step");
    if (step?.State !== "running") return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("a step in a container whose worker goes away", { timeout: 60_000 }, () => {
  it("goes on, and its output and exit code are whole, for the next worker", async () => {
    const { job, said } = await start(true);
    await said.until(`line-${LINES}\n`);
    await place.executor.close?.();
    await letGo();
    expectWhole(await takeOver(job, said));
  });

  it("ends while nobody is there, and its exit code is known to the next", async () => {
    const { job, said } = await start(true);
    await said.until("begun\n");
    await place.executor.close?.();
    await letGo();
    await untilStepHasEnded();
    expectWhole(await takeOver(job, said));
  });

  it("is begun by the next where the first went as it was asked for", async () => {
    const { job, said } = await start(false);
    await said.untilTrue(() => said.of("step.started").length === 3);
    await place.executor.close?.();
    expectWhole(await takeOver(job, said));
  });
});
