import type { Masker } from "../../runner/output/masker.ts";
import type { BuildLease, BuildRecord } from "../../store/build-record.ts";
import type { JobEnvironment, JobServicesSource, PlacedJob } from "../build-options.ts";
import type { JobPlaces } from "../job-attempts.ts";
import { waitOn } from "../wait-on.ts";
import { ApprovalGate } from "./approval-gate.ts";
import type { JobRunParts } from "./job-run.ts";
import type { PreparedBuild } from "./prepare-build.ts";
import type { RunParts } from "./run-parts.ts";
import { untilReached } from "./until-reached.ts";

type Own = Pick<
  JobRunParts,
  | "rows"
  | "journal"
  | "masker"
  | "slots"
  | "telemetry"
  | "patience"
  | "onUnusedImage"
  | "onWarning"
  | "onReview"
>;

export interface JobRunPartsOptions extends Own {
  readonly build: BuildRecord;
  readonly lease: BuildLease;
  readonly run: RunParts;
  readonly prepared: PreparedBuild;
  readonly secrets: { readonly [name: string]: string };
  /** The project's own number. */
  readonly retries: number | undefined;
}

/** Puts together what the jobs of one build share. */
export function jobRunParts(options: JobRunPartsOptions): JobRunParts {
  const { build, lease, run, prepared, secrets, retries, ...own } = options;
  const { clock, events, store, logs, logger } = run;
  const { masker, patience } = own;
  const { projectId } = build;
  return {
    ...own,
    places: jobPlaces(options),
    token: prepared.token,
    fence: lease.fence,
    logs,
    clock,
    logger: logger.child({ buildId: build.id, projectId }),
    gate: new ApprovalGate({ store, events, clock, patience, lease, projectId }),
    environmentSecrets: async (environment) => {
      const all = await untilReached(patience, () => run.secretsOf(projectId, environment));
      const entries = Object.entries(all).filter(([name, value]) => secrets[name] !== value);
      for (const [, value] of entries) masker.add(value);
      return Object.fromEntries(entries);
    },
  };
}

function jobPlaces({ build, run, retries, masker }: JobRunPartsOptions): JobPlaces {
  const { chooseExecutor, infrastructureRetry, services, clock } = run;
  return {
    buildId: build.id,
    chooseExecutor,
    jobEnvironment: async (job: PlacedJob): Promise<JobEnvironment> => {
      const environment = await run.jobEnvironment(build, job);
      for (const value of environment.masks ?? []) masker.add(value);
      const { source } = environment.checkout;
      if (source.kind === "git" && source.token !== undefined) masker.add(source.token);
      return environment;
    },
    ...(services === undefined ? {} : { services: hidden(services, masker) }),
    infrastructureRetry: {
      limit: retries ?? infrastructureRetry.limit,
      delayMs: (attempt) => infrastructureRetry.delayMs(attempt),
    },
    clock: waitOn(clock),
  };
}

/** The same services, whose tokens nobody sees. */
function hidden(services: JobServicesSource, masker: Masker): JobServicesSource {
  return {
    servicesFor: async (job) => {
      const given = await services.servicesFor(job);
      masker.add(given.runtimeToken);
      if (given.idTokenRequestToken !== undefined) masker.add(given.idTokenRequestToken);
      return given;
    },
    revoke: (job) => services.revoke(job),
  };
}
