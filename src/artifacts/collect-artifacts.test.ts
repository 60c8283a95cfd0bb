import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32, inflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWorkspaceFile } from "../runner/artifacts/workspace-files.ts";
import type { ArtifactSpec } from "../spec/workflow-spec.ts";
import { lazyServices } from "./lazy-services.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("collectArtifacts", () => {
  let top: string;
  let workspace: string;

  beforeEach(async () => {
    top = await realpath(await mkdtemp(join(tmpdir(), "slipway-collect-")));
    workspace = join(top, "work");
    await write({ "dist/app.js": "app", "dist/sub/b.txt": "b", "dist/.hidden": "h", "README.md": "r" });
    await write({ ".git/config": "secret" });
  });
  afterEach(() => rm(top, { recursive: true, force: true }));

  async function write(files: Record<string, string>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(workspace, path)), { recursive: true });
      await writeFile(join(workspace, path), text);
    }
  }

  async function collect(...specs: ArtifactSpec[]) {
    const services = lazyServices({ directory: join(top, "artifacts"), clock: () => NOW });
    return services.collectArtifacts({ buildId: "b", workspace, specs });
  }

  /** Name to text of everything in the one artifact that was kept. */
  async function contents(
    path: string,
  ): Promise<{ files: Record<string, string>; problems: readonly string[] }> {
    const { artifacts, problems } = await collect({ name: "out", path });
    const [artifact] = artifacts;
    return { files: artifact ? unzip(await readFile(artifact.path)) : {}, problems };
  }

  const dist = { "dist/app.js": "app", "dist/sub/b.txt": "b", "dist/.hidden": "h" };
  it.each([
    ["a folder", "dist", dist],
    ["a folder with a slash", "./dist/", dist],
    ["a pattern", "dist/**/*.txt", { "dist/sub/b.txt": "b" }],
    ["a pattern that finds folders", "d*", dist],
    ["braces", "{README.md,dist/*.js}", { "README.md": "r", "dist/app.js": "app" }],
    ["a file", "README.md", { "README.md": "r" }],
    ["everything but .git", ".", { "README.md": "r", ...dist }],
    ["everything by pattern", "**", { "README.md": "r", ...dist }],
    [".git, where it is asked for", ".git", { ".git/config": "secret" }],
    ["a path from where commands see the workspace", "/workspace/dist/*.js", { "dist/app.js": "app" }],
  ])("keeps %s", async (_, path, files) => {
    expect(await contents(path)).toEqual({ files, problems: [] });
  });

  it("keeps an absolute path inside the workspace", async () => {
    expect((await contents(join(workspace, "README.md"))).files).toEqual({ "README.md": "r" });
  });

  it.each(["/etc/passwd", "../outside", "dist/../../outside", "/workspace/../etc"])(
    "refuses the path %j",
    async (path) => {
      await writeFile(join(top, "outside"), "outside");
      const { files, problems } = await contents(path);
      expect(files).toEqual({});
      expect(problems[0]).toContain(`artifact out: ${JSON.stringify(path)} lies outside the workspace`);
    },
  );

  it("refuses links that leave the workspace, says which, and keeps the rest", async () => {
    await mkdir(join(top, "outside"));
    await writeFile(join(top, "outside/secret"), "secret");
    await symlink(join(top, "outside/secret"), join(workspace, "dist/link"));
    await symlink(join(top, "outside"), join(workspace, "dist/door"));
    await symlink("nowhere", join(workspace, "dist/dangling"));
    const { files, problems } = await contents("dist");
    expect(files).toEqual(dist);
    expect([...problems].sort()).toEqual([
      "artifact out: dist/dangling is a link to nothing",
      "artifact out: dist/door is a link that leaves the workspace",
      "artifact out: dist/link is a link that leaves the workspace",
    ]);
    expect((await contents("dist/door/secret")).files).toEqual({});
  });

  it("follows links inside the workspace, and ends where they go in a circle", async () => {
    await symlink("app.js", join(workspace, "dist/latest.js"));
    await symlink("..", join(workspace, "dist/sub/up"));
    await symlink("dist", join(workspace, "current"));
    const { files } = await contents("current");
    expect(files["current/latest.js"]).toBe("app");
    expect(files["current/sub/b.txt"]).toBe("b");
    expect(Object.keys(files).every((name) => !name.includes("up/up"))).toBe(true);
  });

  it("keeps no pipes, and does not wait for them", async () => {
    execFileSync("bash", ["-c", 'mkfifo "$0"', join(workspace, "dist/pipe")]);
    const { files, problems } = await contents("dist");
    expect(files).toEqual(dist);
    expect(problems).toEqual(["artifact out: dist/pipe is neither a file nor a folder"]);
    await expect(openWorkspaceFile(workspace, "dist/pipe")).rejects.toMatchObject({ code: "InvalidSpec" });
  });

  it("opens nothing through a link that was put there meanwhile", async () => {
    await writeFile(join(top, "secret"), "secret");
    await symlink(join(top, "secret"), join(workspace, "swapped"));
    await expect(openWorkspaceFile(workspace, "swapped")).rejects.toMatchObject({ code: "Forbidden" });
  });

  it("says that nothing matches, and which name is bad, and still keeps the others", async () => {
    const report = await collect(
      { name: "none", path: "nothing/*" },
      { name: "a/b", path: "dist" },
      { name: "good", path: "README.md" },
    );
    expect(report.artifacts.map((a) => a.name)).toEqual(["good"]);
    expect(report.problems).toEqual([
      'artifact none: nothing matches "nothing/*"',
      'artifact a/b: the artifact name "a/b" holds a slash /',
    ]);
  });

  it("keeps it as long as the file says, for ever where it says nothing", async () => {
    const report = await collect(
      { name: "short", path: "dist", expiresSeconds: 60 },
      { name: "ever", path: "dist" },
    );
    expect(report.artifacts.map((a) => a.expiresAt)).toEqual([NOW + 60_000, Number.MAX_SAFE_INTEGER]);
  });

  it("makes zips that unzip like the files: names in any script, modes, large and empty ones", async () => {
    const big = "0123456789".repeat(300_000);
    await write({ "dist/日本語 ü.txt": "t", "dist/empty": "", "dist/big": big });
    const { files } = await contents("dist");
    expect(files).toEqual({ ...dist, "dist/日本語 ü.txt": "t", "dist/empty": "", "dist/big": big });
  });
});

/** Reads a zip by its central directory, checking each checksum. */
function unzip(zip: Buffer): Record<string, string> {
  const files: Record<string, string> = {};
  const end = zip.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const method = zip.readUInt16LE(at + 10);
    const crc = zip.readUInt32LE(at + 16);
    const size = zip.readUInt32LE(at + 20);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((o) => zip.readUInt16LE(at + o));
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString("utf8", at + 46, at + 46 + (nameBytes ?? 0));
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const data = zip.subarray(start, start + size);
    const content = method === 8 ? inflateRawSync(data) : data;
    expect(crc32(content)).toBe(crc);
    files[name] = content.toString("utf8");
    at += 46 + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  return files;
}
