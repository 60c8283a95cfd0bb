import type { ResolvedRef } from "./repositories.ts";

const FIELDS = ["%H", "%T", "%P", "%an", "%ae", "%cn", "%ce", "%cI", "%B"];

/** `git log` that tells of one commit what `parseCommit` reads. */
export function commitArguments(name: string): readonly string[] {
  const format = `--format=${FIELDS.join("%x00")}`;
  const log = ["-c", "log.showSignature=false", "log", "-1", "--no-color", "--no-decorate"];
  return [...log, "--encoding=UTF-8", format, name, "--"];
}

export interface ReadCommit {
  readonly sha: string;
  readonly commit: ResolvedRef["commit"];
}

/** Undefined where there is no commit in it. */
export function parseCommit(text: string): ReadCommit | undefined {
  const [sha = "", tree = "", parents = "", authorName = "", authorEmail = "", ...rest] = text.split("\0");
  const [committerName = "", committerEmail = "", committedAt = "", ...message] = rest;
  if (tree === "") return undefined;
  return {
    sha,
    commit: {
      message: message.join("\0").trimEnd(),
      authorName,
      authorEmail,
      committerName,
      committerEmail,
      committedAt,
      tree,
      parents: parents.split(" ").filter((parent) => parent !== ""),
    },
  };
}
