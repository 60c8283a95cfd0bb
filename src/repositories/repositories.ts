import type { ProjectRecord } from "../store/project-record.ts";

/** Mirrors of the projects' repositories on this server: bare, one a project, made and brought up to date as needed. */
export interface Repositories {
  /**
   * The commit a branch, tag, full ref or commit id names, the newest the origin has. `NotFound` with the names that
   * are near, `Permanent` where the origin is no repository or refuses, `Transient` where it cannot be reached.
   */
  resolve(project: ProjectRecord, ref: string): Promise<ResolvedRef>;
  /** Undefined: no such file at the commit. */
  readFile(project: ProjectRecord, sha: string, path: string): Promise<string | undefined>;
  /** Pipeline files at the commit: `.workflows/*`, `.github/workflows/*`, `.platform.yaml`. */
  pipelineFiles(project: ProjectRecord, sha: string): Promise<readonly string[]>;
  /** The branch that the origin's HEAD names. */
  defaultBranch(project: ProjectRecord): Promise<string>;
  /** Absolute path of the bare repository, for `git http-backend`; up to date as far as it was asked for. */
  mirrorPath(project: ProjectRecord): Promise<string>;
  remove(projectId: string): Promise<void>;
}

export interface ResolvedRef {
  /** `refs/heads/main`, `refs/tags/v1`; for a bare commit id the default branch's ref. */
  readonly ref: string;
  readonly sha: string;
  readonly commit: {
    readonly message: string;
    readonly authorName: string;
    readonly authorEmail: string;
    readonly committerName: string;
    readonly committerEmail: string;
    /** Ids. */
    readonly tree: string;
    readonly parents: readonly string[];
    /** ISO 8601. */
    readonly committedAt: string;
  };
}
