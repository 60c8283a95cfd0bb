// `npm start`: the demo of the README.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { waitFor } from "../support/server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("takes an example the whole way, prints the link, serves, and leaves nothing after Ctrl-C", async () => {
  const temporary = mkdtempSync(join(tmpdir(), "slipway-start-"));
  const child = spawn(process.execPath, [join(root, "scripts/start.ts")], {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    // As of a terminal: Ctrl-C reaches all of the group.
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const group = -(child.pid ?? 0);
  try {
    await waitFor(
      () => said.includes("Ctrl-C stops it"),
      120_000,
      () => said,
    );
    expect(said).toContain("The build has gone the whole way.");
    expect(said).toMatch(/✓ Succeeded\. 6 jobs: 6 done/);
    const link = /\S+\/login\?code=\S+/.exec(said)?.[0] ?? "";
    const answer = await fetch(link, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
    const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = await fetch(new URL("/", link), { headers: { cookie } });
    expect(await page.text()).toContain("examples/node-service");
    process.kill(group, "SIGINT");
    expect(await ended).toBe(0);
    expect(readdirSync(temporary).filter((name) => name.startsWith("slipway-"))).toEqual([]);
    await expect(fetch(new URL("/healthz", link))).rejects.toThrow("fetch failed");
  } finally {
    if (child.exitCode === null) process.kill(group, "SIGKILL");
    await ended;
    rmSync(temporary, { recursive: true, force: true });
  }
  expect(existsSync(temporary)).toBe(false);
}, 180_000);
