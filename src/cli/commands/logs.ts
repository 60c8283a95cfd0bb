import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isFinal } from "../../status.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { LOGS } from "../options/remote-options.ts";
import { wantsColor } from "../output/color.ts";
import { describeFileError } from "../project/file-error.ts";
import { buildOf, type ChosenBuild } from "../remote/build-of.ts";
import type { RemoteBuildDetail, RemoteJob } from "../remote/remote-build.ts";
import { watchBuild } from "../remote/watch-build.ts";
import { UsageError } from "../usage-error.ts";

type LogQuery = {
  readonly timestamps: true | undefined;
  /** Colours and the like are for a terminal. */
  readonly ansi?: "strip" | undefined;
};

/** `slipway logs`. */
export async function logs(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(LOGS, args);
  if (values.help) return (await import("./help.ts")).help([LOGS.name], io);
  const chosen = await buildOf(positionals[0], values, io);
  const timestamps = values.timestamps || undefined;
  if (values.download !== undefined) return await download(chosen, values.download, { timestamps }, io);
  const query: LogQuery = { timestamps, ansi: wantsColor(io.env, io.stdout) ? undefined : "strip" };
  const narrowed = values.job !== undefined || values.failed || values.timestamps;
  if (values.follow && !narrowed && !isFinal(chosen.build.status)) {
    return await watchBuild(chosen.build.id, chosen.remote, { json: false, quiet: false, verbose: true }, io);
  }
  const { remote, path } = chosen;
  const { jobs } = await remote.get<RemoteBuildDetail>(path);
  const wanted = jobs.filter((job) => job.kind === "job" && isWanted(job, values.job, values.failed));
  if (wanted.length === 0 && values.job !== undefined) {
    const keys = jobs.map(({ key }) => key).join(", ");
    throw new UsageError(
      `The build has no job "${values.job}".`,
      keys === "" ? undefined : `It has: ${keys}.`,
    );
  }
  const several = wanted.length > 1;
  for (const job of wanted) {
    if (several)
      await io.stdout.write(`== ${job.name}${job.attempt === 1 ? "" : ` (attempt ${job.attempt})`}\n`);
    await printJob(job, values.follow, query, chosen, io);
    if (io.stdout.closed) break;
  }
  return EXIT.ok;
}

function isWanted(job: RemoteJob, named: string | undefined, onlyFailed: boolean): boolean {
  if (onlyFailed && job.status !== "failed") return false;
  return named === undefined || job.key === named || job.name === named || job.jobId === named;
}

/** Of a job that runs, with `follow`: step after step as they come. */
async function printJob(
  job: RemoteJob,
  follow: boolean,
  query: LogQuery,
  { remote, path }: ChosenBuild,
  io: Io,
): Promise<void> {
  if (!follow || isFinal(job.status)) {
    await print(await remote.open(job.logUrl, { query, headers: { accept: "text/plain" } }), io);
    return;
  }
  const printed = new Set<string>();
  const { signal } = new AbortController();
  for (;;) {
    const { jobs } = await remote.get<RemoteBuildDetail>(path);
    const now = jobs.find(({ id }) => id === job.id);
    const next = now?.steps.find(
      ({ id, startedAt, status }) => !printed.has(id) && (startedAt !== undefined || isFinal(status)),
    );
    if (next !== undefined) {
      printed.add(next.id);
      if (next.number > 0) await io.stdout.write(`-- ${next.name}\n`);
      await print(
        await remote.open(next.log.url, {
          query: { ...query, follow: true },
          headers: { accept: "text/plain" },
        }),
        io,
      );
    } else if (now === undefined || isFinal(now.status) || io.stdout.closed) return;
    else await io.clock.wait(250, signal);
  }
}

async function print(response: Response, io: Io): Promise<void> {
  for await (const chunk of response.body ?? []) {
    if (io.stdout.closed) return;
    await io.stdout.write(chunk);
  }
}

async function download(
  { remote, path }: ChosenBuild,
  name: string,
  query: LogQuery,
  io: Io,
): Promise<ExitCode> {
  const response = await remote.open(`${path}/logs.zip`, { query });
  try {
    await pipeline(
      Readable.fromWeb(response.body ?? new ReadableStream()),
      createWriteStream(resolve(io.cwd, name)),
    );
  } catch (error) {
    throw new UsageError(`${name} cannot be written: ${describeFileError(error)}.`);
  }
  await io.stdout.write(`Wrote ${name}.\n`);
  return EXIT.ok;
}
