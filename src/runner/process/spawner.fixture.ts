import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { type Clock, systemClock } from "../../clock.ts";
import { Spawner } from "./spawner.ts";

export const spawnerProgram = {
  file: process.execPath,
  args: [fileURLToPath(new URL("spawner-main.ts", import.meta.url))],
};

/** Close it. */
export async function readySpawner(clock: Clock = systemClock): Promise<Spawner> {
  const spawner = new Spawner(spawnerProgram, clock, { starts: 1, withinMs: 1 });
  spawner.note();
  await vi.waitUntil(() => spawner.isReady, { timeout: 10_000 });
  return spawner;
}
