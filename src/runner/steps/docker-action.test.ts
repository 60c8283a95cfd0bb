import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { JobContainers } from "../../protocol/job-request.ts";
import { type GateProcess, ScriptedContainers, spawnGate } from "../containers/gate.fixture.ts";
import { dockerTrial } from "./docker-action.fixture.ts";

/** A step that runs a script in the image `tool`. */
function script(text: string, more = ""): string {
  const indented = text.trim().replace(/^/gm, "        ");
  return `
- uses: docker://tool
  with:
    entrypoint: /bin/sh
    args: -c "eval \\"$INPUT_SCRIPT\\""
    script: |
${indented}
${more.trim().replace(/^/gm, "  ")}
`;
}

function makeExecutable(folder: string, names: readonly string[]): void {
  for (const name of names) chmodSync(join(folder, name), 0o755);
}

const DOCKER_ACTION = (runs: string) => `
name: a tool
inputs:
  who: { default: world }
  mark: { required: false }
runs:
  using: docker
  image: docker://tool
${runs.trim().replace(/^/gm, "  ")}
`;

describe("a docker:// step", () => {
  it.each([
    ["- uses: docker://tool", "the command of the image\n"],
    [`- uses: docker://tool\n  with: { args: "'printf %s-' a" }`, undefined],
    [`- uses: docker://tool\n  with: { args: '"echo $0 $1" one "two words"' }`, "one two words\n"],
    [`- uses: docker://tool\n  with: { entrypoint: /bin/echo }`, "\n"],
    [`- uses: docker://tool\n  with: { entryPoint: /bin/echo, args: a  b }`, "a b\n"],
  ])("runs the image's program unless it names another: %s", async (step, printed) => {
    const { record, containers } = await dockerTrial(step);
    if (printed === undefined) expect(record.finished?.result).toBe("failure");
    else expect(record.printed).toContain(`\n${printed}`);
    expect(containers.started.map(({ container, removed }) => [container.image, removed])).toEqual([
      [{ kind: "pull", name: "tool" }, true],
    ]);
  });

  it("gets what the pipeline sets, under the names that stand in its container, and nothing of the machine", async () => {
    const { record, stepWorkspace, request } = await dockerTrial(
      `
- run: |
    echo FROM_FILE=file >> $GITHUB_ENV
    echo "FILE=$GITHUB_WORKSPACE/file" >> $GITHUB_ENV
    echo /of/the/job >> $GITHUB_PATH
${script('env | sort; pwd; echo "home is there: $(test -w $HOME && echo yes)"', "env: { OF_STEP: step, HOME: mine }")}`,
      {
        env: { PATH: "/usr/bin:/bin", OF_IMAGE: "image", HOME: "/root" },
        baseEnv: { OF_MACHINE: "machine" },
      },
    );
    expect(record.finished).toMatchObject({ result: "success" });
    const printed = record.steps.find(({ name }) => name.startsWith("Run docker"))?.log ?? "";
    for (const line of [
      "OF_IMAGE=image",
      "OF_STEP=step",
      "FROM_FILE=file",
      `FILE=${stepWorkspace}/file`,
      `GITHUB_WORKSPACE=${stepWorkspace}`,
      `HOME=${request.directories.temp}/_github_home`,
      "PATH=/usr/bin:/bin",
      "CI=true",
      "GITHUB_ACTIONS=true",
      "GITHUB_REPOSITORY=octo/ship",
      "RUNNER_OS=Linux",
      "INPUT_ENTRYPOINT=/bin/sh",
      "home is there: yes",
      request.directories.workspace,
    ]) {
      expect(printed.split("\n")).toContain(line);
    }
    expect(printed).not.toContain("OF_MACHINE");
    expect(printed).not.toContain("/of/the/job\n");
  });

  it("has workflow commands, environment files and masks like any other", async () => {
    const { record } = await dockerTrial(
      `${script(
        `
echo "one=1" >> $GITHUB_OUTPUT
echo "VALUE=set" >> $GITHUB_ENV
echo "# done" >> $GITHUB_STEP_SUMMARY
echo "::add-mask::hidden"; echo "this is hidden"
echo "::error file=$GITHUB_WORKSPACE/src/a.ts,line=3::wrong"
echo "the secret is s3cret-value"`,
        "id: it",
      )}
- run: echo "got \${{ steps.it.outputs.one }} and $VALUE"`,
      { contexts: { secrets: { TOKEN: "s3cret-value" } } },
    );
    expect(record.log).toContain("got 1 and set\n");
    expect(record.log).toContain("this is ***\n");
    expect(record.log).toContain("the secret is ***\n");
    expect(record.summaries).toEqual(["# done\n"]);
    expect(record.annotations).toMatchObject([
      { level: "error", message: "wrong", file: "src/a.ts", line: 3 },
    ]);
  });

  it("may write its environment files as another user", async () => {
    const modes: string[] = [];
    await dockerTrial(script("echo $GITHUB_OUTPUT; sleep 0.2"), {
      onFrame(frame, { log }) {
        const file = /^(\/.*set_output_\d+)$/m.exec(log)?.[1];
        if (frame.type === "log" && file !== undefined && modes.length === 0) {
          modes.push((statSync(file).mode & 0o777).toString(8));
        }
      },
    });
    expect(modes).toEqual(["666"]);
  });

  it("that fails fails with its exit code, unless it may", async () => {
    const { record, containers } = await dockerTrial(`
${script("exit 7", "continue-on-error: true")}
${script("exit 8")}
- run: echo never`);
    expect(record.ends).toEqual([
      "Run docker://tool: failure/success",
      "Run docker://tool: failure",
      "Run echo never: skipped",
    ]);
    expect(record.steps.filter(({ stage }) => stage === "main").map(({ exitCode }) => exitCode)).toEqual([
      7,
      8,
      undefined,
    ]);
    expect(containers.started.every(({ removed }) => removed)).toBe(true);
  });

  it("whose image cannot be had fails, says why, and the job goes on as it would", async () => {
    const { record } = await dockerTrial(`
- uses: docker://none
- if: failure()
  run: echo after`);
    expect(record.ends).toEqual(["Run docker://none: failure", "Run echo after: success"]);
    expect(record.log).toContain("Pulling none\n");
    expect(record.log).toContain("##[error]There is no image 'none'.\n");
  });

  it("without any program to run says so", async () => {
    const { record } = await dockerTrial("- uses: docker://bare", {
      images: { bare: { entrypoint: [], command: [] } },
    });
    expect(record.log).toContain(
      "##[error]The image 'bare' names no program to run, and neither does the step",
    );
  });

  it("that is cancelled gets SIGINT, says its last words, and goes", async () => {
    const cancel = new AbortController();
    const { record, containers } = await dockerTrial(
      `${script(`trap 'echo last words; exit 3' INT; echo up; while :; do sleep 0.05; done`)}
- if: always()
  run: echo always`,
      {
        ports: { signal: cancel.signal },
        onFrame(_, { log }) {
          if (/^up$/m.test(log)) cancel.abort("enough");
        },
      },
    );
    expect(record.log).toContain("last words\n");
    expect(record.ends).toEqual(["Run docker://tool: cancelled", "Run echo always: success"]);
    expect(record.finished?.result).toBe("cancelled");
    expect(containers.started.map(({ removed }) => removed)).toEqual([true]);
  });

  it("that takes too long is ended, also while its container is still being made", async () => {
    const { record, containers } = await dockerTrial("- uses: docker://tool\n  timeout-minutes: 0.005", {
      gates: false,
    });
    expect(record.ends).toEqual(["Run docker://tool: failure"]);
    expect(record.log).toContain("has timed out after 0.005 minutes");
    expect(containers.started.map(({ removed }) => removed)).toEqual([true]);
  });

  it("whose container dies is a failure that says what the engine said", async () => {
    const died = Promise.withResolvers<void>();
    const inner = new ScriptedContainers({ images: { tool: { entrypoint: [], command: [] } } });
    const { record } = await dockerTrial(script("echo up; sleep 300"), {
      onFrame(_, { log }) {
        if (/^up$/m.test(log)) died.resolve();
      },
      ports: {
        containers: {
          start(id, wish, log) {
            const started = inner.start(id, wish, log);
            void died.promise.then(() =>
              inner.end(id, { outOfMemory: true, error: "Out of memory (limit 64 MiB)." }),
            );
            return started;
          },
        },
      },
    });
    await inner.close();
    expect(record.log).toContain("##[error]Out of memory (limit 64 MiB).\n");
    expect(record.finished?.result).toBe("failure");
  });
});

