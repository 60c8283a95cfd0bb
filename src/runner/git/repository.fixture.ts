/** Small git repositories for tests, made in folders of their own. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What git needs and nothing of the user's settings. */
export const GIT_ENV: { readonly [name: string]: string } = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.test",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.test",
  GIT_AUTHOR_DATE: "2024-01-01T00:00:00Z",
  GIT_COMMITTER_DATE: "2024-01-01T00:00:00Z",
};

export class TestFolder {
  readonly path: string = realpathSync(mkdtempSync(join(tmpdir(), "slipway-test-")));

  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", ["-c", "protocol.file.allow=always", ...args], {
    cwd,
    env: GIT_ENV,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trimEnd();
}

/** Files by path; a value `["#!/bin/sh", 0o755]` has a mode. */
export type TestFiles = { readonly [path: string]: string | readonly [content: string, mode: number] };

export function writeFiles(directory: string, files: TestFiles): void {
  for (const [path, value] of Object.entries(files)) {
    const [content, mode] = typeof value === "string" ? [value, undefined] : value;
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    if (mode !== undefined) chmodSync(target, mode);
  }
}

/** A repository on branch `main` with one commit of these files. */
export function makeRepository(directory: string, files: TestFiles): string {
  mkdirSync(directory, { recursive: true });
  git(directory, "init", "--quiet", "--initial-branch=main", ".");
  commitFiles(directory, "first", files);
  return directory;
}

/** Commits all there is; gives the commit's id. */
export function commitFiles(directory: string, message: string, files: TestFiles = {}): string {
  writeFiles(directory, files);
  git(directory, "add", "--all");
  git(directory, "commit", "--quiet", "--allow-empty", "-m", message);
  return git(directory, "rev-parse", "HEAD");
}
