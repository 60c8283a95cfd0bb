import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ArtifactSubject, declareArtifacts } from "./artifact-subjects.ts";

const HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const HEX = "a".repeat(64);
let workspace: string;
let declared: Map<string, ArtifactSubject>;

beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), "subjects-"));
  mkdirSync(join(workspace, "dist"));
  writeFileSync(join(workspace, "dist/app.txt"), "hello");
  writeFileSync(join(workspace, "other.txt"), "other");
  mkdirSync(join(workspace, "deep"));
  writeFileSync(join(workspace, "deep/app.txt"), "not hello");
  symlinkSync("dist/app.txt", join(workspace, "link.txt"));
  spawnSync("mkfifo", [join(workspace, "pipe")]);
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));
beforeEach(() => {
  declared = new Map();
});

describe("an entry", () => {
  const file = (name: string) => ({ name, digest: HELLO, kind: "file" });
  const image = (name: string, digest: string) => ({ name, digest, kind: "oci" });
  test.each<[string, object]>([
    ["dist/app.txt", file("app.txt")],
    ["  ./dist/../dist/app.txt  ", file("app.txt")],
    ["file://dist/app.txt", file("app.txt")],
    ["FILE://dist/app.txt", file("app.txt")],
    ["link.txt", file("link.txt")],
    [`ghcr.io/o/app:1@sha256:${HEX.toUpperCase()}`, image("ghcr.io/o/app:1", `sha256:${HEX}`)],
    [`oci://ghcr.io/o/app@sha512:${HEX}${HEX}`, image("ghcr.io/o/app", `sha512:${HEX}${HEX}`)],
  ])("%s", async (entry, subject) => {
    expect(await declareArtifacts(`# built\n\n${entry}\r\n`, declared, workspace)).toEqual({
      added: [subject],
    });
    expect([...declared.values()]).toEqual([subject]);
  });

  test("an absolute path", async () => {
    const { added } = await declareArtifacts(join(workspace, "dist/app.txt"), declared, "/");
    expect(added).toEqual([{ name: "app.txt", digest: HELLO, kind: "file" }]);
  });

  test("the same twice is one", async () => {
    const { added } = await declareArtifacts("dist/app.txt\ndist/app.txt", declared, workspace);
    expect(added).toHaveLength(1);
    expect(await declareArtifacts("dist/app.txt", declared, workspace)).toEqual({ added: [] });
  });
});

describe("a mistake adds nothing, and says which line", () => {
  test.each<[string, string]>([
    ["a=b", "entries containing '=' are reserved and not permitted"],
    ["file://", "file:// entries must include a path"],
    ["https://example.com/x", "unsupported URI scheme"],
    ["oci://app:1", "oci:// entries must include an @sha{256,384,512}:<hex> digest"],
    ["oci://app@sha256:abc", "digest 'sha256' must be 64 hex characters, got 3"],
    ["no/such", "file 'no/such' does not exist (relative paths are resolved against the workspace root "],
    ["/no/such", "file '/no/such' does not exist"],
    ["dist", "'dist' is a directory, not a regular file"],
    ["pipe", "'pipe' is not a regular file"],
    ["app@sha256:abc", "file 'app@sha256:abc' does not exist"],
    [
      "dist/app.txt\ndeep/app.txt",
      "Conflicting digest for artifact 'app.txt': previously declared as 'sha256:2cf",
    ],
  ])("%s", async (entry, message) => {
    const { added, error } = await declareArtifacts(`other.txt\n${entry}`, declared, workspace);
    expect(error).toContain(
      `Invalid $GITHUB_ARTIFACTS entry on line ${entry.includes("\n") ? 3 : 2}: ${message}`,
    );
    expect({ added, declared: declared.size }).toEqual({ added: [], declared: 0 });
  });

  test("more than 500 in a job", async () => {
    const entries = Array.from({ length: 501 }, (_, i) => `image${i}@sha256:${HEX}`);
    expect(await declareArtifacts(entries.slice(0, 500).join("\n"), declared, workspace)).toMatchObject({
      added: { length: 500 },
    });
    const { error } = await declareArtifacts(entries.join("\n"), declared, workspace);
    expect(error).toBe(
      "Invalid $GITHUB_ARTIFACTS entry on line 501: The job has exceeded the maximum of 500 declared artifacts.",
    );
  });
});
