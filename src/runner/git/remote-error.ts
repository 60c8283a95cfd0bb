import { ExecError } from "../../errors.ts";

/** Why a server did not give what it was asked for. */
export type RemoteProblem = "unknown-repository" | "auth-needed" | "unreachable" | "refused" | "other";

/**
 * The one place where git's and its servers' words are read (git runs with `LC_ALL=C`). A server that hides private
 * repositories answers "not found" for them, so the two cannot always be told apart.
 */
export function remoteProblem(stderr: string): RemoteProblem {
  if (
    /could not read (Username|Password)|Authentication failed|terminal prompts disabled|Permission denied|Invalid username|HTTP 40[13]|returned error: 40[13]|Access denied/i.test(
      stderr,
    )
  ) {
    return "auth-needed";
  }
  if (/unadvertised object|not our ref|does not allow request/i.test(stderr)) return "refused";
  if (
    /Could not resolve host|Connection (refused|timed out|reset)|Failed to connect|Network is unreachable|Operation timed out|No route to host|Could not read from socket|SSL|TLS|certificate|early EOF|hung up|RPC failed|returned error: (429|5\d\d)|Temporary failure/i.test(
      stderr,
    ) &&
    !/not found|does not exist/i.test(stderr)
  ) {
    return "unreachable";
  }
  if (
    /not found|does not exist|does not appear to be a git repository|no such (file|repository)|returned error: 404|not a git repository/i.test(
      stderr,
    )
  ) {
    return "unknown-repository";
  }
  return "other";
}

/** What `url` said when `what` (a repository, for people) was asked for. */
export function remoteError(what: string, url: string, stderr: string): ExecError {
  const shown = withoutPassword(url);
  const said = lastLines(stderr);
  switch (remoteProblem(stderr)) {
    case "unknown-repository":
      return new ExecError(
        "NotFound",
        `Repository ${what} was not found at ${shown}. Check its name; a private one needs a token that may read it. (${said})`,
      );
    case "auth-needed":
      return new ExecError(
        "Unauthorized",
        `Repository ${what} at ${shown} needs credentials, or does not exist. Give a token that may read it. (${said})`,
      );
    case "unreachable":
      return new ExecError("Transient", `${shown} could not be reached for ${what}. (${said})`);
    case "refused":
    case "other":
      return new ExecError("Permanent", `Fetching ${what} from ${shown} failed. (${said})`);
  }
}

/** A text whose URLs hold no user and no password. */
export function withoutPassword(url: string): string {
  return url.replace(/([a-z+]+:\/\/)[^/@\s]*@/gi, "$1");
}

function lastLines(stderr: string): string {
  const lines = stderr
    .split("\n")
    .map((line) => withoutPassword(line.replace(/^(fatal|error|remote): */, "").trim()))
    .filter((line) => line !== "" && !/^(Please make sure|and the repository exists)/.test(line));
  return lines.slice(0, 3).join(" ") || "git said nothing";
}
