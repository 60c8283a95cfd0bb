import type { BuildEnd, BuildOptions } from "./build-options.ts";
import { BuildRun } from "./build-run.ts";

/**
 * Runs a workflow to its end. Resolves whatever the result; rejects only where `sink` throws, after everything it
 * started was ended. Every event has been handed to `sink`, and taken by it, before this resolves.
 */
export async function runBuild(options: BuildOptions): Promise<BuildEnd> {
  return await new BuildRun(options).run();
}
