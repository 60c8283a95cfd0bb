const INSTRUCTION = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]/i;
const TRAILER = /^skip-checks:\s*true$/i;

/**
 * The part of a commit message that asks not to start anything: `[skip ci]` and its kin anywhere, or the trailer
 * `skip-checks: true` as its last line.
 */
export function findSkipInstruction(message: string): string | undefined {
  const instruction = INSTRUCTION.exec(message)?.[0];
  if (instruction !== undefined) return instruction;
  const lines = message.trimEnd().split("\n");
  const last = lines.at(-1)?.trim() ?? "";
  return lines.length > 1 && TRAILER.test(last) ? last : undefined;
}
