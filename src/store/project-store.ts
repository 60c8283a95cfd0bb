import type { Page, PageRequest } from "./page.ts";
import type { EnvironmentRecord, PipelineRecord, ProjectRecord } from "./project-record.ts";

/** Unknown ids reject with `NotFound`, a name or path that is taken with `Conflict`. */
export interface ProjectStore {
  createProject(project: ProjectRecord): Promise<ProjectRecord>;
  /** By id or by name. */
  getProject(idOrName: string): Promise<ProjectRecord>;
  listProjects(page: PageRequest): Promise<Page<ProjectRecord>>;
  updateProject(id: string, change: Partial<Omit<ProjectRecord, "id" | "createdAt">>): Promise<ProjectRecord>;
  /** With everything that belongs to it but blobs. Rejects with `Conflict` while a build of it runs. */
  deleteProject(id: string): Promise<void>;

  createPipeline(pipeline: PipelineRecord): Promise<PipelineRecord>;
  getPipeline(id: string): Promise<PipelineRecord>;
  /** By id, name or path within the project. */
  findPipeline(projectId: string, idOrName: string): Promise<PipelineRecord>;
  listPipelines(projectId: string): Promise<readonly PipelineRecord[]>;
  updatePipeline(
    id: string,
    change: Partial<Omit<PipelineRecord, "id" | "projectId" | "createdAt">>,
  ): Promise<PipelineRecord>;
  /** Its builds stay readable. */
  deletePipeline(id: string): Promise<void>;

  putEnvironment(environment: EnvironmentRecord): Promise<EnvironmentRecord>;
  /** Without regard to case. */
  findEnvironment(projectId: string, name: string): Promise<EnvironmentRecord | undefined>;
  listEnvironments(projectId: string): Promise<readonly EnvironmentRecord[]>;
  deleteEnvironment(projectId: string, name: string): Promise<void>;

  /** Secrets hold ciphertext; see `identity/secrets`. Names are kept in upper case. */
  putSetting(setting: ProjectSetting): Promise<void>;
  listSettings(projectId: string, kind: ProjectSetting["kind"]): Promise<readonly ProjectSetting[]>;
  deleteSetting(projectId: string, kind: ProjectSetting["kind"], name: string): Promise<boolean>;
}

/** A secret or a variable of a project. */
export interface ProjectSetting {
  readonly projectId: string;
  readonly kind: "secret" | "variable";
  readonly name: string;
  /** Of a secret: the sealed envelope, as text. */
  readonly value: string;
  readonly updatedAt: number;
}
