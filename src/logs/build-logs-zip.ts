import { PassThrough, Readable } from "node:stream";
import type { JobRecord, StepRecord } from "../store/job-record.ts";
import { jobLogText } from "./job-log-text.ts";
import type { LogSink } from "./log-sink.ts";
import { type LogTextOptions, stepLogText } from "./step-log-text.ts";

export interface JobLogs {
  readonly job: JobRecord;
  readonly steps: readonly StepRecord[];
}

const MAX_NAME = 80;

/**
 * A zip of all logs of a build, made as it is read: `{n}_{job}.txt` with the whole of a job, and a folder of the same
 * name with a file for each of its steps that printed something. Fails while it is read where a log cannot be read.
 */
export async function buildLogsZip(
  logs: Pick<LogSink, "stream">,
  jobs: readonly JobLogs[],
  options: LogTextOptions,
): Promise<Readable> {
  // Once bundled, a CommonJS package has its default export alone.
  const { ZipFile } = (await import("yazl")).default;
  const zip = new ZipFile();
  const output = new PassThrough();
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, options.signal]);
  output.once("close", () => ending.abort());
  zip.on("error", (error: Error) => output.destroy(error));
  zip.outputStream.pipe(output);

  const add = (name: string, at: number | undefined, open: () => AsyncGenerator<Uint8Array>) => {
    const mtime = new Date(at ?? 0);
    zip.addReadStreamLazy(name, { mtime, mode: 0o100644, compressionLevel: 6 }, (callback) => {
      const stream = Readable.from(open(), { objectMode: false });
      stream.once("error", (error) => output.destroy(error));
      output.once("close", () => stream.destroy());
      callback(null, stream);
    });
  };
  for (const [index, { job, steps }] of jobs.entries()) {
    const name = `${index + 1}_${fileName(job.name)}`;
    const at = job.finishedAt ?? job.startedAt ?? job.createdAt;
    add(`${name}.txt`, at, () => jobLogText(logs, steps, { ...options, signal }));
    for (const step of steps) {
      if (step.log.kept === "expired" || step.log.sizeBytes === 0) continue;
      const ref = { type: "step", id: step.id } as const;
      add(`${name}/${step.number}_${fileName(step.name)}.txt`, step.finishedAt ?? at, () =>
        stepLogText(logs, ref, { ...options, signal }),
      );
    }
  }
  zip.end();
  return output;
}

/** A name that every system takes; the number before it keeps it apart from others. */
function fileName(name: string): string {
  const plain = [...name.toWellFormed()].map((char) =>
    /[\u0000-\u001f\u007f<>:"/\\|?*]/.test(char) ? "_" : char,
  );
  return (
    plain
      .slice(0, MAX_NAME)
      .join("")
      .replace(/[. ]+$/, "") || "_"
  );
}
