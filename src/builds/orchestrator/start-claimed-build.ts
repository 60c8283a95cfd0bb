import type { ClaimedBuild } from "../../store/build-store.ts";
import { BuildConductor } from "./build-conductor.ts";
import type { ClaimedRun } from "./claimed-run.ts";
import type { RunParts } from "./run-parts.ts";

/**
 * Runs a claimed build, from where its records are, to its end. Everything that happens to it is in the records before
 * anything is done about it, so that another worker can go on after a crash between any two writes.
 */
export function startClaimedBuild(claim: ClaimedBuild, parts: RunParts): ClaimedRun {
  const conductor = new BuildConductor(claim, parts);
  conductor.start();
  return conductor;
}
