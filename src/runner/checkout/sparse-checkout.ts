import { rm } from "node:fs/promises";
import type { Git } from "../git/git.ts";
import { type BytePath, bytePath, splitNul } from "./byte-path.ts";
import type { CheckoutSettings } from "./checkout-settings.ts";
import { mustGit } from "./must-git.ts";

type Sparse = NonNullable<CheckoutSettings["sparse"]>;

/** Tells the repository in `directory` what it is to hold; files that are there and do not belong go. */
export async function setSparseCheckout(
  git: Git,
  directory: string,
  sparse: Sparse,
  signal: AbortSignal,
): Promise<void> {
  const mode = sparse.cone ? "--cone" : "--no-cone";
  const input = `${sparse.patterns.join("\n")}\n`;
  await mustGit(git, ["sparse-checkout", "set", mode, "--stdin"], { cwd: directory, signal, input });
}

/**
 * Those of the files, tracked or not, that a sparse checkout of `directory` holds. git itself decides: an index of its
 * own is given all the names, and read through the patterns.
 */
export async function sparseFiles(
  git: Git,
  directory: string,
  files: ReadonlySet<BytePath>,
  format: "sha1" | "sha256",
  signal: AbortSignal,
): Promise<Set<BytePath>> {
  const index = `${directory}/.git/sparse-names`;
  const env = { GIT_INDEX_FILE: index };
  const here = { cwd: directory, signal, env };
  const blob = "0".repeat(format === "sha256" ? 63 : 39);
  const names = [...files].map((path) => `100644 ${blob}1\t${path}\0`).join("");
  await mustGit(git, ["read-tree", "--empty"], here);
  await mustGit(git, ["update-index", "-z", "--index-info"], { ...here, input: bytePath(names) });
  await mustGit(git, ["sparse-checkout", "reapply"], here);
  const listed = splitNul(await mustGit(git, ["ls-files", "-z", "-t"], here));
  await rm(index, { force: true });
  return new Set(listed.filter((entry) => entry.startsWith("H ")).map((entry) => entry.slice(2)));
}