describe("a docker action", () => {
  const RUNS = `
entrypoint: /bin/echo
pre-entrypoint: /bin/echo
post-entrypoint: /bin/echo
args:
  - "\${{ inputs.who }} of \${{ inputs.mark }}"
  - ""
  - 'a "quoted" part'
`;

  it("runs its stages with its arguments, evaluated, each one argument", async () => {
    const { record, containers } = await dockerTrial(
      "- uses: me/tool@v1\n  with: { mark: x }\n- run: echo between",
      { files: { "tool/action.yml": DOCKER_ACTION(RUNS) }, actions: { "me/tool@v1": "tool" } },
    );
    expect(record.ends).toEqual([
      "Pre Run me/tool@v1: success",
      "Run me/tool@v1: success",
      "Run echo between: success",
      "Post Run me/tool@v1: success",
    ]);
    const line = 'world of x  a "quoted" part\n';
    expect(record.printed.split(line).length - 1).toBe(3);
    expect(containers.started).toHaveLength(3);
  });

  it("keeps its state from stage to stage, and its inputs and its env in each", async () => {
    const body = `
      echo "$STAGE who=$INPUT_WHO a=$A b=$B state=\${STATE_seen:-none}"
      echo "seen=$STAGE" >> $GITHUB_STATE`;
    const stage = (name: string) => `#!/bin/sh\nSTAGE=${name}${body}\n`;
    const { record } = await dockerTrial(
      "- uses: me/tool@v1\n  with: { who: me }\n  env: { B: of the step }",
      {
        files: {
          "tool/action.yml": DOCKER_ACTION(`
pre-entrypoint: ./pre.sh
entrypoint: ./main.sh
post-entrypoint: ./post.sh
env: { A: "for \${{ inputs.who }}", B: of the action }`),
          "pre.sh": stage("pre"),
          "main.sh": stage("main"),
          "post.sh": stage("post"),
        },
        actions: { "me/tool@v1": "tool" },
        before: ({ directories }) => makeExecutable(directories.workspace, ["pre.sh", "main.sh", "post.sh"]),
      },
    );
    expect(record.printed.match(/^\w+ who=.*$/gm)).toEqual([
      "pre who=me a=for me b=of the step state=none",
      "main who=me a=for me b=of the step state=pre",
      "post who=me a=for me b=of the step state=main",
    ]);
  });

  it("heeds pre-if and post-if", async () => {
    const runs = `${RUNS}pre-if: runner.os == 'Windows'\npost-if: failure()`;
    const { record } = await dockerTrial("- uses: me/tool@v1", {
      files: { "tool/action.yml": DOCKER_ACTION(runs) },
      actions: { "me/tool@v1": "tool" },
    });
    expect(record.ends).toEqual([
      "Pre Run me/tool@v1: skipped",
      "Run me/tool@v1: success",
      "Post Run me/tool@v1: skipped",
    ]);
  });

  it("in the workspace has no pre, as on GitHub, and is built from its own folder", async () => {
    const action = DOCKER_ACTION(RUNS).replace("docker://tool", "docker/Dockerfile");
    const { record, containers, request } = await dockerTrial("- uses: ./tool", {
      files: { "tool/action.yml": action, "tool/docker/Dockerfile": "FROM scratch" },
      images: { docker: { entrypoint: [], command: [] } },
    });
    expect(record.annotations.map(({ message }) => message)).toEqual([
      "`pre` execution is not supported for local action from './tool'",
    ]);
    const folder = join(request.directories.workspace, "tool/docker");
    expect(containers.started.map(({ container }) => container.image)).toEqual([
      { kind: "build", context: folder, dockerfile: join(folder, "Dockerfile") },
      { kind: "build", context: folder, dockerfile: join(folder, "Dockerfile") },
    ]);
    expect(record.ends).toEqual(["Run ./tool: success", "Post Run ./tool: success"]);
  });

  it("that is only a Dockerfile runs what the image or the step says", async () => {
    const { record } = await dockerTrial("- uses: ./plain\n- uses: ./plain\n  with: { args: of the step }", {
      files: { "plain/Dockerfile": "FROM scratch" },
      images: { plain: { entrypoint: ["/bin/echo", "always"], command: ["of the image"] } },
    });
    expect(record.printed).toContain("\nalways of the image\n");
    expect(record.printed).toContain("\nalways of the step\n");
  });

  it("whose Dockerfile is missing says where it was looked for", async () => {
    const action = DOCKER_ACTION("").replace("docker://tool", "Missing");
    const { record } = await dockerTrial("- uses: ./tool", { files: { "tool/action.yml": action } });
    expect(record.log).toMatch(
      /##\[error\]'.*\/tool\/Missing', which '\.\/tool' names as its `image`, is no file/,
    );
  });

  it("may stand in a composite action, with what that sets", async () => {
    const { record } = await dockerTrial(
      '- uses: ./outer\n  id: outer\n- run: echo "got ${{ steps.outer.outputs.it }}"',
      {
        files: {
          "outer/action.yml": `
outputs: { it: { value: "\${{ steps.inner.outputs.it }}" } }
runs:
  using: composite
  steps:
    - { id: inner, uses: ./tool }
    - { uses: "docker://tool" }
`,
          "tool/action.yml": DOCKER_ACTION(
            `entrypoint: /bin/sh\nargs: ["-c", "echo it=inner >> $GITHUB_OUTPUT"]`,
          ),
        },
      },
    );
    expect(record.log).toContain("got inner\n");
    expect(record.log).toContain("the command of the image\n");
    expect(record.finished?.result).toBe("success");
  });
});

