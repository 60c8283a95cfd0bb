import { resolve, sep } from "node:path";
import { ExecError } from "../../errors.ts";
import type { CheckoutContext } from "./checkout-context.ts";

/** What a step asked of `actions/checkout`, defaults filled in. */
export interface CheckoutSettings {
  /** `owner/repo`. */
  readonly repository: string;
  /** It is the repository the workflow stands in. */
  readonly own: boolean;
  /** As written; "" where the step names none. */
  readonly ref: string;
  /** Absolute. */
  readonly directory: string;
  /** The directory is the workspace itself. */
  readonly atRoot: boolean;
  /** The input, else `github.token`; "" where there is none. */
  readonly token: string;
  /** The step itself names the token. `github.token` is only for the workflow's own server. */
  readonly tokenGiven: boolean;
  readonly sshKey: string;
  readonly sshKnownHosts: string;
  readonly sshStrict: boolean;
  readonly sshUser: string;
  readonly persistCredentials: boolean;
  readonly clean: boolean;
  readonly filter: string;
  /** Absent: everything. */
  readonly sparse?: { readonly patterns: readonly string[]; readonly cone: boolean };
  /** 0: all history of all branches and tags. */
  readonly fetchDepth: number;
  readonly fetchTags: boolean;
  readonly showProgress: boolean;
  readonly lfs: boolean;
  readonly submodules: "none" | "direct" | "recursive";
  /** "": the server of the source. */
  readonly serverUrl: string;
}

const INPUTS = [
  "repository",
  "ref",
  "token",
  "ssh-key",
  "ssh-known-hosts",
  "ssh-strict",
  "ssh-user",
  "persist-credentials",
  "path",
  "clean",
  "filter",
  "sparse-checkout",
  "sparse-checkout-cone-mode",
  "fetch-depth",
  "fetch-tags",
  "show-progress",
  "lfs",
  "submodules",
  "set-safe-directory",
  "github-server-url",
  "allow-unsafe-pr-checkout",
];

/** Reads the inputs as `actions/checkout` does. Throws `ExecError` (`InvalidSpec`) for a bad repository or path. */
export function checkoutSettings(
  inputs: { readonly [name: string]: string },
  { source, workspace, github, warn }: Pick<CheckoutContext, "source" | "workspace" | "github" | "warn">,
): CheckoutSettings {
  const given = new Map(Object.entries(inputs).map(([name, value]) => [name.toLowerCase(), value]));
  const unexpected = Object.keys(inputs).filter((name) => !INPUTS.includes(name.toLowerCase()));
  if (unexpected.length > 0) {
    warn(`Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${INPUTS.join("', '")}']`);
  }
  const text = (name: string) => (given.get(name) ?? "").trim();
  const flag = (name: string, otherwise: boolean) => (text(name) || `${otherwise}`).toUpperCase() === "TRUE";

  const repository = text("repository") || source.repository;
  if (!/^[^/]+\/[^/]+$/.test(repository)) {
    throw new ExecError("InvalidSpec", `Invalid repository '${repository}'. Expected format {owner}/{repo}.`);
  }
  const root = resolve(workspace);
  const directory = resolve(root, text("path") || ".");
  if (!`${directory}${sep}`.startsWith(root === sep ? sep : `${root}${sep}`)) {
    throw new ExecError("InvalidSpec", `Repository path '${directory}' is not under '${root}'`);
  }
  const depth = Math.floor(Number(text("fetch-depth") || "1"));
  const submodules = text("submodules").toUpperCase();
  const patterns = (given.get("sparse-checkout") ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const token = given.has("token") ? text("token") : typeof github.token === "string" ? github.token : "";
  return {
    repository,
    own: repository.toLowerCase() === source.repository.toLowerCase(),
    ref: text("ref"),
    directory,
    atRoot: directory === root,
    token,
    tokenGiven: text("token") !== "",
    sshKey: text("ssh-key"),
    sshKnownHosts: text("ssh-known-hosts"),
    sshStrict: flag("ssh-strict", true),
    sshUser: text("ssh-user") || "git",
    persistCredentials: flag("persist-credentials", true),
    clean: flag("clean", true),
    filter: text("filter"),
    ...(patterns.length === 0 ? {} : { sparse: { patterns, cone: flag("sparse-checkout-cone-mode", true) } }),
    fetchDepth: Number.isNaN(depth) || depth < 0 ? 0 : depth,
    fetchTags: flag("fetch-tags", false),
    showProgress: flag("show-progress", true),
    lfs: flag("lfs", false),
    submodules: submodules === "RECURSIVE" ? "recursive" : submodules === "TRUE" ? "direct" : "none",
    serverUrl: text("github-server-url").replace(/\/+$/, ""),
  };
}
