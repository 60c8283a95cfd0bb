/** A git repository and its settings. */
export interface ProjectRecord {
  readonly id: string;
  /** Unique, in lower case: letters, digits, `.`, `_`, `-` and one `/` between owner and name; at most 100 characters. */
  readonly name: string;
  /** Path of a folder on the server, or an URL that `git clone` takes. Never holds a password. */
  readonly repositoryUrl: string;
  readonly defaultBranch: string;
  readonly settings: ProjectSettings;
  /** Unix milliseconds, as every time in the records. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Absent: the server's own setting holds. */
export interface ProjectSettings {
  /** Builds of the project that may run at once. */
  readonly maxBuilds?: number;
  /** Jobs of the project that may run at once. */
  readonly maxJobs?: number;
  readonly maxBuildMinutes?: number;
  /** Attempts after the first for a job whose place was lost. */
  readonly infrastructureRetries?: number;
  /** Days an artifact is kept that names no time of its own. */
  readonly artifactRetentionDays?: number;
  /** True: whoever has the address may read the project's badges; else they need `project:read`. */
  readonly publicBadges?: boolean;
}

/** A definition file in a project. */
export interface PipelineRecord {
  readonly id: string;
  readonly projectId: string;
  /** Unique in the project. */
  readonly name: string;
  /** The file, from the root of the repository: `.workflows/ci.yml`. Unique in the project. */
  readonly path: string;
  /** False: nothing starts it but an explicit request. */
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A deployment environment of a project, as a job's `environment` names it. */
export interface EnvironmentRecord {
  readonly id: string;
  readonly projectId: string;
  /** Matched without regard to case. */
  readonly name: string;
  /** Names of those of whom one must approve a job; empty: none needs to. `*`: whoever may write to the project. */
  readonly reviewers: readonly string[];
  /** How long a job waits for a reviewer before it fails. */
  readonly approvalTimeoutMs: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
