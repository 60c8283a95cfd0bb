import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { ExecError } from "../../errors.ts";
import type { Git } from "../git/git.ts";
import { withoutPassword } from "../git/remote-error.ts";
import { borrowRepository } from "./borrowed-repository.ts";
import { type BytePath, bytePath, showPath, splitNul, toBytePath } from "./byte-path.ts";
import type { CheckoutContext, CheckoutResult } from "./checkout-context.ts";
import type { CheckoutSettings } from "./checkout-settings.ts";
import { copyFiles } from "./copy-files.ts";
import { openAccess, persistAccess } from "./credentials.ts";
import { listFiles } from "./list-files.ts";
import { mustGit } from "./must-git.ts";
import { prepareDirectory } from "./prepare-directory.ts";
import { shallowBoundary } from "./shallow-boundary.ts";
import { READING, readSourceRepository, type SourceRepository, sourceSetting } from "./source-repository.ts";
import { setSparseCheckout, sparseFiles } from "./sparse-checkout.ts";
import { updateSubmodules } from "./submodules.ts";
import { resolveWorktreeRef, type WorktreeRef } from "./worktree-ref.ts";

/**
 * Checks out from a work tree on this machine, which is only read: its files as they are now, or another commit's.
 * The repository that comes with them takes its objects from the source's.
 */
export async function checkoutWorktree(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
  source: SourceRepository,
): Promise<CheckoutResult> {
  const { log, signal, github, mask } = context;
  const { directory, sparse } = settings;
  const wanted = await resolveWorktreeRef(git, source, settings.ref, github, signal);
  const originUrl = originOf(source, settings, context);
  const password = /^[a-z+]+:\/\/[^/@]*:([^/@]+)@/i.exec(originUrl)?.[1];
  if (password !== undefined) mask(password);

  const kept = await prepareDirectory(settings, context, git, originUrl);
  if (kept) await rm(join(directory, ".git"), { recursive: true, force: true });
  log(`Taking '${source.top}' ${wanted.current ? "as it is now" : `at ${wanted.commit}`}`);
  await borrowRepository({
    source,
    gitDirectory: join(directory, ".git"),
    head: wanted.branch ?? wanted.commit ?? source.branch ?? "refs/heads/main",
    refs: await refsOf(git, source, settings, wanted, signal),
    shallow:
      wanted.commit === undefined
        ? []
        : await shallowBoundary(git, source, wanted.commit, settings.fetchDepth, signal),
    originUrl: toBytePath(originUrl),
    withIndex: wanted.current,
  });
  if (sparse !== undefined) await setSparseCheckout(git, directory, sparse, signal);

  const fetched: BytePath[] = [];
  if (wanted.current) {
    const apart = [context.workspace, directory, context.temp];
    const missing = await copyTree(git, settings, context, source, directory, apart, kept);
    fetched.push(...missing);
  } else if (wanted.commit !== undefined) {
    const env: Record<string, string> = settings.lfs ? { GIT_LFS_SKIP_SMUDGE: "0" } : {};
    const config = { "core.hooksPath": "/dev/null" };
    await mustGit(git, ["reset", "--quiet", "--hard", wanted.commit], {
      cwd: directory,
      signal,
      config,
      env,
    });
    if (settings.submodules !== "none") fetched.push(...(await submodulesIn(git, directory, signal)));
  }
  const access = await openAccess(settings, context, originUrl);
  if (fetched.length > 0 && settings.submodules !== "none") {
    await updateSubmodules(git, settings, context, access, originUrl, fetched.map(showPath));
  }
  const state = settings.persistCredentials ? await persistAccess(git, settings, context, access) : undefined;
  const { commit = "" } = wanted;
  return { outputs: { ref: wanted.ref, commit }, ...(state === undefined ? {} : { state }) };
}

/** Copies files and the submodules that are there; gives the submodules that are asked for and are not. */
async function copyTree(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
  source: SourceRepository,
  directory: string,
  apart: readonly string[],
  replace: boolean,
): Promise<BytePath[]> {
  const { signal } = context;
  const listing = await listFiles(git, source.top, apart, signal);
  const paths =
    settings.sparse === undefined || directory !== settings.directory
      ? listing.files
      : await sparseFiles(git, directory, listing.files, source.format, signal);
  await copyFiles({ from: toBytePath(source.top), to: toBytePath(directory), paths, replace, signal });

  const missing: BytePath[] = [];
  for (const path of listing.submodules) {
    const target = join(directory, showPath(path));
    await mkdir(bytePath(toBytePath(target)), { recursive: true });
    if (settings.submodules === "none") continue;
    const inner = await readSourceRepository(git, join(source.top, showPath(path)), signal);
    // Without a repository of its own in it, git finds the one around it.
    if (inner === undefined || inner === "bare" || inner.top === source.top) missing.push(path);
    else await copySubmodule(git, settings, context, inner, { directory, path: showPath(path) }, apart);
  }
  return missing;
}

