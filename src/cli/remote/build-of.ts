import type { Io } from "../io.ts";
import { chooseBuild } from "./choose-build.ts";
import { chooseProject, type RemoteProject } from "./choose-project.ts";
import { connect } from "./connect.ts";
import type { Remote } from "./remote.ts";
import type { RemoteBuild } from "./remote-build.ts";

export interface ChosenBuild {
  readonly remote: Remote;
  readonly project: RemoteProject;
  readonly build: RemoteBuild;
  /** Path of the build's routes. */
  readonly path: string;
}

/** The build that a command line names. */
export async function buildOf(
  text: string | undefined,
  wish: { readonly server: string | undefined; readonly project: string | undefined },
  io: Io,
): Promise<ChosenBuild> {
  const remote = await connect(wish, io);
  const project = await chooseProject(wish.project, remote, io);
  const build = await chooseBuild(text, project, remote);
  return { remote, project, build, path: `/projects/${project.id}/pipelines/${build.id}` };
}
