import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Io } from "../io.ts";
import type { OptionValues } from "../options/option.ts";
import type { RUN_OPTIONS } from "../options/run-options.ts";
import { UsageError } from "../usage-error.ts";
import { requireValues, splitNameValue } from "./name-value.ts";
import { resolveSecrets } from "./resolve-secrets.ts";
import { readValuesFile } from "./values-file.ts";

export type RunOptionValues = OptionValues<typeof RUN_OPTIONS>;

/** Everything a pipeline is given from outside. */
export interface RunValues {
  readonly secrets: { readonly [name: string]: string };
  /** Names of environment variables that were taken as secrets: steps see them only as secrets. */
  readonly hiddenEnv: readonly string[];
  readonly vars: { readonly [name: string]: string };
  readonly env: { readonly [name: string]: string };
  readonly inputs: { readonly [name: string]: string };
}

/** Reads flags and files, `.secrets`, `.vars`, `.env` and `.input` where none is named. Throws `UsageError`. */
export async function readRunValues(values: RunOptionValues, folder: string, io: Io): Promise<RunValues> {
  const file = (named: string | undefined, fallback: string, option: string) =>
    readValuesFile(named, fallback, folder, option);
  const [secretFile, varFile, envFile, inputFile] = await Promise.all([
    file(values["secret-file"], ".secrets", "--secret-file"),
    file(values["var-file"], ".vars", "--var-file"),
    file(values["env-file"], ".env", "--env-file"),
    file(values["input-file"], ".input", "--input-file"),
  ]);
  const { secrets, fromEnvironment } = await resolveSecrets(
    { flags: values.secret, file: secretFile, githubToken: values["github-token"] },
    io,
  );
  return {
    secrets,
    hiddenEnv: fromEnvironment,
    vars: { ...varFile, ...withEnvironment(values.var, "--var", io) },
    env: { ...envFile, ...withEnvironment(values.env, "--env", io) },
    inputs: { ...inputFile, ...requireValues(values.input, "--input") },
  };
}

/** `name` alone takes its value from the environment. */
function withEnvironment(texts: readonly string[], option: string, io: Io): { [name: string]: string } {
  return Object.fromEntries(
    texts.map((text) => {
      const { name, value } = splitNameValue(text, option);
      const found = value ?? io.env[name];
      if (found === undefined)
        throw new UsageError(`${option} ${name} has no value, and ${name} is not set in the environment.`);
      return [name, found];
    }),
  );
}

/** `--local-action owner/repo@ref=path`, with or without a server before the owner. Throws `UsageError`. */
export function localActions(texts: readonly string[], folder: string): { [nameAndRef: string]: string } {
  return Object.fromEntries(
    texts.map((text) => {
      const match = /^(?:https?:\/\/[^/]+\/)?([^/@=]+\/[^/@=]+@[^=]+)=(.+)$/.exec(text);
      if (match?.[1] === undefined || match[2] === undefined)
        throw new UsageError(`--local-action ${text} is not of the form owner/repo@ref=path.`);
      const path = resolve(folder, match[2]);
      if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
        throw new UsageError(`--local-action ${match[1]}: there is no folder ${path}.`);
      return [match[1], path];
    }),
  );
}

/** `--concurrent-jobs`: a whole number from 1. */
export function jobLimit(text: string | undefined, processors: number): number {
  if (text === undefined) return Math.max(2, processors);
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`--concurrent-jobs ${text} is not a whole number from 1.`);
  return number;
}
