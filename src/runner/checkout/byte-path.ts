/**
 * Names of files are bytes, and not all of them are UTF-8. Inside the checkout a path is a string with one character
 * a byte, so that it can be split, compared and used as a key; `bytePath` makes of it what the file system takes.
 */
export type BytePath = string;

export function bytePath(path: BytePath): Buffer {
  return Buffer.from(path, "latin1");
}

/** A proper string (the workspace, say) as a byte path. */
export function toBytePath(path: string): BytePath {
  return Buffer.from(path, "utf8").toString("latin1");
}

/** For people. */
export function showPath(path: BytePath): string {
  return bytePath(path).toString("utf8");
}

/** The folder a relative path stands in; "" for the root. */
export function parentOf(path: BytePath): BytePath {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}

/** NUL-separated output of git. */
export function splitNul(output: Buffer): BytePath[] {
  return output
    .toString("latin1")
    .split("\0")
    .filter((item) => item !== "");
}
