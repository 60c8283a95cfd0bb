// The kit in images of every kind: its programs run there on their own, and what they start is the image's.
import type Docker from "dockerode";
import { beforeAll, describe, expect, it } from "vitest";
import { nodeVersion } from "../../scripts/kit/node-program.ts";
import { firstProcess } from "../../src/executors/kit/first-process.ts";
import { KIT } from "../../src/executors/kit/kit-layout.ts";
import { ensureKitVolume, kitMount } from "../../src/executors/kit/kit-volume.ts";
import { testDocker } from "../support/docker.ts";
import type { BaseImage } from "../support/images/base-files.ts";
import { loadImage } from "../support/images/load-image.ts";
import type { TestImageOptions } from "../support/images/test-image.ts";
import { testKit } from "../support/kit.ts";
import { type ContainerOptions, type ContainerOutcome, runContainer } from "../support/run-container.ts";

const IMAGES: readonly BaseImage[] = ["busybox", "glibc", "musl", "distroless", "scratch"];

let client: Docker;
let kit: Docker.MountSettings;
beforeAll(async () => {
  ({ client } = await testDocker());
  kit = kitMount(await ensureKitVolume(client, (await testKit()).source));
});

interface Given extends Omit<ContainerOptions, "image" | "cmd"> {
  readonly base: BaseImage;
  readonly variant?: TestImageOptions;
}

/** The kit's node with this script, as the container's first process. */
async function node({ base, variant, ...options }: Given, script: string): Promise<ContainerOutcome> {
  const image = await loadImage(client, base, variant);
  return runContainer(client, {
    image,
    entrypoint: [KIT.node, "--input-type=module", "--eval", script],
    cmd: [],
    mounts: [kit],
    ...options,
  });
}

const SAY_WHO = `console.log(JSON.stringify({
  execPath: process.execPath, version: process.versions.node, pid: process.pid, uid: process.getuid(),
  added: Object.keys(process.env).filter((name) => /^LD_|SLIPWAY|GIT_/.test(name)),
}))`;

describe.each(IMAGES)("the kit's node in %s", (base) => {
  it.each(["0:0", "12345:12345"])("runs as %s on a read-only root", async (user) => {
    const { code, stdout, stderr } = await node({ base, user, readOnly: true }, SAY_WHO);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      execPath: KIT.node,
      version: nodeVersion(),
      pid: 1,
      uid: Number(user.split(":")[0]),
      added: [],
    });
  });

  it.each([
    ["runner", "No job request came"],
    ["gate", "A gate needs the path of the socket"],
  ])("runs the %s, which lacks nothing but its input", async (program, asks) => {
    const image = await loadImage(client, base);
    const { code, stderr } = await runContainer(client, {
      image,
      entrypoint: firstProcess(program === "runner" ? KIT.runner : KIT.gate),
      cmd: [],
      user: "12345",
      readOnly: true,
      mounts: [kit],
      // With which a node that saw it would not start.
      env: ["NODE_OPTIONS=--require /nowhere.js"],
    });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(asks) });
  });

  it("starts itself again by process.execPath", async () => {
    const script = `import { execFileSync } from "node:child_process";
      console.log(execFileSync(process.execPath, ["-p", "6 * 7"], { encoding: "utf8" }).trim())`;
    expect(await node({ base, user: "12345" }, script)).toEqual({ code: 0, stdout: "42\n", stderr: "" });
  });
});

