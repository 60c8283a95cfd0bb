// The servers that tests of a run share: see parts/. They are started by the first test that needs one.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { stopParts } from "./parts/use-part.ts";

declare module "vitest" {
  export interface ProvidedContext {
    readonly partsFolder: string;
    readonly partsOwner: number;
  }
}

let folder: string | undefined;

export function setup(project: TestProject): void {
  folder = mkdtempSync(join(tmpdir(), "slipway-parts-"));
  // Servers that refuse to run as root reach what is theirs below it.
  chmodSync(folder, 0o711);
  project.provide("partsFolder", folder);
  project.provide("partsOwner", process.pid);
}

export async function teardown(): Promise<void> {
  if (folder === undefined) return;
  await stopParts(folder);
  rmSync(folder, { recursive: true, force: true });
}
