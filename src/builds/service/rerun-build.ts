import { createHash } from "node:crypto";
import { ExecError } from "../../errors.ts";
import { isFinal } from "../../status.ts";
import type { BuildRecord, BuildSnapshot } from "../../store/build-record.ts";
import type { RerunRequest } from "./executor-service.ts";
import type { ExecutorServiceParts } from "./executor-service-parts.ts";
import { planRerun } from "./plan-rerun.ts";
import { queueBuild } from "./queue-build.ts";

const DEBUG = { ACTIONS_STEP_DEBUG: "true", ACTIONS_RUNNER_DEBUG: "true" };

/**
 * The next attempt at a build, whichever of its attempts is named: it goes on from the newest, with the same file, event,
 * inputs and variables, and the secrets as they are when it runs.
 */
export async function rerunBuild(request: RerunRequest, parts: ExecutorServiceParts): Promise<BuildRecord> {
  const { store, clock } = parts;
  const { actor, what, debug = false } = request;
  const { rootId } = await store.builds.get(request.buildId);
  const newest = (await store.builds.attempts(rootId)).at(-1);
  if (newest === undefined) throw new ExecError("NotFound", `There is no build ${rootId}.`);
  if (!isFinal(newest.status)) throw running(newest);
  const [{ buildId: _, carried: __, ...snapshot }, { vars }, jobs] = await Promise.all([
    store.builds.snapshot(newest.id),
    // Those that it was asked for with: an attempt in between may have been one with debug logs.
    store.builds.snapshot(rootId),
    store.builds.jobs(newest.id),
  ]);
  const carried = planRerun(jobs, what);
  const createdAt = clock.now();
  const next: Omit<BuildSnapshot, "buildId"> = {
    ...snapshot,
    vars: debug ? { ...vars, ...DEBUG } : vars,
    github: { ...snapshot.github, triggering_actor: actor },
    ...(carried.length === 0 ? {} : { carried }),
  };
  const { projectId, pipelineId, event, ref, sha, workflow, title } = newest;
  const build = { projectId, pipelineId, event, ref, sha, workflow, title, actor, createdAt };
  const id = attemptId(rootId, newest.attempt + 1);
  const made = await store.builds.create({ ...build, id, trigger: "rerun", rerunOf: newest.id }, next);
  // Two asked at the same time: both named the same next attempt, and the other's came first.
  if (made.createdAt !== createdAt || made.actor !== actor) throw running(made);
  return await queueBuild(made, parts);
}

function running({ attempt }: BuildRecord): ExecError {
  return new ExecError("Conflict", `Attempt ${attempt} of this build has not ended. Cancel it first.`);
}

/** The same for all who ask for this attempt, so that there is one of it; a UUID of version 8 (RFC 9562). */
function attemptId(rootId: string, attempt: number): string {
  const hash = createHash("sha256").update(`${rootId} ${attempt}`).digest("hex");
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
