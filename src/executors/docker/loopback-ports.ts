import type { JobRequest } from "../../protocol/job-request.ts";

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** Ports of this machine's loopback that addresses in a request point to, each once: a container has a loopback of its own. */
export function loopbackPorts({
  services,
  actions,
  checkout,
  push,
  contexts,
}: JobRequest): readonly number[] {
  const { server_url, api_url, graphql_url } = contexts.github;
  const addresses: unknown[] = [
    services?.resultsUrl,
    services?.cacheUrl,
    services?.runtimeUrl,
    services?.idTokenRequestUrl,
    actions.url,
    checkout.serverUrl,
    checkout.source.kind === "git" ? checkout.source.url : undefined,
    push?.url,
    server_url,
    api_url,
    graphql_url,
  ];
  const ports = addresses.map(portOf).filter((port) => port !== undefined);
  return [...new Set(ports)];
}

function portOf(address: unknown): number | undefined {
  if (typeof address !== "string" || !URL.canParse(address)) return undefined;
  const { protocol, hostname, port } = new URL(address);
  if ((protocol !== "http:" && protocol !== "https:") || !LOOPBACK.test(hostname)) return undefined;
  return port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
}