describe("what the kit's node starts", () => {
  const run = (file: string, args: readonly string[]) =>
    `import { spawnSync } from "node:child_process";
     const { error, status, stdout, stderr } = spawnSync(${JSON.stringify(file)}, ${JSON.stringify(args)}, { encoding: "utf8" });
     process.stdout.write(stdout ?? ""); process.stderr.write(stderr ?? error.message); process.exitCode = status ?? 99;`;

  it("finds the image's programs by the image's PATH, in the image's locale", async () => {
    const script = run("bash", ["-c", "tool-of-image; echo $PATH; echo $LANG $LC_TIME $HOME; type -P sh"]);
    expect(await node({ base: "glibc" }, script)).toEqual({
      code: 0,
      stdout:
        "tool of the image\n/opt/tools/bin:/usr/local/bin:/usr/bin:/bin\nC.UTF-8 POSIX /home/builder\n/usr/bin/sh\n",
      stderr: "",
    });
  });

  it("has the image's libraries and none of the kit's", async () => {
    const { stdout, stderr } = await node({ base: "glibc" }, run("cat", ["/proc/self/maps"]));
    expect(stderr).toBe("");
    expect(stdout).toMatch(/ \/(usr\/)?lib\S*\/libc\.so\.6$/m);
    expect(stdout).not.toContain("/slipway");
    // The control: node itself has them from the kit and has nothing of the image.
    const own = await node(
      { base: "glibc" },
      `import { readFileSync } from "node:fs"; process.stdout.write(readFileSync("/proc/self/maps"))`,
    );
    const files = [...own.stdout.matchAll(/ (\/\S+)$/gm)].map(([, file]) => file ?? "");
    expect(files.filter((file) => !file.startsWith("/slipway/"))).toEqual([]);
    expect(files).toContain("/slipway/lib/libc.so.6");
  });

  it("may be linked to musl", async () => {
    const script = run("probe", ["say", "from musl", "--", "env", "IMAGE_NAME", "LD_LIBRARY_PATH"]);
    expect(await node({ base: "musl", user: "12345" }, script)).toEqual({
      code: 0,
      stdout: "from musl\nIMAGE_NAME=musl\nLD_LIBRARY_PATH\n",
      stderr: "",
    });
  });

  it.each(["distroless", "scratch"] as const)(
    "is the command itself where there is no shell: %s",
    async (base) => {
      const file = base === "scratch" ? "/probe" : "probe";
      expect(await node({ base }, run(file, ["say", "$HOME * | done", "--", "exit", "9"]))).toEqual({
        code: 9,
        stdout: "$HOME * | done\n",
        stderr: "",
      });
      expect((await node({ base }, run("sh", ["-c", "true"]))).stderr).toContain("ENOENT");
    },
  );

  it.each(["distroless", "scratch"] as const)(
    "is the kit's shell where that is asked for: %s",
    async (base) => {
      const path = `process.env.PATH = [process.env.PATH, ${JSON.stringify(KIT.shellDirectory)}].filter(Boolean).join(":");`;
      const script =
        "set -e; for n in 1 2 3; do x=$x$n; done; echo $x | while read y; do echo got $y; done; exit 4";
      expect(await node({ base, user: "12345" }, `${path}${run("sh", ["-c", script])}`)).toEqual({
        code: 4,
        stdout: "got 123\n",
        stderr: "",
      });
    },
  );

  it("finds nothing of the kit but sh there", async () => {
    const script = `import { readdirSync } from "node:fs"; console.log(readdirSync(${JSON.stringify(KIT.shellDirectory)}).join())`;
    expect((await node({ base: "scratch" }, script)).stdout).toBe("sh\n");
  });
});

describe("an image's own settings for its libraries", () => {
  const hostile: TestImageOptions = {
    env: { LD_LIBRARY_PATH: "/wrong", LD_PRELOAD: "/wrong/libc.so.6", LD_BIND_NOW: "1", LD_DEBUG: "all" },
    files: [
      { path: "wrong/libc.so.6", type: "file", content: "no library", mode: 0o755 },
      { path: "wrong/libstdc++.so.6", type: "file", content: "no library", mode: 0o755 },
      { path: "etc/ld.so.preload", type: "file", content: "/wrong/libc.so.6\n" },
      { path: "etc/nsswitch.conf", type: "file", content: "hosts: wrong [!UNAVAIL=return]\n" },
    ],
  };

  it.each(["glibc", "scratch"] as const)("do not reach the kit's programs: %s", async (base) => {
    const script = `import { lookup } from "node:dns/promises"; import { execFileSync } from "node:child_process";
      const { address } = await lookup("localhost", { family: 4 });
      console.log(address, execFileSync(${JSON.stringify(KIT.git)}, ["--version"], { encoding: "utf8" }).trim());`;
    const { code, stdout, stderr } = await node({ base, variant: hostile }, script);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^127\.0\.0\.1 git version \d+\.\d+\.\d+\n$/),
      stderr: "",
    });
  });

  it("are still there for what is started", async () => {
    const script = `import { spawnSync } from "node:child_process";
      process.stdout.write(spawnSync("/probe", ["env", "LD_LIBRARY_PATH", "LD_PRELOAD"]).stdout)`;
    const { stdout } = await node({ base: "scratch", variant: hostile }, script);
    expect(stdout).toBe("LD_LIBRARY_PATH=/wrong\nLD_PRELOAD=/wrong/libc.so.6\n");
  });
});
