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

/**
 * What keeps a step's requests to the services away from a proxy: Azure's client library, which carries artifacts and
 * caches, would send even those for 127.0.0.1 to one. Nothing where the step has no proxy.
 */
export function proxyExemption(env: { readonly [name: string]: string }): Record<string, string> {
  const proxied = PROXIES.some((name) => env[name] || env[name.toLowerCase()]);
  if (!proxied) return {};
  const exempt = (env.NO_PROXY || env.no_proxy || "").split(",").filter((host) => host.trim() !== "");
  if (exempt.some((host) => host.trim() === "*" || host.trim() === LOOPBACK)) return {};
  const value = [...exempt, LOOPBACK].join(",");
  return { NO_PROXY: value, no_proxy: value };
}

const LOOPBACK = "127.0.0.1";
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