describe("a job without containers for its steps", () => {
  const none: Partial<JobContainers> = { steps: { kind: "none", reason: "This place has no engine." } };

  it.each([
    ["docker://tool", {}],
    ["me/tool@v1", { "me/tool@v1": "tool" }],
  ])("refuses %s before anything runs, with the reason", async (uses, actions) => {
    const { record, containers } = await dockerTrial(`- run: echo first\n- uses: ${uses}`, {
      among: none,
      files: { "tool/action.yml": DOCKER_ACTION("") },
      actions: actions as Record<string, string>,
    });
    expect(record.finished?.error).toBe(
      `.github/workflows/test.yml (Line: 7, Col: 9): '${uses}' runs in a container of its own, and here none can be made for it: This place has no engine.`,
    );
    expect(record.ends).toEqual([]);
    expect(containers.started).toEqual([]);
  });

  it("fails the step of a local action, which nobody could know of", async () => {
    const { record } = await dockerTrial("- run: echo first\n- uses: ./tool", {
      among: none,
      files: { "tool/action.yml": DOCKER_ACTION("") },
    });
    expect(record.ends).toEqual(["Run echo first: success", "Run ./tool: failure"]);
    expect(record.log).toContain("here none can be made for it: This place has no engine.");
  });
});

describe("a job whose containers stand beside it already", () => {
  const folder = mkdtempSync(join(tmpdir(), "gates-"));
  const gates: GateProcess[] = [];
  /** Two of the image `tool`, and one of which nothing is known. */
  const prepared = () => {
    const sockets = ["a", "b", "c"].map((name) => join(folder, name));
    gates.push(...sockets.map((socket) => spawnGate(socket, { PATH: process.env.PATH ?? "", AT: socket })));
    const [a = "", b = "", c = ""] = sockets;
    const config = { entrypoint: ["/bin/sh", "-c"], command: ["echo I am $AT"] };
    const list = [
      { image: "tool", socket: a, config },
      { image: "tool", socket: b, config },
      { image: "dark", socket: c },
    ];
    return { steps: { kind: "gated", gates: list } } as const satisfies Partial<JobContainers>;
  };
  afterEach(async () => {
    for (const { child } of gates) child.kill("SIGKILL");
    await Promise.all(gates.splice(0).map(({ exit }) => exit));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("uses each once, in their order, and says when none is left", async () => {
    const { record } = await dockerTrial("- uses: docker://tool\n".repeat(3), {
      among: prepared(),
    });
    expect(record.printed.match(/^I am .*$/gm)).toEqual([`I am ${folder}/a`, `I am ${folder}/b`]);
    expect(record.ends).toEqual([
      "Run docker://tool: success",
      "Run docker://tool: success",
      "Run docker://tool: failure",
    ]);
    expect(record.log).toContain(
      "No container with the image 'tool' is left in this job's pod (prepared: 'tool', 'dark')",
    );
    expect(await Promise.all(gates.slice(0, 2).map(({ exit }) => exit))).toMatchObject([
      { code: 0 },
      { code: 0 },
    ]);
  });

  it("asks for the program where it could not be found out", async () => {
    const { record } = await dockerTrial("- uses: docker://dark", { among: prepared() });
    expect(record.log).toContain(
      "##[error]What the image 'dark' runs could not be found out before the job started. Name it with `entrypoint`.",
    );
    const { record: named } = await dockerTrial(
      "- uses: docker://dark\n  with: { entrypoint: /bin/echo, args: named }",
      { among: prepared() },
    );
    expect(named.printed).toContain("\nnamed\n");
  });

  it("refuses an action with a Dockerfile before anything runs", async () => {
    const { record } = await dockerTrial("- run: echo first\n- uses: me/tool@v1", {
      among: { steps: { kind: "gated", gates: [] } },
      files: { "tool/action.yml": DOCKER_ACTION("").replace("docker://tool", "Dockerfile") },
      actions: { "me/tool@v1": "tool" },
    });
    expect(record.finished?.error).toMatch(
      /^\.github\/workflows\/test\.yml \(Line: 7, Col: 9\): 'me\/tool@v1' is built from a Dockerfile/,
    );
    expect(record.ends).toEqual([]);
  });
});

describe("a job among containers", () => {
  const services = { db: { id: "d1", network: "n", ports: { "5432": "49153" } } };

  it("sees itself and its services in the job context", async () => {
    const { record } = await dockerTrial(
      `- run: echo "\${{ job.container.id }} \${{ job.container.network }} \${{ job.services.db.ports['5432'] }} \${{ job.services.db.id }} \${{ job.services.db.network }}"`,
      { among: { job: { id: "c1", network: "n" }, services } },
    );
    expect(record.log).toContain("c1 n 49153 d1 n\n");
  });

  it.each([
    ["a container of its own", { job: { id: "c", network: "n" } }, /^shell: \S*\/sh -e \{0\}$/m],
    ["none", {}, /^shell: \S*\/bash -e \{0\}$/m],
  ])("with %s has the shell that GitHub gives it", async (_, among, shell) => {
    const { record } = await dockerTrial("- run: echo x", { among });
    expect(record.log).toMatch(shell);
    const { record: asked } = await dockerTrial("- run: echo x\n  shell: bash", { among });
    expect(asked.log).toMatch(/^shell: \S*\/bash --noprofile --norc -e -o pipefail \{0\}$/m);
  });
});
