import { ExecError } from "../../errors.ts";
import type { ImageConfig } from "../../protocol/runner-message.ts";
import { splitArguments } from "../shells/split-arguments.ts";

/** What a step says about the program of its container. */
export interface ContainerCommand {
  /** One program, instead of the image's own; "" and absent are the same. */
  readonly entrypoint?: string;
  /** A list (of an `action.yml`), or a command line (a step's `with.args`). */
  readonly args?: readonly string[] | string;
}

/**
 * Program and arguments, as `docker run` puts them together: an entrypoint that is named takes the place of the image's
 * and leaves the image's command out, arguments take the place of the image's command. Throws `ExecError`.
 */
export function containerArgv(
  { entrypoint = "", args = [] }: ContainerCommand,
  image: ImageConfig | undefined,
  imageName: string,
): readonly [string, ...string[]] {
  const given = typeof args === "string" ? splitArguments(args) : args;
  if (entrypoint !== "") return [entrypoint, ...given];
  if (image === undefined) {
    throw new ExecError(
      "InvalidSpec",
      `What the image '${imageName}' runs could not be found out before the job started. Name it with \`entrypoint\`.`,
    );
  }
  const [program, ...rest] = [...image.entrypoint, ...(given.length > 0 ? given : image.command)];
  if (program === undefined) {
    throw new ExecError(
      "InvalidSpec",
      `The image '${imageName}' names no program to run, and neither does the step: it needs \`entrypoint\` or \`args\`.`,
    );
  }
  return [program, ...rest];
}

/** The path as a step's container sees it: the workspace stands elsewhere there, everything else where it is. */
export function seenInContainer(text: string, workspace: string, stepWorkspace: string): string {
  if (text === workspace) return stepWorkspace;
  return text.startsWith(`${workspace}/`) ? `${stepWorkspace}${text.slice(workspace.length)}` : text;
}
