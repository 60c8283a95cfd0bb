import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryIo } from "../memory-io.fixture.ts";
import { failedStepShell } from "./failed-step-shell.ts";

let folder = "";

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-shell-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function setUp(shellScript: string) {
  const shell = join(folder, "shell");
  writeFileSync(shell, `#!/bin/sh\n${shellScript}\n`, { mode: 0o755 });
  const io = memoryIo({ cwd: "/", env: { SHELL: shell } });
  const said: string[] = [];
  const view = {
    suspend() {
      said.push("suspended");
      return () => {
        said.push("resumed");
      };
    },
  };
  const open = failedStepShell(io, view);
  const fail = (displayName: string) =>
    open(
      {
        displayName,
        env: { PATH: process.env.PATH ?? "", COLOR: "blue" },
        cwd: folder,
        error: "exit code 1",
      },
      { displayName: "build" },
    );
  return { io, said, fail };
}

describe("failedStepShell", () => {
  it("opens the person's shell in the step's folder and environment, with the view out of the way", async () => {
    const { io, said, fail } = setUp('echo "$COLOR $PWD" > seen');
    await fail("Run make");
    expect(readFileSync(join(folder, "seen"), "utf8")).toBe(`blue ${folder}\n`);
    expect(io.stderr.text).toContain("build › Run make failed: exit code 1");
    expect(said).toEqual(["suspended", "resumed"]);
  });

  it("opens one shell at a time", async () => {
    const { said, fail } = setUp("mkdir busy && rmdir busy");
    await Promise.all([fail("a"), fail("b"), fail("c")]);
    expect(said).toEqual(["suspended", "resumed", "suspended", "resumed", "suspended", "resumed"]);
  });

  it("goes on where the shell cannot be started", async () => {
    const { io, said, fail } = setUp("");
    rmSync(join(folder, "shell"));
    await fail("a");
    expect(io.stderr.text).toContain("could not be started");
    expect(said).toEqual(["suspended", "resumed"]);
  });
});
