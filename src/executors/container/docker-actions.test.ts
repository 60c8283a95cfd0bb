import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Frame } from "../../protocol/frame.ts";
import { until } from "../../runner/containers/gate.fixture.ts";
import { jobRequestOf } from "../../runner/testing/job-request.ts";
import { JobRecord, jobOf } from "../../runner/testing/record-job.ts";
import { dockerPlace } from "../docker/docker-place.fixture.ts";
import type { RunningJob } from "../executor.ts";

let place: Awaited<ReturnType<typeof dockerPlace>>;
let jobs = 0;

beforeAll(async () => {
  place = await dockerPlace({ mode: "volume" });
}, 300_000);
afterAll(async () => {
  await place.close();
}, 60_000);

interface Started {
  readonly record: JobRecord;
  readonly running: RunningJob;
  readonly notes: string[];
}

/** Runs the steps in the image `plain`, on the run's real Docker daemon. */
async function start(steps: string, secrets: Record<string, string> = {}): Promise<Started> {
  const record = new JobRecord();
  const notes: string[] = [];
  const request = place.request(`docker-actions-${++jobs}`);
  const running = await place.executor.start(
    {
      ...request,
      steps: jobRequestOf(jobOf(steps), { root: "/none" }).steps,
      contexts: { ...request.contexts, secrets },
    },
    (frame: Frame) => record.add(frame),
    (text) => void notes.push(text),
  );
  return { record, running, notes };
}

async function run(steps: string, secrets?: Record<string, string>): Promise<JobRecord> {
  const { record, running, notes } = await start(steps, secrets);
  const end = await running.ended;
  if (end.kind !== "reported") throw new Error(`lost: ${end.error.message} ${notes.join("\n")}`);
  await running.release?.();
  expect(await place.leftovers()).toEqual([]);
  return record;
}

describe("steps in containers of their own, on Docker", () => {
  it("see the workspace and the job's network, and set what later steps read", async () => {
    const { plain } = place.images;
    const record = await run(
      `
- run: |
    echo "from the job" > file
    (while true; do echo "hello from the job" | nc -l -p 4567; done) &
    sleep 0.2
- id: it
  uses: docker://${plain}
  env: { TOKEN: "\${{ secrets.TOKEN }}" }
  with:
    entrypoint: /bin/sh
    args: -c "eval \\"$INPUT_SCRIPT\\""
    script: |
      pwd; cat file; nc 127.0.0.1 4567 < /dev/null
      echo "$GITHUB_WORKSPACE $FROM_IMAGE $PATH $TOKEN"
      echo made > made
      echo "out=put" >> $GITHUB_OUTPUT; echo "SET=here" >> $GITHUB_ENV
- run: echo "\${{ steps.it.outputs.out }} $SET $(cat made)"`,
      { TOKEN: "s3cret-value" },
    );
    expect(record.finished).toMatchObject({ result: "success" });
    expect(record.printed).toContain("/github/workspace\nfrom the job\nhello from the job\n");
    expect(record.printed).toContain("/github/workspace of the image /image/bin:/bin ***\n");
    expect(record.printed).toContain("put here made\n");
  }, 120_000);

  it("need no shell and no root in their image, and end with their program's exit code", async () => {
    const { noShell, nonRoot, withEntrypoint } = place.images;
    const record = await run(`
- uses: docker://${noShell}
  with: { entrypoint: /busybox, args: "echo no shell needed" }
- uses: docker://${nonRoot}
  with: { entrypoint: /bin/sh, args: '-c "id -u; echo user=$(id -u) >> $GITHUB_OUTPUT"' }
  id: user
- uses: docker://${withEntrypoint}
  with: { args: 'a "b c"' }
- run: echo "user \${{ steps.user.outputs.user }}"
- uses: docker://${noShell}
  with: { entrypoint: /no/such }`);
    expect(record.printed).toContain("no shell needed\n");
    expect(record.printed).toContain("\n1234\n");
    expect(record.printed).toContain("entry: [a] [b c]\n");
    expect(record.printed).toContain("user 1234\n");
    expect(record.printed).toContain('"/no/such" does not exist.\n');
    expect(record.steps.find(({ outcome }) => outcome === "failure")).toMatchObject({ exitCode: 127 });
  }, 120_000);

  it("are built where an action has a Dockerfile, with pre and post around the job", async () => {
    const record = await run(`
- run: |
    mkdir -p tool
    printf 'FROM ${place.images.plain}\\nCOPY main.sh /main.sh\\nENTRYPOINT ["/bin/sh", "/main.sh"]\\n' > tool/Dockerfile
    printf 'echo "main of $1, state $STATE_it"; echo it=kept >> $GITHUB_STATE' > tool/main.sh
    cat > tool/action.yml <<'END'
    inputs: { who: { default: nobody } }
    runs:
      using: docker
      image: Dockerfile
      args: ["@{{ inputs.who }}"]
      post-entrypoint: /image/bin/own-tool
    END
    sed -i 's|@|$|' tool/action.yml
- uses: ./tool
  with: { who: the action }`);
    expect(record.ends.at(-1)).toMatch(/^Post Run \.\/tool: success$/);
    expect(record.printed).toContain("main of the action, state \n");
    expect(record.printed).toContain("the image's own\n");
  }, 120_000);

  it("whose image cannot be had fail with the daemon's reason", async () => {
    const record = await run("- uses: docker://127.0.0.1:1/nobody/has-this:1");
    expect(record.finished).toMatchObject({ result: "failure" });
    expect(record.annotations.at(-1)?.message).toMatch(/127\.0\.0\.1:1/);
  }, 120_000);

  it("are told to end, say their last words, and keep no secret where others look", async () => {
    const { record, running } = await start(
      `
- uses: docker://${place.images.plain}
  env: { TOKEN: "\${{ secrets.TOKEN }}" }
  with:
    entrypoint: /bin/sh
    args: -c "trap 'echo last words; exit 4' INT; echo up $TOKEN; while :; do sleep 0.1; done"
- if: always()
  run: echo always`,
      { TOKEN: "s3cret-value" },
    );
    await until(() => /^up /m.test(record.log));
    expect(await place.exposed("s3cret-value")).toEqual([]);
    running.cancel("enough");
    expect(await running.ended).toMatchObject({ kind: "reported", final: { result: "cancelled" } });
    expect(record.log).toContain("last words\n");
    expect(record.log).toContain("always\n");
    await running.release?.();
    expect(await place.leftovers()).toEqual([]);
  }, 120_000);
});

it("a runner in an image without git checks out with the kit's, which steps do not see", async () => {
  const bound = await dockerPlace({ mode: "bind" });
  try {
    const checkout = await bound.checkout?.({ file: "of the commit\n" });
    const request = bound.request("checkout");
    const record = new JobRecord();
    const steps = `
- run: command -v git || echo "no git here"
- uses: actions/checkout@v4
- run: cat file; env`;
    const running = await bound.executor.start(
      {
        ...request,
        steps: jobRequestOf(jobOf(steps), { root: "/none" }).steps,
        ...(checkout === undefined ? {} : { checkout }),
      },
      (frame) => record.add(frame),
    );
    expect(await running.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    expect(record.printed).toContain("no git here\n");
    expect(record.printed).toContain("of the commit\n");
    expect(record.printed).not.toMatch(/^(GIT_|SLIPWAY_)/m);
  } finally {
    await bound.close();
  }
}, 120_000);
