// How a run is stopped, and that nothing it started outlives it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type JobRecord, readBuilds } from "./support/build-record.ts";
import { type Ran, type RunOptions, Sandbox, slipway } from "./support/slipway.ts";

/** Starts a child, a daemon of its own session, one that forked twice, and one that ignores signals. */
const TREE = `
note() { echo "$1" >> "$PIDS"; }
sleep 600 & note $!
setsid sleep 600 & note $!
nohup setsid bash -c 'echo $$ >> "$PIDS"; exec sleep 600' > /dev/null 2>&1 &
(setsid bash -c '(trap "" INT TERM; echo $BASHPID >> "$PIDS"; exec sleep 600) & exit' &)
until [ "$(wc -l < "$PIDS")" -ge 4 ]; do sleep 0.01; done
`;

function workflow(job: string): string {
  return `on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n${job.replace(/^\n/, "")}`;
}

function script(text: string): string {
  return `|\n${text.trim().replaceAll(/^/gm, "          ")}`;
}

interface Stage extends Disposable {
  readonly cwd: string;
  /** Where steps write the ids of processes, one a line (`$PIDS`). */
  readonly pids: () => number[];
  readonly run: (onStdout?: RunOptions["onStdout"], args?: readonly string[]) => Promise<Ran>;
}

function stage(job: string): Stage {
  const sandbox = new Sandbox();
  const cwd = sandbox.repository("repository", {
    ".github/workflows/ci.yml": workflow(job),
    "after/action.yml": "name: After\nruns: { using: node24, main: main.js, post: post.js }\n",
    "after/main.js": "",
    "after/post.js": 'console.log("the post step ran");\n',
  });
  const file = sandbox.join("pids");
  return {
    cwd,
    pids: () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : []),
    run: (onStdout, args = []) =>
      slipway(["run", "--json", "--env", `PIDS=${file}`, ...args], {
        cwd,
        ...(onStdout === undefined ? {} : { onStdout }),
      }),
    [Symbol.dispose]: () => sandbox[Symbol.dispose](),
  };
}

type Moment = readonly [text: string, signal: NodeJS.Signals];

/** Sends a signal each time the output holds the next of these texts. */
function signalAt(...moments: readonly Moment[]) {
  let next = 0;
  return ((soFar, child) => {
    const moment = moments[next];
    if (moment === undefined || !soFar.includes(moment[0])) return;
    next += 1;
    child.kill(moment[1]);
  }) satisfies NonNullable<RunOptions["onStdout"]>;
}

function jobOf(ran: Ran): JobRecord {
  const job = readBuilds(ran.stdout)[0]?.jobs[0];
  if (job === undefined) throw new Error(`No job ran: ${ran.stdout}${ran.stderr}`);
  return job;
}

/** Of these processes the living; one that is dead and not yet buried by its parent counts as gone. */
function living(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  });
}

describe.each(["SIGINT", "SIGTERM"] as const)("one %s", (signal) => {
  it("lets the step clean up and what must run still run, and ends with 130", async () => {
    using it = stage(`
    steps:
      - uses: actions/checkout@v6
      - uses: ./after
      - name: long
        run: ${script(`
          trap 'echo "the step ""cleans up"; exit 9' INT
          echo "the step ""runs"
          while :; do sleep 0.05; done`)}
      - name: next
        run: echo "ne""ver"
      - name: always
        if: always()
        run: echo "always ""runs, job is \${{ job.status }}"
      - name: when cancelled
        if: cancelled()
        run: 'true'
`);
    const ran = await it.run(signalAt(["the step runs", signal]));
    expect(ran.code, ran.stderr).toBe(130);
    const job = jobOf(ran);
    const order = [
      "the step runs",
      "the step cleans up",
      "always runs, job is cancelled",
      "the post step ran",
    ];
    const places = order.map((text) => job.log.indexOf(text));
    expect(places, job.log).toEqual(places.filter((at) => at >= 0).toSorted((a, b) => a - b));
    expect(job.log).not.toContain("never");
    expect(job.result).toBe("cancelled");
    const conclusions = [...job.steps.values()].map(({ name, conclusion }) => [name, conclusion]);
    expect(conclusions).toContainEqual(["long", "cancelled"]);
    expect(conclusions).toContainEqual(["next", "skipped"]);
    expect(conclusions).toContainEqual(["when cancelled", "success"]);
  });
});

