import { UsageError } from "../usage-error.ts";
import type { RemoteProject } from "./choose-project.ts";
import type { Remote } from "./remote.ts";
import type { RemoteBuild } from "./remote-build.ts";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The build a person means: its number (`12`, `#12`, `12.2` for its second attempt), its id, or nothing for the newest. */
export async function chooseBuild(
  text: string | undefined,
  project: RemoteProject,
  remote: Remote,
): Promise<RemoteBuild> {
  const builds = `/projects/${project.id}/pipelines`;
  if (text !== undefined && ID.test(text))
    return await remote.get<RemoteBuild>(`${builds}/${text.toLowerCase()}`);
  if (text === undefined) {
    const [newest] = await remote.list<RemoteBuild>(builds, {}, 1);
    if (newest === undefined)
      throw new UsageError(`${project.name} has no build yet.`, "Start one: slipway trigger");
    return newest;
  }
  const match = /^#?(\d{1,9})(?:\.(\d{1,4}))?$/.exec(text);
  if (match === null) throw new UsageError(`"${text}" is neither the number nor the id of a build.`);
  const attempts = await remote.list<RemoteBuild>(builds, { query: { number: match[1] } });
  const newestFirst = attempts.sort((a, b) => b.attempt - a.attempt);
  const found =
    match[2] === undefined ? newestFirst[0] : newestFirst.find(({ attempt }) => attempt === Number(match[2]));
  if (found === undefined)
    throw new UsageError(`${project.name} has no build ${text}.`, "See: slipway builds");
  return found;
}
