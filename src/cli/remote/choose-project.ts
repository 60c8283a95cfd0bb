import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { suggest } from "../../spec/suggest.ts";
import { gitIn } from "../git/run-git.ts";
import type { Io } from "../io.ts";
import { isRepository, openProject } from "../project/open-project.ts";
import { UsageError } from "../usage-error.ts";
import type { Remote } from "./remote.ts";

export interface RemoteProject {
  readonly id: string;
  readonly name: string;
  readonly repositoryUrl: string;
}

/**
 * The project that is meant: `--project`, else `SLIPWAY_PROJECT`, else the one whose repository the current folder is a
 * clone of, else the only one. Throws `UsageError` with the names there are.
 */
export async function chooseProject(
  named: string | undefined,
  remote: Remote,
  io: Io,
): Promise<RemoteProject> {
  const wanted = named ?? (io.env.SLIPWAY_PROJECT || undefined);
  const projects = await remote.list<RemoteProject>("/projects");
  if (wanted !== undefined) {
    const found = projects.find(({ id, name }) => id === wanted || name === wanted.toLowerCase());
    if (found !== undefined) return found;
    const names = projects.map(({ name }) => name);
    const meant = suggest(wanted, names);
    throw new UsageError(
      `There is no project "${wanted}" on ${remote.address}.`,
      meant === undefined ? known(names) : `Did you mean ${meant}?`,
    );
  }
  const addresses = await addressesHere(io);
  const here = projects.filter(({ repositoryUrl }) => addresses.has(comparable(repositoryUrl)));
  const [only, ...others] = here.length > 0 ? here : projects;
  if (only !== undefined && others.length === 0) return only;
  throw new UsageError(
    only === undefined ? `There is no project on ${remote.address} yet.` : "Which project?",
    only === undefined
      ? "Add one: slipway project add PATH-OR-URL"
      : `Name it with --project. ${known(projects.map(({ name }) => name))}`,
  );
}

function known(names: readonly string[]): string {
  return names.length === 0
    ? "There is none yet."
    : `There are: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}.`;
}

/** The current repository's folder and the addresses of its remotes. */
async function addressesHere(io: Io): Promise<ReadonlySet<string>> {
  const project = openProject(undefined, io);
  const found = await project.repository;
  if (!isRepository(found)) return new Set();
  const root = await realpath(resolve(project.root)).catch(() => project.root);
  const { stdout } = await gitIn(project.root, io.env)(["config", "--get-regexp", "^remote\\..*\\.url$"]);
  const urls = stdout.split("\n").flatMap((line) => line.split(" ").slice(1, 2));
  return new Set([root, ...urls].map(comparable));
}

/** `git@host:a/b.git`, `ssh://git@host/a/b` and `https://host/a/b/` are the same repository. */
export function comparable(address: string): string {
  return address
    .replace(/^[a-z+]+:\/\//i, "")
    .replace(/^[^/@]*@/, "")
    .replace(/^([^/:]+):(?!\d+\/)/, "$1/")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "")
    .toLowerCase();
}
