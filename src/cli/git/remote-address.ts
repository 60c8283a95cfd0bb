export interface RemoteAddress {
  /** `https://github.com`, without a slash at the end. */
  readonly serverUrl: string;
  readonly owner: string;
  readonly name: string;
}

/**
 * Owner and name of the repository behind a remote's URL, in any form git takes (`https:`, `ssh:`, `git@host:a/b`).
 * Undefined for a local folder. A password in the URL goes no further.
 */
export function remoteAddress(url: string): RemoteAddress | undefined {
  const scp = /^(?:[^@/]+@)?([^:/]+):(?!\/\/)(.+)$/.exec(url);
  if (scp?.[1] !== undefined && scp[2] !== undefined && scp[1].length > 1)
    return address(`https://${scp[1]}`, scp[2]);
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, hostname, pathname } = new URL(url);
  if (hostname === "") return undefined;
  const server =
    protocol === "http:" || protocol === "https:" ? `${protocol}//${host}` : `https://${hostname}`;
  return address(server, pathname);
}

function address(serverUrl: string, path: string): RemoteAddress | undefined {
  const parts = path
    .replace(/\.git\/*$/, "")
    .split("/")
    .filter((part) => part !== "");
  const name = parts.pop();
  if (name === undefined) return undefined;
  // A server of nested groups: everything above the repository is its owner.
  return { serverUrl, owner: parts.join("/") || "local", name };
}