async function copySubmodule(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
  inner: SourceRepository,
  place: { readonly directory: string; readonly path: string },
  apart: readonly string[],
): Promise<void> {
  const { signal } = context;
  const target = join(place.directory, place.path);
  const common = await mustGit(git, ["rev-parse", "--absolute-git-dir"], { cwd: place.directory, signal });
  const gitDirectory = join(common.toString("utf8").replace(/\n$/, ""), "modules", place.path);
  await mkdir(dirname(gitDirectory), { recursive: true });
  await borrowRepository({
    source: inner,
    gitDirectory,
    workTree: relative(gitDirectory, target),
    head: inner.head ?? inner.branch ?? "refs/heads/main",
    refs: new Map(),
    shallow:
      inner.head === undefined
        ? []
        : await shallowBoundary(git, inner, inner.head, settings.fetchDepth, signal),
    originUrl: sourceSetting(inner, "remote.origin.url") ?? toBytePath(inner.top),
    withIndex: true,
  });
  await rm(join(target, ".git"), { recursive: true, force: true });
  await writeFile(join(target, ".git"), `gitdir: ${relative(target, gitDirectory)}\n`);
  const deeper = {
    ...settings,
    submodules: settings.submodules === "recursive" ? "recursive" : "none",
  } as const;
  const missing = await copyTree(git, deeper, context, inner, target, apart, true);
  if (missing.length === 0) return;
  const origin = sourceSetting(inner, "remote.origin.url") ?? inner.top;
  const access = await openAccess(settings, context, origin);
  await updateSubmodules(
    git,
    { ...deeper, directory: target },
    context,
    access,
    origin,
    missing.map(showPath),
  );
}

/** With all history: every branch and tag. Else only what was asked for, as a shallow fetch brings it. */
async function refsOf(
  git: Git,
  source: SourceRepository,
  settings: CheckoutSettings,
  wanted: WorktreeRef,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const refs = new Map<string, string>();
  const all = settings.fetchDepth === 0;
  const groups = [
    ...(all ? ["refs/remotes/origin", "refs/heads"] : []),
    ...(all || settings.fetchTags ? ["refs/tags"] : []),
  ];
  if (groups.length > 0) {
    const args = ["for-each-ref", "--format=%(objectname) %(symref) %(refname)", ...groups];
    const output = await mustGit(git, args, { cwd: source.top, signal, config: READING });
    const lines = output.toString("latin1").split("\n");
    // What the branches are here goes before what they last were on the server.
    for (const group of groups) {
      for (const line of lines) {
        const [id = "", symref, ...rest] = line.split(" ");
        const name = rest.join(" ");
        if (symref !== "" || !name.startsWith(`${group}/`)) continue;
        refs.set(name.replace(/^refs\/heads\//, "refs/remotes/origin/"), id);
      }
    }
  }
  const { branch, commit } = wanted;
  if (branch !== undefined && commit !== undefined) {
    refs.set(branch, commit);
    refs.set(branch.replace(/^refs\/heads\//, "refs/remotes/origin/"), commit);
  }
  if (wanted.tag !== undefined) refs.set(wanted.tag.name, wanted.tag.id);
  return refs;
}

async function submodulesIn(git: Git, directory: string, signal: AbortSignal): Promise<BytePath[]> {
  const entries = splitNul(await mustGit(git, ["ls-files", "-z", "--stage"], { cwd: directory, signal }));
  return entries
    .filter((entry) => entry.startsWith("160000 "))
    .map((entry) => entry.slice(entry.indexOf("\t") + 1));
}

/** As in the source; the repository on its server where the source has none. */
function originOf(source: SourceRepository, settings: CheckoutSettings, context: CheckoutContext): string {
  const url = sourceSetting(source, "remote.origin.url");
  if (url === undefined) return `${context.source.serverUrl}/${settings.repository}`;
  const text = bytePath(url).toString("utf8");
  return /^\.\.?(\/|$)/.test(text) ? resolve(source.top, text) : text;
}

/** A folder that is in no repository: its files alone. */
export async function checkoutPlainFolder(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
  folder: string,
): Promise<CheckoutResult> {
  const { warn, signal, temp, workspace } = context;
  if (settings.ref !== "") {
    throw new ExecError(
      "NotFound",
      `'${folder}' is not a git repository, so it has no ref '${settings.ref}'.`,
    );
  }
  warn(
    `'${withoutPassword(folder)}' is not a git repository: its files are copied, and there is no .git in the workspace.`,
  );
  const replace = await prepareDirectory(settings, context, git, "");
  // A repository made for the listing alone lets .gitignore files count.
  await mkdir(temp, { recursive: true });
  const gitDirectory = await mkdtemp(join(temp, "listing-"));
  try {
    await mustGit(git, ["init", "--quiet", "--bare", "--template=", gitDirectory], { signal });
    const { files } = await listFiles(git, folder, [workspace, settings.directory, temp], signal, {
      gitDirectory,
    });
    await copyFiles({
      from: toBytePath(folder),
      to: toBytePath(settings.directory),
      paths: files,
      replace,
      signal,
    });
  } finally {
    await rm(gitDirectory, { recursive: true, force: true });
  }
  return { outputs: { ref: "", commit: "" } };
}

/**
 * A project with pipelines of its own that is a folder of a larger repository: its tracked and not ignored files. The
 * larger repository's `.git` would not fit them, so there is none.
 */
export async function checkoutProjectFolder(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
  folder: string,
): Promise<CheckoutResult> {
  const { log, signal, temp, workspace, github } = context;
  const ref = typeof github.ref === "string" ? github.ref : "";
  const commit = typeof github.sha === "string" ? github.sha : "";
  if (
    settings.ref !== "" &&
    ![ref, commit, ref.replace(/^refs\/(heads|tags)\//, "")].includes(settings.ref)
  ) {
    throw new ExecError(
      "NotFound",
      `'${folder}' is a folder of a larger repository: only its files as they are now can be checked out, not '${settings.ref}'.`,
    );
  }
  log(`Taking '${folder}' as it is now: a folder of a larger repository, whose .git is left out`);
  const replace = await prepareDirectory(settings, context, git, "");
  const { files } = await listFiles(git, folder, [workspace, settings.directory, temp], signal);
  const from = toBytePath(folder);
  await copyFiles({ from, to: toBytePath(settings.directory), paths: files, replace, signal });
  return { outputs: { ref: settings.ref || ref, commit } };
}
