import type { Json } from "../../json.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { Masker } from "../output/masker.ts";

/** Secrets that only switch something on: to hide `true` everywhere would help nobody. As on GitHub. */
const SWITCHES: ReadonlySet<string> = new Set(["ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"]);

/** Everything that is secret before the first step runs. */
export function addMasks(masker: Masker, request: JobRequest): void {
  const { contexts, masks, services, actions, checkout, push, placement } = request;
  const { token } = contexts.github;
  const values: (Json | undefined)[] = [
    ...Object.entries(contexts.secrets).map(([name, value]) => (SWITCHES.has(name) ? undefined : value)),
    ...masks,
    token,
    services?.runtimeToken,
    services?.idTokenRequestToken,
    actions.token,
    push?.token,
    placement?.container?.credentials?.password,
    ...(placement?.services ?? []).map(({ credentials }) => credentials?.password),
    checkout.source.kind === "git" ? checkout.source.token : undefined,
  ];
  // git sends a token in this form, and prints it where it is told to trace.
  if (typeof token === "string" && token !== "") {
    values.push(Buffer.from(`x-access-token:${token}`).toString("base64"));
  }
  for (const value of values) if (typeof value === "string") masker.add(value);
}
