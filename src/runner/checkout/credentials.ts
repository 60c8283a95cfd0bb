import { randomUUID } from "node:crypto";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { tokenConfig } from "../actions/action-remote.ts";
import type { Git } from "../git/git.ts";
import type { CheckoutContext } from "./checkout-context.ts";
import type { CheckoutSettings } from "./checkout-settings.ts";
import { gitConfigFile } from "./git-config-file.ts";
import { mustGit } from "./must-git.ts";

/** What git needs to be let in, for as long as the checkout runs. */
export interface Access {
  /** By the environment: never in a file, never on a command line. */
  readonly config: { readonly [key: string]: string };
  readonly env: { readonly [name: string]: string };
  /** Files to take away in the end. */
  readonly files: readonly string[];
}

export async function openAccess(
  settings: CheckoutSettings,
  context: CheckoutContext,
  url: string,
): Promise<Access> {
  if (settings.sshKey !== "") return await sshAccess(settings, context);
  const trusted = settings.tokenGiven || serverOf(url) === serverOf(context.source.serverUrl);
  const token = trusted ? settings.token : "";
  return { config: tokenConfig(url, token, context.mask), env: {}, files: [] };
}

function serverOf(url: string): string | undefined {
  return /^https?:\/\/(?:[^/@]*@)?([^/]+)/i.exec(url)?.[1]?.toLowerCase();
}

async function sshAccess(settings: CheckoutSettings, { temp, env, mask }: CheckoutContext): Promise<Access> {
  mask(settings.sshKey);
  await mkdir(temp, { recursive: true });
  const key = join(temp, `ssh-key-${randomUUID()}`);
  const hosts = `${key}_known_hosts`;
  const usual = join(env.HOME ?? homedir(), ".ssh", "known_hosts");
  const known = await readFile(usual, "utf8").catch(() => "");
  await writeFile(key, `${settings.sshKey}\n`, { mode: 0o600 });
  await writeFile(hosts, `${known}\n${settings.sshKnownHosts}\n`);
  const strict = settings.sshStrict ? " -o StrictHostKeyChecking=yes -o CheckHostIP=no" : "";
  const command = `ssh -i "${key}" -o BatchMode=yes -o IdentitiesOnly=yes${strict} -o "UserKnownHostsFile=${hosts}"`;
  return { config: {}, env: { GIT_SSH_COMMAND: command }, files: [key, hosts] };
}

/**
 * Lets the steps that follow use git with the same rights: the token in a file of its own under `RUNNER_TEMP` that the
 * repository's config includes. Gives the state of the post step; undefined where there is nothing to persist.
 */
export async function persistAccess(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
  given: Access,
): Promise<{ readonly [name: string]: string } | undefined> {
  const { directory } = settings;
  const file = join(directory, ".git", "config");
  const set = (key: string, value: string) =>
    mustGit(git, ["config", "--file", file, "--add", key, value], { signal: context.signal });
  const command = given.env.GIT_SSH_COMMAND;
  if (command !== undefined) {
    await set("core.sshCommand", command);
    return { directory, sshCommand: command, files: given.files.join("\n") };
  }
  const settingsOf = Object.entries(given.config).map(([key, value]) => {
    const server = key.replace(/^http\.|\.extraheader$/g, "");
    return { name: "http", subsection: server, settings: [["extraheader", value]] as const };
  });
  if (settingsOf.length === 0) return undefined;
  await mkdir(context.temp, { recursive: true });
  const credentials = join(context.temp, `git-credentials-${randomUUID()}.config`);
  await writeFile(credentials, gitConfigFile(settingsOf), { mode: 0o600 });
  await set("include.path", credentials);
  return { directory, include: credentials, files: credentials };
}

/** Undoes `persistAccess`. Nothing to find is fine: the steps may have removed the repository. */
export async function withdrawAccess(
  git: Git,
  state: { readonly [name: string]: string },
  signal: AbortSignal,
): Promise<void> {
  const file = join(state.directory ?? "", ".git", "config");
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (there) {
    const remove = (key: string, value: string | undefined) =>
      value === undefined
        ? undefined
        : git(["config", "--file", file, "--fixed-value", "--unset-all", key, value], { signal });
    await remove("include.path", state.include);
    await remove("core.sshCommand", state.sshCommand);
  }
  await removeFiles((state.files ?? "").split("\n").filter((name) => name !== ""));
}

export async function removeFiles(files: readonly string[]): Promise<void> {
  for (const name of files) await rm(name, { force: true });
}
