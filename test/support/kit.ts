import { buildKit } from "../../scripts/kit/build-kit-folder.ts";
import type { KitSource } from "../../src/executors/kit/kit-source.ts";

export interface TestKit {
  readonly folder: string;
  readonly source: KitSource;
}

/** The kit for this machine, of what is in `dist/`. The first on a machine takes some ten seconds. */
export async function testKit(): Promise<TestKit> {
  const folder = await buildKit({ arch: process.arch === "arm64" ? "arm64" : "x64" });
  return { folder, source: { kind: "folder", folder } };
}
