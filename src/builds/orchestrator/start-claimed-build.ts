import { RecentPipelines } from "../../spec/recent-pipelines.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import { BuildConductor } from "./build-conductor.ts";
import type { ClaimedRun } from "./claimed-run.ts";
import { parseSound, type SoundPipeline } from "./prepare-build.ts";
import type { RunParts } from "./run-parts.ts";

/** Belongs to the parts: gone with them. */
const recent = new WeakMap<RunParts, RecentPipelines<SoundPipeline>>();

/**
 * Runs a claimed build, from where its records are, to its end. Everything that happens to it is in the records before
 * anything is done about it, so that another worker can go on after a crash between any two writes.
 */
export function startClaimedBuild(claim: ClaimedBuild, parts: RunParts): ClaimedRun {
  let pipelines = recent.get(parts);
  if (pipelines === undefined) {
    pipelines = new RecentPipelines((file) => parseSound(file, "The pipeline"));
    recent.set(parts, pipelines);
  }
  const conductor = new BuildConductor(claim, parts, pipelines);
  conductor.start();
  return conductor;
}