describe("a second signal", () => {
  it("kills at once what would not end", async () => {
    using it = stage(`
    steps:
      - run: ${script(`
          trap 'echo "asked ""to end"' INT TERM
          echo $$ >> "$PIDS"
          ${TREE}
          echo "the step ""runs"
          while :; do sleep 0.05 || true; done`)}
      - if: always()
        run: echo "ne""ver"
`);
    const ran = await it.run(signalAt(["the step runs", "SIGINT"], ["asked to end", "SIGINT"]));
    expect(ran.code, ran.stderr).toBe(130);
    expect(ran.stdout).not.toContain("never\\n");
    expect(it.pids().length).toBeGreaterThanOrEqual(5);
    expect(living(it.pids())).toEqual([]);
  });
});

describe("everything a job started", () => {
  const ways: readonly [how: string, job: string, last: string, code: number, moments: readonly Moment[]][] =
    [
      ["has ended", "", "true", 0, []],
      ["has failed", "", "exit 3", 1, []],
      ["ran out of time", "    timeout-minutes: 0.01\n", "sleep 600", 1, []],
      ["was cancelled", "", 'echo "the tree ""stands"; sleep 600', 130, [["the tree stands", "SIGINT"]]],
    ];

  it.each(ways)("is gone when the job %s", async (_how, key, last, code, moments) => {
    using it = stage(`${key}    steps:\n      - run: ${script(`${TREE}\n${last}`)}\n`);
    const ran = await it.run(signalAt(...moments));
    expect(ran.code, ran.stdout + ran.stderr).toBe(code);
    expect(it.pids().length).toBeGreaterThanOrEqual(4);
    expect(living(it.pids())).toEqual([]);
  });

  it("is gone when a step ran out of time, by the end of its job", async () => {
    using it = stage(
      `    steps:\n      - run: ${script(`${TREE}\nsleep 600`)}\n        timeout-minutes: 0.01\n`,
    );
    const ran = await it.run();
    expect(ran.code).toBe(1);
    expect(jobOf(ran).log).toContain("timed out");
    expect(it.pids().length).toBeGreaterThanOrEqual(4);
    expect(living(it.pids())).toEqual([]);
  });
});

describe("a run that was killed itself", () => {
  it("has its processes and folders swept by the next run, and no other's", async () => {
    using it = stage(`
    steps:
      - run: ${script(`
          ${TREE}
          touch "$RUNNER_TEMP/left-behind"
          echo "temp is $RUNNER_TEMP;"
          [ -z "$WAITS" ] || sleep 600`)}
        env: { WAITS: "\${{ vars.WAITS }}" }
`);
    const killed = await it.run(signalAt(["temp is", "SIGKILL"]), ["--var", "WAITS=yes"]);
    expect(killed.code).toBeNull();
    const left = it.pids();
    expect(left.length).toBeGreaterThanOrEqual(4);
    const temp = /temp is ([^;$\\\\]+);/.exec(killed.stdout)?.[1] ?? "";
    expect(existsSync(join(temp, "left-behind"))).toBe(true);
    const next = await it.run();
    expect(next.code, next.stdout + next.stderr).toBe(0);
    expect(living(left)).toEqual([]);
    expect(existsSync(temp)).toBe(false);
    expect(readdirSync("/dev/shm").filter((name) => killed.stdout.includes(`/dev/shm/${name}/`))).toEqual([]);
  });
});
