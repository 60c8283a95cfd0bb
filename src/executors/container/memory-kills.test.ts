import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { MemoryKills } from "./memory-kills.ts";

function cgroup(files: { readonly [file: string]: string }): string {
  const root = mkdtempSync(join(tmpdir(), "slipway-cgroup-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  write(root, files);
  return root;
}

function write(root: string, files: { readonly [file: string]: string }): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}

it.each([
  ["memory.events", "low 0\nhigh 0\nmax 9\noom 3\noom_kill N\n", "memory.max", "100663296\n"],
  [
    "memory/memory.oom_control",
    "oom_kill_disable 0\nunder_oom 0\noom_kill N\n",
    "memory/memory.limit_in_bytes",
    "100663296\n",
  ],
])("tells of what was killed since it looked first, with the limit (%s)", (events, text, limit, bytes) => {
  const root = cgroup({ [events]: text.replace("N", "1"), [limit]: bytes });
  const kills = new MemoryKills(root);
  expect(kills.describe()).toBeUndefined();
  write(root, { [events]: text.replace("N", "2") });
  expect(kills.describe()).toBe(
    "A process of the job was killed because its container was out of memory (limit 96 MiB).",
  );
});

it("names no limit where there is none, and says nothing where nothing can be read", () => {
  const root = cgroup({ "memory.events": "oom_kill 0\n", "memory.max": "max\n" });
  const kills = new MemoryKills(root);
  write(root, { "memory.events": "oom_kill 1\n" });
  expect(kills.describe()).toBe("A process of the job was killed because its container was out of memory.");
  expect(new MemoryKills(join(root, "nowhere")).describe()).toBeUndefined();
});
