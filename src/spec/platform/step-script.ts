import { splitText, type TextPiece, textPiece } from "./expression-text.ts";

/**
 * The shell script of a step: each command is shown (`+ make test`) and run; the shell (`sh -e`) stops at the first
 * that fails. A command is shown as it is written, its expressions too, so that no value meets the quotes around it.
 */
export function stepScript(commands: readonly string[]): TextPiece[] {
  return commands.flatMap((command): TextPiece[] => [
    ...textPiece(`printf '%s\\n' ${quote(`+ ${command.trimEnd()}`)}\n`),
    ...splitText(command.trimEnd()).pieces,
    ...textPiece("\n"),
  ]);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
