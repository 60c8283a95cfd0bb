import { type Segment, splitExpressions } from "../template/split-expressions.ts";

/**
 * The shell script of a step: each command is shown (`+ make test`) and run; the shell (`sh -e`) stops at the first
 * that fails. A command is shown as it is written, its expressions too, so that no value meets the quotes around it.
 */
export function stepScript(commands: readonly string[]): Segment[] {
  return commands.flatMap((command): Segment[] => [
    { kind: "text", text: `printf '%s\\n' ${quote(`+ ${command.trimEnd()}`)}\n` },
    ...splitExpressions(command.trimEnd()).segments,
    { kind: "text", text: "\n" },
  ]);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
