import type { BuildRecord } from "../../store/build-record.ts";
import type { Store } from "../../store/store.ts";
import type { Call } from "./call.ts";

/** The build, if it is one of the project in the path; else `NotFound`. */
export async function buildInProject(
  call: Pick<Call, "requireIn">,
  store: Pick<Store, "builds">,
  buildId: string,
): Promise<BuildRecord> {
  const build = await store.builds.get(buildId);
  call.requireIn(build.projectId);
  return build;
}
