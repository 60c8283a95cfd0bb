import type { JobServices } from "../../protocol/job-request.ts";

/** Where actions, and only they, find the artifact and cache services. */
export function serviceEnvironment(services: JobServices): Record<string, string> {
  return {
    ACTIONS_RUNTIME_URL: services.runtimeUrl,
    ACTIONS_RUNTIME_TOKEN: services.runtimeToken,
    ACTIONS_RESULTS_URL: services.resultsUrl,
    ACTIONS_CACHE_URL: services.cacheUrl,
    ACTIONS_CACHE_SERVICE_V2: "True",
  };
}

/** Where every step, also of a script, of a job that may do so asks for an OIDC token. */
export function idTokenEnvironment(services: JobServices): Record<string, string> {
  const { idTokenRequestUrl, idTokenRequestToken } = services;
  if (idTokenRequestUrl === undefined || idTokenRequestToken === undefined) return {};
  return {
    ACTIONS_ID_TOKEN_REQUEST_URL: idTokenRequestUrl,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: idTokenRequestToken,
  };
}
