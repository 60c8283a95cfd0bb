/** What a request to `/git/<project>.git/…` wants. */
export type GitRequest =
  | { readonly kind: "advertise" | "upload-pack"; readonly project: string }
  /** Known to git, and not served: `reason` is for a person. */
  | { readonly kind: "refused"; readonly status: 403 | 404 | 405; readonly reason: string };

const PREFIX = "/git/";
const READ_ONLY = "This is a read-only copy: push to the repository it is made of.";
const NO_DUMB = "Only git's smart protocol is served here: no repository has its files under this address.";

/** Undefined: the path is nothing of this handler's. */
export function parseGitRequest(method: string, target: string): GitRequest | undefined {
  const [path = "", query = ""] = target.split(/\?(.*)/s, 2);
  if (!path.startsWith(PREFIX)) return undefined;
  const match = /^([^/]+(?:\/[^/]+)?)\.git\/(.+)$/.exec(path.slice(PREFIX.length));
  const project = match && decoded(match[1] ?? "");
  if (!match || !project)
    return { kind: "refused", status: 404, reason: "An address here is /git/<project>.git." };
  switch (match[2]) {
    case "info/refs": {
      const service = new URLSearchParams(query).get("service");
      if (method !== "GET") return notAllowed(method);
      if (service === "git-receive-pack") return { kind: "refused", status: 403, reason: READ_ONLY };
      if (service !== "git-upload-pack") return { kind: "refused", status: 403, reason: NO_DUMB };
      return { kind: "advertise", project };
    }
    case "git-upload-pack":
      return method === "POST" ? { kind: "upload-pack", project } : notAllowed(method);
    case "git-receive-pack":
      return { kind: "refused", status: 403, reason: READ_ONLY };
    default:
      return { kind: "refused", status: 404, reason: NO_DUMB };
  }
}

function notAllowed(method: string): GitRequest {
  return { kind: "refused", status: 405, reason: `${method} is not understood here.` };
}

/** Undefined for what no project is called: it only ever goes to the records, never into a path. */
function decoded(text: string): string | undefined {
  try {
    const name = decodeURIComponent(text);
    return /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
