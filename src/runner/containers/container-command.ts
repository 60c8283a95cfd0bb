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
  if (entrypoint !== "") {
    return [entrypoint, ...(typeof args === "string" ? wholeWords(splitArguments(args), args) : args)];
  }
  const given = typeof args === "string" ? splitArguments(args) : args;
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

/**
 * On GitHub single quotes mean nothing, and `-c 'uname -a'` reaches a shell as `'uname`: no use to anybody. Where the step
 * names the program they keep a word together, as in a shell. (An image's own program may hand the words on to a shell.)
 */
function wholeWords(split: readonly string[], line: string): readonly string[] {
  const words: string[] = [];
  let rest = line.trim();
  while (rest !== "") {
    const quoted = /^'([^']*)'(?=\s|$)/.exec(rest);
    const plain = /^[^\s'"\\]+(?=\s|$)/.exec(rest);
    const word = quoted ?? plain;
    // Whatever else there is, is split as GitHub does it.
    if (word === null) return split;
    words.push(quoted?.[1] ?? word[0]);
    rest = rest.slice(word[0].length).trimStart();
  }
  return words;
}

/** The path as a step's container sees it: the workspace stands elsewhere there, everything else where it is. */
export function seenInContainer(text: string, workspace: string, stepWorkspace: string): string {
  if (text === workspace) return stepWorkspace;
  return text.startsWith(`${workspace}/`) ? `${stepWorkspace}${text.slice(workspace.length)}` : text;
}
