import type { Engine } from "../engine/engine.ts";
import type { ProjectStore } from "../project-store.ts";
import { deleteEnvironment, findEnvironment, listEnvironments, putEnvironment } from "./environments.ts";
import {
  createPipeline,
  deletePipeline,
  findPipeline,
  getPipeline,
  listPipelines,
  updatePipeline,
} from "./pipelines.ts";
import { createProject, deleteProject, getProject, listProjects, updateProject } from "./projects.ts";
import { deleteSetting, listSettings, putSetting } from "./settings.ts";

export function kyselyProjectStore(engine: Engine): ProjectStore {
  return {
    createProject: (project) => createProject(engine, project),
    getProject: (idOrName) => getProject(engine, idOrName),
    listProjects: (page) => listProjects(engine, page),
    updateProject: (id, change) => updateProject(engine, id, change),
    deleteProject: (id) => deleteProject(engine, id),
    createPipeline: (pipeline) => createPipeline(engine, pipeline),
    getPipeline: (id) => getPipeline(engine, id),
    findPipeline: (projectId, idOrName) => findPipeline(engine, projectId, idOrName),
    listPipelines: (projectId) => listPipelines(engine, projectId),
    updatePipeline: (id, change) => updatePipeline(engine, id, change),
    deletePipeline: (id) => deletePipeline(engine, id),
    putEnvironment: (environment) => putEnvironment(engine, environment),
    findEnvironment: (projectId, name) => findEnvironment(engine, projectId, name),
    listEnvironments: (projectId) => listEnvironments(engine, projectId),
    deleteEnvironment: (projectId, name) => deleteEnvironment(engine, projectId, name),
    putSetting: (setting) => putSetting(engine, setting),
    listSettings: (projectId, kind) => listSettings(engine, projectId, kind),
    deleteSetting: (projectId, kind, name) => deleteSetting(engine, projectId, kind, name),
  };
}
