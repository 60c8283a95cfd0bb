import { ExecError } from "../../errors.ts";

/** The forms `uses` can take in a step. */
export type ActionReference =
  /** `./path`: from the workspace. */
  | { readonly kind: "local"; readonly path: string }
  /** `$/path`: from the repository that the step itself stands in. */
  | { readonly kind: "self"; readonly path: string }
  | { readonly kind: "docker"; readonly image: string }
  | RepositoryReference;

export interface RepositoryReference {
  readonly kind: "repository";
  readonly owner: string;
  readonly name: string;
  /** Below the root of the repository, without slashes at its ends; "" is the root. */
  readonly path: string;
  readonly ref: string;
}

const FORMS = "{owner}/{repo}[/path]@{ref}, ./path or docker://image";

/** Reads a step's `uses`. Throws `ExecError` (`InvalidSpec`) that says what is wrong and what may have been meant. */
export function parseUses(uses: string): ActionReference {
  const text = uses.trim();
  if (text === "") throw invalid(uses, "it is empty");
  if (text.includes("${{")) throw invalid(uses, "`uses` cannot hold an expression");
  if (text.startsWith("docker://")) {
    const image = text.slice("docker://".length);
    if (image === "") throw invalid(uses, "it names no image", "docker://alpine:3.20");
    return { kind: "docker", image };
  }
  if (/^\.[/\\]/.test(text)) return { kind: "local", path: text.replaceAll("\\", "/") };
  if (text.startsWith("$/")) {
    const path = text.slice(2).replace(/^\/+|\/+$/g, "");
    if (path === "" || climbs(path)) throw invalid(uses, "it names no folder of the repository");
    return { kind: "self", path };
  }
  return parseRepository(uses, text);
}

function parseRepository(uses: string, text: string): RepositoryReference {
  if (text.startsWith("../") || text.startsWith("..\\")) {
    throw invalid(uses, "a local action starts with ./", `./${text}`);
  }
  if (text.startsWith("/") || /^[A-Za-z]:[\\/]/.test(text)) {
    throw invalid(uses, "a local action is named from the workspace, with ./ in front");
  }
  if (/^[a-z+]+:\/\//i.test(text) || /^[\w.-]+@[\w.-]+:/.test(text)) {
    const short = text.replace(/^[a-z+]+:\/\/[^/]+\/|^[^:]+:/i, "").replace(/\.git(?=@|$)/, "");
    throw invalid(uses, "name the repository, not its address; --actions-url sets the server", short);
  }
  const parts = text.split("@");
  const before = parts[0] ?? "";
  const segments = before.split(/[/\\]/).filter((segment) => segment !== "");
  if (parts.length > 2) throw invalid(uses, "it has more than one @");
  const ref = parts[1];
  if (before.startsWith(".")) throw invalid(uses, "a local action starts with ./", `./${before}`);
  if (ref === undefined) {
    throw segments.length < 2
      ? invalid(uses, "it has neither an owner nor a ref", `./${before}`)
      : invalid(uses, "it has no ref", `${segments.join("/")}@v1`);
  }
  if (ref === "") throw invalid(uses, "the ref after the @ is empty", `${segments.join("/")}@v1`);
  if (segments.length < 2)
    throw invalid(uses, "it has no owner", `actions/${segments[0] ?? "checkout"}@${ref}`);
  if (climbs(segments.join("/"))) throw invalid(uses, "'.' and '..' cannot be part of it");
  if (/[\s\x00-\x1f]/.test(text)) throw invalid(uses, "it has white space in it");
  if (ref.startsWith("-") || segments[0]?.startsWith("-"))
    throw invalid(uses, "no part of it can start with '-'");
  const [owner = "", name = "", ...path] = segments;
  return { kind: "repository", owner, name, path: path.join("/"), ref };
}

function climbs(path: string): boolean {
  return path.split(/[/\\]/).some((segment) => segment === "." || segment === "..");
}

function invalid(uses: string, reason: string, example?: string): ExecError {
  const hint = example === undefined ? "" : ` Did you mean '${example}'?`;
  return new ExecError("InvalidSpec", `Invalid action '${uses}': ${reason}. Expected ${FORMS}.${hint}`);
}
