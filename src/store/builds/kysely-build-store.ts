import type { Clock } from "../../clock.ts";
import type { BuildStore } from "../build-store.ts";
import type { Engine } from "../engine/engine.ts";
import { advanceBuild } from "./advance-build.ts";
import { claimBuild } from "./claim-build.ts";
import { createBuild } from "./create-build.ts";
import { warningsOf } from "./describe-build.ts";
import { findBuild } from "./find-build.ts";
import { cancelWishes, heartbeat, releaseAll, releaseBuilds } from "./hold-builds.ts";
import { listBuilds } from "./list-builds.ts";
import { failBuild, markQueued, requestCancel } from "./move-build.ts";
import * as read from "./read-build.ts";
import { countBuilds, unownedBuilds } from "./watch-builds.ts";

export function kyselyBuildStore(engine: Engine, clock: Clock): BuildStore {
  const { session } = engine;
  return {
    create: (build, snapshot) => createBuild(engine, build, snapshot),
    markQueued: (id, at) => markQueued(session, id, at),
    claim: (request) => claimBuild(engine, request, clock.now()),
    heartbeat: (owner, leases, leaseMs) => heartbeat(engine, owner, leases, clock.now() + leaseMs),
    release: (leases) => releaseBuilds(engine, leases),
    releaseAll: () => releaseAll(engine),
    cancelWishes: (ids) => cancelWishes(engine, ids),
    advance: (lease, changes) => advanceBuild(engine, lease, changes),
    requestCancel: (id, reason, at) => requestCancel(session, id, reason, at),
    fail: (id, error, at) => failBuild(engine, id, error, at),
    get: (id) => findBuild(session, id),
    snapshot: (id) => read.snapshotOf(session, id),
    facts: (id) => read.factsOf(session, id),
    list: (filter, page) => listBuilds(engine, filter, page),
    attempts: (rootId) => read.attemptsOf(session, rootId),
    jobs: (id) => read.jobsOf(session, id),
    job: (id) => read.jobById(session, id),
    steps: (id) => read.stepsOf(session, id),
    stepsOfJob: (id) => read.stepsOfJob(session, id),
    step: (id) => read.stepById(session, id),
    annotations: (id) => read.annotationsOf(session, id),
    warnings: (id) => warningsOf(session, id),
    unowned: (publishedBefore, limit, unpublishedBefore = publishedBefore) =>
      unownedBuilds(session, { publishedBefore, unpublishedBefore, now: clock.now(), limit }),
    counts: () => countBuilds(session),
  };
}
