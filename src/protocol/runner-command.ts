import type { ImageConfig } from "./runner-message.ts";

/** What a runner is told after its request, one JSON object a line on its standard input. */
export type RunnerCommand =
  | { readonly type: "cancel"; readonly reason: string }
  /** End everything at once. The end of the input means the same, unless the job outlives who started it. */
  | { readonly type: "kill" }
  /** Somebody listens (again): messages that were not answered are said again. */
  | { readonly type: "attached" }
  /** A line for the log of the step that asked for the container: pull progress, output of a build. */
  | { readonly type: "container.log"; readonly id: string; readonly text: string }
  /** The container was started; its gate connects by itself. */
  | { readonly type: "container.ready"; readonly id: string; readonly image: ImageConfig }
  /** It could not be had; `error` is for the step's log. */
  | { readonly type: "container.failed"; readonly id: string; readonly error: string }
  /** It has ended, whether its gate said so or not. */
  | {
      readonly type: "container.ended";
      readonly id: string;
      readonly exitCode?: number;
      readonly outOfMemory: boolean;
      readonly error?: string;
    };

export function encodeRunnerCommand(command: RunnerCommand): string {
  return `${JSON.stringify(command)}\n`;
}

/** Undefined for a line that is no command, which a runner ignores: it may come from a newer worker. */
export function parseRunnerCommand(line: string): RunnerCommand | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  const { type, ...rest } = value as Record<string, unknown>;
  if (type === "kill" || type === "attached") return { type };
  if (type === "cancel") return { type, reason: typeof rest.reason === "string" ? rest.reason : "" };
  if (typeof type !== "string" || !type.startsWith("container.") || typeof rest.id !== "string")
    return undefined;
  return parseContainerCommand(type, rest.id, rest);
}

function parseContainerCommand(
  type: string,
  id: string,
  { text, error, image, exitCode, outOfMemory }: Record<string, unknown>,
): RunnerCommand | undefined {
  switch (type) {
    case "container.log":
      return typeof text === "string" ? { type, id, text } : undefined;
    case "container.failed":
      return { type, id, error: typeof error === "string" ? error : "" };
    case "container.ready":
      return isImageConfig(image) ? { type, id, image } : undefined;
    case "container.ended":
      return {
        type,
        id,
        outOfMemory: outOfMemory === true,
        ...(typeof exitCode === "number" ? { exitCode } : {}),
        ...(typeof error === "string" ? { error } : {}),
      };
    default:
      return undefined;
  }
}

function isImageConfig(value: unknown): value is ImageConfig {
  if (typeof value !== "object" || value === null) return false;
  const { entrypoint, command } = value as Record<string, unknown>;
  const isTexts = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === "string");
  return isTexts(entrypoint) && isTexts(command);
}
