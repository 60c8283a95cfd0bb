import { ExecError } from "../errors.ts";

const MAX_CHARACTERS = 255;

/** The name of a secret or variable as it is kept: in upper case. Throws `InvalidSpec` for one that GitHub refuses. */
export function settingName(name: string, kind: "secret" | "variable"): string {
  const problem = problemOf(name);
  if (problem === undefined) return name.toUpperCase();
  throw new ExecError(
    "InvalidSpec",
    `The name of a ${kind} ${problem}: ${JSON.stringify(name.slice(0, 100))}.`,
  );
}

function problemOf(name: string): string | undefined {
  if (name === "") return "is not empty";
  if (name.length > MAX_CHARACTERS) return `has at most ${MAX_CHARACTERS} characters`;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return "consists of letters without accents, digits and _, and begins with no digit";
  }
  return /^github_/i.test(name) ? "does not begin with GITHUB_" : undefined;
}
