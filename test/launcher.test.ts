// bin/slipway, the way the program is started from a checkout.
import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Sandbox } from "./support/slipway.ts";

const launcher = fileURLToPath(new URL("../bin/slipway", import.meta.url));

function launch(path: string, ...args: string[]) {
  return spawnSync(path, args, { encoding: "utf8", env: { PATH: process.env.PATH, HOME: "/nonexistent" } });
}

describe("bin/slipway", () => {
  it("starts the program, also through a link from elsewhere", () => {
    using sandbox = new Sandbox();
    symlinkSync(launcher, sandbox.join("slipway"));
    const { stdout, stderr, status } = launch(sandbox.join("slipway"), "--version");
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^slipway \d/);
    expect(status).toBe(0);
  });

  it("leaves options to the program that Node has too", () => {
    const { stderr, status } = launch(launcher, "run", "--env-file", "/no/such/file");
    expect(stderr).toContain("Cannot read --env-file /no/such/file");
    expect(status).toBe(2);
  });
});
