// Docker actions and docker:// steps on a real daemon.
import { chownSync, lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { RunStage, saidOf } from "./run-stage.fixture.ts";

const { client } = await testDocker();
const [busybox, distroless] = await Promise.all([
  loadImage(client, "busybox"),
  loadImage(client, "distroless"),
]);
const onBox = ["-P", `ubuntu-latest=${busybox}`];

const BUILT = {
  "built/action.yml": `name: Built
description: from a Dockerfile
inputs: { who: { default: nobody } }
outputs: { greeting: { description: what was said } }
runs:
  using: docker
  image: Dockerfile
  env: { FROM_ACTION: 'action of \${{ inputs.who }}' }
  pre-entrypoint: /pre.sh
  entrypoint: /main.sh
  post-entrypoint: /post.sh
  args: ['\${{ inputs.who }}', two words]
`,
  "built/Dockerfile": `FROM ${busybox}\nCOPY *.sh /\nRUN chmod +x /*.sh && echo built > /built\nWORKDIR /elsewhere\n`,
  "built/pre.sh": '#!/bin/sh\necho "pre $INPUT_WHO"; echo "kept=by pre" >> "$GITHUB_STATE"\n',
  "built/main.sh": `#!/bin/sh
echo "main [$1] [$2] $(cat /built) $FROM_ACTION $INPUT_WHO $STATE_kept $PWD"
cat from-job
mkdir -p made/deep; echo x > made/deep/file
echo "greeting=hello $1" >> "$GITHUB_OUTPUT"
echo "SET=by action" >> "$GITHUB_ENV"
echo "/opt/of-action" >> "$GITHUB_PATH"
echo "# Summary ü" >> "$GITHUB_STEP_SUMMARY"
echo "::warning file=a.txt,line=3::careful"
test -S /var/run/docker.sock && echo socket
exit 0
`,
  "built/post.sh": '#!/bin/sh\necho "post $STATE_kept"\n',
};

describe("docker actions", () => {
  it("of a Dockerfile: pre, main and post, inputs, outputs, environment files, and files that are the user's", async () => {
    using stage = await RunStage.open(
      `on: push
jobs:
  acts:
    runs-on: ubuntu-latest
    outputs: { greeting: '\${{ steps.built.outputs.greeting }}' }
    steps:
      - uses: actions/checkout@v6
      - run: echo "of the job" > from-job
      - id: built
        uses: harbour/built@v1
        with: { who: the ü harbour }
      - run: echo "$SET"; echo "$PATH"; cat made/deep/file; rm -r made
      - uses: ./composite
        id: composite
      - run: test "\${{ steps.composite.outputs.out }}" = "from inside"
  root:
    runs-on: ubuntu-latest
    container: ${busybox}
    steps:
      - uses: actions/checkout@v6
      - uses: ./
`,
      {
        ...BUILT,
        "action.yml":
          "name: Root\ndescription: r\nruns: { using: docker, image: sub/My.Dockerfile, args: [one] }\n",
        "sub/My.Dockerfile": `FROM ${busybox}\nENTRYPOINT ["/bin/sh", "-c", "echo of the root: $0"]\n`,
        "composite/action.yml": `name: C
description: c
outputs: { out: { value: '\${{ steps.inner.outputs.o }}' } }
runs:
  using: composite
  steps:
    - id: inner
      uses: ./inner
    - uses: docker://${distroless}
      with: { entrypoint: /app/probe, args: id -- pwd }
`,
        "inner/action.yml": `name: I\ndescription: i\nruns: { using: docker, image: 'docker://${busybox}', entrypoint: sh, args: [-c, 'echo "o=from inside" >> "$GITHUB_OUTPUT"'] }\n`,
      },
    );
    const built = `harbour/built@v1=${join(stage.repository, "built")}`;
    const ran = await stage.run([...onBox, "--local-action", built]);
    expect(ran.code, saidOf(ran)).toBe(0);
    const acts = ran.job("acts");
    expect(acts.outputs).toEqual({ greeting: "hello the ü harbour" });
    const order = [
      "pre the ü harbour\n",
      "main [the ü harbour] [two words] built action of the ü harbour the ü harbour by pre /github/workspace\n",
      "of the job\n",
      "by action\n/opt/of-action:",
      "x\n",
      "65532 65532\n",
      "post by pre\n",
    ];
    const at = order.map((text) => acts.log.indexOf(text));
    expect(at, acts.log).toEqual(at.toSorted((a, b) => a - b));
    expect(at).not.toContain(-1);
    expect(acts.log).not.toContain("socket\n");
    expect(ran.build.summaries.join()).toContain("# Summary ü");
    expect(ran.build.annotations).toContainEqual(expect.objectContaining({ message: "careful", line: 3 }));
    expect(ran.job("root").log).toContain("of the root: one\n");
    expect(await stage.leftovers(ran)).toEqual([]);
  });

  it("tell of failures: of a build, of an exit, of a program that is not there, of memory", async () => {
    using stage = await RunStage.open(
      `on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps: [{ uses: actions/checkout@v6 }, { uses: ./broken }]
  exit:
    runs-on: ubuntu-latest
    steps:
      - uses: docker://${busybox}
        with: { entrypoint: /bin/sh, args: -c "echo goes; exit 41" }
  program:
    runs-on: ubuntu-latest
    steps:
      - uses: docker://${busybox}
        with: { entrypoint: /bin/not-there }
`,
      {
        "broken/action.yml": "name: B\ndescription: b\nruns: { using: docker, image: Dockerfile }\n",
        "broken/Dockerfile": `FROM ${busybox}\nRUN echo about to fail; exit 7\n`,
      },
    );
    const ran = await stage.run(onBox);
    expect(ran.code).toBe(1);
    expect(ran.job("build").log).toContain("about to fail");
    expect(ran.job("build").log).toMatch(/returned a non-zero code: 7/);
    expect([...ran.job("exit").steps.values()].map(({ exitCode }) => exitCode)).toContain(41);
    expect(ran.job("program").log).toContain("/bin/not-there");
    expect(await stage.leftovers(ran)).toEqual([]);
  });

  it("leave nothing of root's where whoever runs slipway works in the folder itself", async () => {
    using stage = await RunStage.open(
      `on: push
jobs:
  writes:
    runs-on: ubuntu-latest
    steps:
      - run: mkdir -p by-job/deep; echo x > by-job/deep/file
      - uses: docker://${busybox}
        with: { entrypoint: /bin/sh, args: '-c "mkdir -p by-step/deep; echo x > by-step/deep/file; chmod 700 by-step"' }
`,
    );
    const uid = 54_321;
    // As members of the group `docker` do, they may speak to the daemon.
    const { gid } = statSync(stage.docker.socketPath ?? "");
    for (const path of everyPath(stage.box.path)) chownSync(path, uid, gid);
    const ran = await stage.run(["--bind", ...onBox], { user: { uid, gid } });
    expect(ran.code, saidOf(ran)).toBe(0);
    const paths = everyPath(stage.box.path);
    expect(paths.some((path) => path.endsWith("by-step/deep/file"))).toBe(true);
    expect(paths.some((path) => path.endsWith("by-job/deep/file"))).toBe(true);
    expect(paths.filter((path) => lstatSync(path).uid !== uid)).toEqual([]);
    expect(await stage.leftovers(ran)).toEqual([]);
  });
});

function everyPath(folder: string): string[] {
  const below = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  return [folder, ...below];
}
