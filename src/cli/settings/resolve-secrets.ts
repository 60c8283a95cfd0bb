import type { Io } from "../io.ts";
import { UsageError } from "../usage-error.ts";
import { splitNameValue } from "./name-value.ts";

export interface GivenSecrets {
  /** `--secret`, as given. */
  readonly flags: readonly string[];
  readonly file: { readonly [name: string]: string };
  /** `--github-token`. */
  readonly githubToken: string | undefined;
}

export interface ResolvedSecrets {
  /** Names in upper case. */
  readonly secrets: { readonly [name: string]: string };
  /** Names whose value came from the environment: steps get them only where the pipeline says so. */
  readonly fromEnvironment: readonly string[];
}

/** Flags win over the file. A flag without a value takes it from the environment, else asks on the terminal. */
export async function resolveSecrets(
  given: GivenSecrets,
  io: Pick<Io, "env" | "stdin">,
): Promise<ResolvedSecrets> {
  const secrets: { [name: string]: string } = {};
  const fromEnvironment: string[] = [];
  for (const [name, value] of Object.entries(given.file)) secrets[name.toUpperCase()] = value;
  const token = given.githubToken;
  const flags = [
    ...given.flags,
    ...(token === undefined ? [] : [token === "-" ? "GITHUB_TOKEN" : `GITHUB_TOKEN=${token}`]),
  ];
  const seen = new Map<string, string>();
  for (const flag of flags) {
    const { name: written, value } = splitNameValue(flag, "--secret");
    const name = written.toUpperCase();
    if (!/^[A-Z_][A-Z0-9_]*$/.test(name))
      throw new UsageError(
        "The name of a secret may only have letters, digits and _, and starts with no digit.",
      );
    const before = seen.get(name);
    if (before !== undefined)
      throw new UsageError(`The secret ${name} is given twice (names do not differ by case).`);
    seen.set(name, flag);
    const inherited = io.env[written] ?? io.env[name];
    if (value !== undefined) secrets[name] = value;
    else if (inherited !== undefined) {
      secrets[name] = inherited;
      fromEnvironment.push(written, name);
    } else secrets[name] = await ask(name, io);
  }
  return { secrets, fromEnvironment };
}

async function ask(name: string, { stdin }: Pick<Io, "stdin">): Promise<string> {
  if (!stdin.isTTY) {
    throw new UsageError(
      `The secret ${name} has no value, and there is no terminal to ask on.`,
      `Set ${name} in the environment, or give it in --secret-file.`,
    );
  }
  const value = await stdin.readHidden(`Value of the secret ${name} (not shown): `);
  if (value === undefined) throw new UsageError(`No value was given for the secret ${name}.`);
  return value;
}
