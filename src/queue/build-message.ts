import type { BuildMessage } from "./queue-client.ts";

/** Of its own, so that no client on the way parses it: a message that is none keeps its text. */
export const BUILD_MESSAGE_TYPE = "application/vnd.slipway.build+json";

export function encodeBuildMessage({ buildId, projectId }: BuildMessage): Buffer {
  return Buffer.from(JSON.stringify({ buildId, projectId }));
}

export type ReadBuildMessage =
  | { readonly message: BuildMessage }
  | { readonly message?: undefined; readonly problem: string };

/** Reads what may have been written by anybody. Fields it does not know are left out. */
export function readBuildMessage(text: string): ReadBuildMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "The message is not JSON." };
  }
  if (typeof value !== "object" || value === null) return { problem: "The message is no JSON object." };
  const { buildId, projectId } = value as { [name: string]: unknown };
  if (typeof buildId !== "string" || buildId === "") return { problem: "The message names no buildId." };
  if (typeof projectId !== "string" || projectId === "") {
    return { problem: "The message names no projectId." };
  }
  return { message: { buildId, projectId } };
}
