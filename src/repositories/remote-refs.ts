/** What an origin has, as `git ls-remote --symref` tells it. */
export interface RemoteRefs {
  /** Branches and tags by their full name. */
  readonly refs: ReadonlyMap<string, RemoteRef>;
  /** The branch that HEAD names; undefined: it is detached, or names none that is there. */
  readonly head: string | undefined;
  readonly headSha: string | undefined;
}

export interface RemoteRef {
  /** Of an annotated tag the tag's own id. */
  readonly sha: string;
  /** Of an annotated tag: what it points to in the end. */
  readonly peeled?: string;
}

/** Names are byte strings of git's: read as UTF-8, as everything else here. */
export function parseRemoteRefs(text: string): RemoteRefs {
  const refs = new Map<string, RemoteRef>();
  let head: string | undefined;
  let headSha: string | undefined;
  for (const line of text.split("\n")) {
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    const value = line.slice(0, tab);
    const name = line.slice(tab + 1);
    if (name === "HEAD") {
      if (value.startsWith("ref: refs/heads/")) head = value.slice("ref: refs/heads/".length);
      else if (!value.startsWith("ref: ")) headSha = value;
    } else if (name.startsWith("refs/heads/") || name.startsWith("refs/tags/")) {
      const tag = name.endsWith("^{}") ? name.slice(0, -3) : undefined;
      if (tag === undefined) refs.set(name, { sha: value });
      else refs.set(tag, { sha: refs.get(tag)?.sha ?? value, peeled: value });
    }
  }
  return { refs, head, headSha };
}

/** The same refs at the same objects. */
export function sameRefs(a: ReadonlyMap<string, RemoteRef>, b: ReadonlyMap<string, RemoteRef>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, { sha }] of a) if (b.get(name)?.sha !== sha) return false;
  return true;
}

/** The main branch, where `fallback` is what the project says: HEAD's, else the likeliest that is there. */
export function mainBranch({ refs, head, headSha }: RemoteRefs, fallback: string): string {
  if (head !== undefined && refs.has(`refs/heads/${head}`)) return head;
  const names = [...refs.keys()].filter((ref) => ref.startsWith("refs/heads/")).map((ref) => ref.slice(11));
  const usual = [fallback, "main", "master", "trunk"].filter((name) => names.includes(name));
  const atHead = (name: string) => refs.get(`refs/heads/${name}`)?.sha === headSha;
  return usual.find(atHead) ?? names.find(atHead) ?? usual[0] ?? names[0] ?? fallback;
}
