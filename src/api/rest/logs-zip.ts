import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { JobRecord, StepRecord } from "../../store/job-record.ts";
import { type LogShape, plainLog } from "./plain-log.ts";
import type { ApiParts } from "./route.ts";

/** A zip as it is made: one step's log is read at a time. */
export function logsZip(
  jobs: readonly JobRecord[],
  shape: LogShape,
  { store, executor }: Pick<ApiParts, "store" | "executor">,
  signal: AbortSignal,
): Readable {
  const zip = new ZipFile();
  const body = zip.outputStream as Readable;
  const fail = (error: unknown) => body.destroy(error instanceof Error ? error : new Error(String(error)));
  zip.on("error", fail);
  const fill = async () => {
    for (const job of jobs) {
      if (job.kind === "group") continue;
      const folder = fileName(job.attempt === 1 ? job.key : `${job.key} (attempt ${job.attempt})`);
      for (const step of await store.builds.stepsOfJob(job.carriedFrom ?? job.id)) {
        const name = `${folder}/${String(step.number).padStart(3, "0")}_${fileName(step.name)}.txt`;
        const mtime = new Date(step.finishedAt ?? step.startedAt ?? job.createdAt);
        zip.addReadStreamLazy(name, { mtime }, (done) => {
          const log = Readable.from(logOf(step), { objectMode: false });
          // The zip waits for the stream's end, which does not come after an error.
          log.on("error", fail);
          done(null, log);
        });
      }
    }
    zip.end();
  };
  const logOf = async function* (step: StepRecord) {
    if (step.log.kept === "expired") yield "(the log was deleted by retention)\n";
    else yield* plainLog({ stepId: step.id, follow: false }, shape, executor, signal);
  };
  fill().catch(fail);
  return body;
}

/** A name that every system can unpack, and that stays in its folder. */
function fileName(name: string): string {
  const safe = name
    .toWellFormed()
    .replace(/[\p{Cc}<>:"/\\|?*]+/gu, "_")
    .replace(/^[. ]+|[. ]+$/g, "_")
    .slice(0, 100);
  return safe === "" ? "_" : safe;
}
