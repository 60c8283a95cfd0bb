import type { Git } from "../git/git.ts";
import type { CheckoutContext } from "./checkout-context.ts";
import type { CheckoutSettings } from "./checkout-settings.ts";
import type { Access } from "./credentials.ts";
import { mustGit } from "./must-git.ts";

/** Fetches and checks out submodules (all, or those at `paths`) of the repository in the step's directory. */
export async function updateSubmodules(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
  access: Access,
  originUrl: string,
  paths: readonly string[] = [],
): Promise<void> {
  const { directory, submodules, fetchDepth } = settings;
  const recursive = submodules === "recursive" ? ["--recursive"] : [];
  const depth = fetchDepth > 0 ? [`--depth=${fetchDepth}`] : [];
  const server = /^https?:\/\/([^/]+)/i.exec(originUrl);
  const config: Record<string, string> = { ...access.config, "core.hooksPath": "/dev/null" };
  // The token of an https server also opens its submodules that are named by ssh.
  if (server?.[1] !== undefined && settings.sshKey === "")
    config[`url.${server[0]}/.insteadOf`] = `git@${server[1]}:`;
  // git refuses submodules on this machine since they could read what a remote's author may not; a local one's may.
  if (/^(\/|file:)/.test(originUrl)) config["protocol.file.allow"] = "always";
  const here = { cwd: directory, signal: context.signal, config, env: access.env };
  context.log("##[group]Fetching submodules");
  await mustGit(git, ["submodule", "sync", ...recursive], here);
  await mustGit(
    git,
    ["submodule", "update", "--init", "--force", ...depth, ...recursive, "--", ...paths],
    here,
  );
  context.log("##[endgroup]");
}
