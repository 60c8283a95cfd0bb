const MAX_LENGTH = 1_000;

/** A name git takes for a ref (`git check-ref-format --allow-onelevel`) and never for an option or an expression. */
export function isRefName(name: string): boolean {
  if (name === "" || name.length > MAX_LENGTH || name.startsWith("-")) return false;
  if (/[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|\.$|^\/|\/$/u.test(name) || name === "@") return false;
  return name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));
}

/** A whole commit id, or at least four digits of one. */
export function isCommitId(name: string): boolean {
  return /^[0-9a-f]{4,64}$/i.test(name);
}

export function isFullCommitId(name: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(name);
}

/** Full refs that a name may stand for, the likeliest first: a branch wins over a tag of the same name. */
export function candidateRefs(name: string): readonly string[] {
  if (name.startsWith("refs/")) return [name];
  return [`refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`];
}

/** `main` of `refs/heads/main`. */
export function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, "");
}
