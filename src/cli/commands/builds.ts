import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { BUILDS } from "../options/remote-options.ts";
import { formatDuration } from "../output/duration.ts";
import { chooseProject } from "../remote/choose-project.ts";
import { connect } from "../remote/connect.ts";
import type { RemoteBuild } from "../remote/remote-build.ts";
import { ago, shortRef, show } from "../remote/show.ts";
import { UsageError } from "../usage-error.ts";

const DEFAULT_LIMIT = 20;

/** `slipway builds`. */
export async function builds(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parseOptions(BUILDS, args);
  if (values.help) return (await import("./help.ts")).help([BUILDS.name], io);
  const limit = values.limit === undefined ? DEFAULT_LIMIT : Number(values.limit);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new UsageError(`--limit ${values.limit} is not a number from 1 on.`);
  const remote = await connect(values, io);
  const project = await chooseProject(values.project, remote, io);
  const { status, ref, pipeline, trigger } = values;
  const items = await remote.list<RemoteBuild>(
    `/projects/${project.id}/pipelines`,
    { query: { status, ref, pipeline, trigger } },
    limit,
  );
  const now = io.clock.now();
  const rows = items.map((build) => [
    build.attempt === 1 ? `${build.number}` : `${build.number}.${build.attempt}`,
    build.status,
    build.workflow,
    shortRef(build.ref),
    build.sha.slice(0, 7),
    build.event,
    build.actor,
    build.durationMs === undefined ? "" : formatDuration(build.durationMs),
    ago(build.createdAt, now),
    build.title === build.workflow ? "" : build.title,
  ]);
  const head = ["build", "status", "pipeline", "ref", "commit", "event", "by", "took", "asked", "title"];
  await show(io, values.json, items, head, rows);
  return EXIT.ok;
}
