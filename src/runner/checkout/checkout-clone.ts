import { access as fileAccess } from "node:fs/promises";
import { join } from "node:path";
import { ExecError } from "../../errors.ts";
import type { Git } from "../git/git.ts";
import { remoteError, remoteProblem, withoutPassword } from "../git/remote-error.ts";
import type { CheckoutContext, CheckoutResult } from "./checkout-context.ts";
import type { CheckoutSettings } from "./checkout-settings.ts";
import { type Access, openAccess, persistAccess, removeFiles } from "./credentials.ts";
import { mustGit } from "./must-git.ts";
import { prepareDirectory } from "./prepare-directory.ts";
import { type RemoteRef, resolveRemoteRef } from "./remote-ref.ts";
import { setSparseCheckout } from "./sparse-checkout.ts";
import { updateSubmodules } from "./submodules.ts";

const ALL_HISTORY = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];

/** Checks a repository out from wherever git can fetch it. */
export async function checkoutClone(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
  url: string,
): Promise<CheckoutResult> {
  const access = await openAccess(settings, context, url);
  let persisted = false;
  try {
    const { signal, github, log } = context;
    const wanted = await resolveRemoteRef(git, settings, { url, ...access }, github, signal);
    const kept = await prepareDirectory(settings, context, git, url);
    if (!kept) await initialise(git, settings, context, url, wanted.commit);
    log("##[group]Fetching the repository");
    await fetchCommit(git, settings, context, access, url, wanted);
    log("##[endgroup]");
    await checkOut(git, settings, context, access, wanted);
    if (settings.submodules !== "none") await updateSubmodules(git, settings, context, access, url);
    const state = settings.persistCredentials
      ? await persistAccess(git, settings, context, access)
      : undefined;
    persisted = state !== undefined;
    return { outputs: { ref: wanted.ref, commit: wanted.commit }, ...(state === undefined ? {} : { state }) };
  } finally {
    if (!persisted) await removeFiles(access.files);
  }
}

async function initialise(
  git: Git,
  { directory }: CheckoutSettings,
  { signal }: CheckoutContext,
  url: string,
  commit: string,
): Promise<void> {
  const here = { cwd: directory, signal };
  const format = commit.length === 64 ? "sha256" : "sha1";
  await mustGit(git, ["init", "--quiet", "--template=", `--object-format=${format}`, "."], here);
  await mustGit(git, ["remote", "add", "origin", url], here);
  await mustGit(git, ["config", "gc.auto", "0"], here);
}

/** As little as was asked for; where the server gives no single commits, its ref, and in the end everything. */
async function fetchCommit(
  git: Git,
  settings: CheckoutSettings,
  { signal }: CheckoutContext,
  access: Access,
  url: string,
  wanted: RemoteRef,
): Promise<void> {
  const { directory, fetchDepth, fetchTags, sparse } = settings;
  const filter = settings.filter || (sparse === undefined ? "" : "blob:none");
  const here = { cwd: directory, signal, config: access.config, env: access.env };
  const deep = fetchDepth === 0;
  const tags = fetchTags ? ["+refs/tags/*:refs/tags/*"] : [];
  const one = [...tags, targeted(wanted, wanted.commit)];
  const attempts = [
    ...(deep ? [ALL_HISTORY, one] : [one]),
    ...(wanted.name === undefined ? [] : [[...tags, targeted(wanted, wanted.name)]]),
    ...(deep ? [] : [ALL_HISTORY]),
  ];
  const shallowHere = await exists(join(directory, ".git", "shallow"));
  let said = "";
  for (const refspecs of attempts) {
    const everything = refspecs === ALL_HISTORY;
    const depth = everything || deep ? (shallowHere ? ["--unshallow"] : []) : [`--depth=${fetchDepth}`];
    const options = ["--quiet", "--no-tags", "--prune", "--no-recurse-submodules", "--force"];
    const filters = filter === "" ? [] : [`--filter=${filter}`];
    const result = await git(["fetch", ...options, ...filters, ...depth, "origin", ...refspecs], here);
    if (result.code !== 0) {
      said = result.stderr;
      const problem = remoteProblem(said);
      if (problem !== "refused" && problem !== "other") throw remoteError(settings.repository, url, said);
      continue;
    }
    if (await holds(git, wanted, here)) return;
  }
  if (said !== "" && remoteProblem(said) === "other" && !/couldn't find remote ref/.test(said)) {
    throw remoteError(settings.repository, url, said);
  }
  throw new ExecError(
    "NotFound",
    `The commit ${wanted.commit}${wanted.name === undefined ? "" : ` of '${wanted.name}'`} could not be fetched from ` +
      `${withoutPassword(url)}. It is not there, or no ref leads to it any more.`,
  );
}

/** Also the ref itself must be there, where the checkout will be on it. */
async function holds(git: Git, { name, commit }: RemoteRef, here: Parameters<Git>[1]): Promise<boolean> {
  const ids = [`${commit}^{commit}`, ...(name?.startsWith("refs/tags/") ? [name] : [])];
  for (const id of ids) if ((await git(["cat-file", "-e", id], here)).code !== 0) return false;
  return true;
}

function targeted({ name }: RemoteRef, what: string): string {
  if (name?.startsWith("refs/heads/"))
    return `+${what}:${name.replace("refs/heads/", "refs/remotes/origin/")}`;
  if (name?.startsWith("refs/pull/")) return `+${what}:${name.replace("refs/pull/", "refs/remotes/pull/")}`;
  if (name?.startsWith("refs/tags/")) return `+${name}:${name}`;
  return what;
}

async function checkOut(
  git: Git,
  settings: CheckoutSettings,
  { signal, log }: CheckoutContext,
  access: Access,
  wanted: RemoteRef,
): Promise<void> {
  const { directory, sparse, lfs } = settings;
  const env = { ...access.env, ...(lfs ? { GIT_LFS_SKIP_SMUDGE: "0" } : {}) };
  const config = { ...access.config, "core.hooksPath": "/dev/null" };
  const here = { cwd: directory, signal, config, env };
  if (lfs) {
    if ((await git(["lfs", "version"], here)).code !== 0) {
      throw new ExecError("InvalidSpec", "Input 'lfs' needs git-lfs, which is not on PATH.");
    }
    await mustGit(git, ["lfs", "install", "--local", "--skip-repo"], here);
  }
  if (sparse !== undefined) await setSparseCheckout(git, directory, sparse, signal);
  log("##[group]Checking out the ref");
  const branch = wanted.name?.startsWith("refs/heads/") ? wanted.name.slice("refs/heads/".length) : undefined;
  if (branch === undefined) {
    await mustGit(git, ["checkout", "--quiet", "--force", "--detach", wanted.commit], here);
  } else {
    const start = `refs/remotes/origin/${branch}`;
    // The branch may have moved on since the event; what is checked out is the event's commit.
    await mustGit(git, ["update-ref", start, wanted.commit], here);
    await mustGit(git, ["checkout", "--quiet", "--force", "-B", branch, "--track", start], here);
  }
  log("##[endgroup]");
}

async function exists(path: string): Promise<boolean> {
  return await fileAccess(path).then(
    () => true,
    () => false,
  );
}
