import type { JobTokens } from "../identity/job-tokens.ts";
import { mayRequestIdToken } from "../identity/oidc-claims.ts";
import type { ServiceJob } from "../identity/service-job.ts";
import type { JobServices } from "../protocol/job-request.ts";

/** What a job is told about the services at `origin`, with tokens of its own. */
export async function serviceAddresses(
  origin: string,
  tokens: JobTokens,
  job: ServiceJob,
): Promise<JobServices> {
  return {
    resultsUrl: `${origin}/`,
    cacheUrl: `${origin}/`,
    runtimeUrl: `${origin}/`,
    runtimeToken: await tokens.issue(job, "runtime"),
    ...(mayRequestIdToken(job.permissions) && {
      // The clients append `&audience=…` and rely on a query that has begun.
      idTokenRequestUrl: `${origin}/oidc/token?api-version=2.0`,
      idTokenRequestToken: await tokens.issue(job, "id-token"),
    }),
  };
}
