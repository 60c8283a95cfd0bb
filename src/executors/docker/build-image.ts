import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header, pack } from "tar-stream";
import { ExecError } from "../../errors.ts";
import type { DockerEngine, Labels } from "./docker-engine.ts";

export interface ImageBuild {
  readonly engine: DockerEngine;
  /** The container that sees the folder to build from. */
  readonly job: string;
  readonly tag: string;
  readonly labels: Labels;
  /** Absolute, as the job sees it. */
  readonly context: string;
  /** Below the folder, or absolute within it. */
  readonly dockerfile: string;
}

/** Builds an image from a folder of a job's container; lines of the build are for `log`. */
export async function buildStepImage(
  { engine, job, tag, labels, context, dockerfile }: ImageBuild,
  log: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const root = context.replace(/\/+$/, "");
  const path = dockerfile.startsWith(`${root}/`)
    ? dockerfile.slice(root.length + 1)
    : dockerfile.replace(/^\.\//, "");
  if (path.startsWith("/"))
    throw new ExecError(
      "InvalidSpec",
      `The Dockerfile ${dockerfile} is not in the folder it is built from (${root}).`,
    );
  const archive = await engine.readArchive(job, root, signal);
  const lines = new LineSplitter(log);
  try {
    await engine.build(
      withoutRoot(archive),
      { dockerfile: path, tag, labels },
      ({ stream }) => lines.take(stream ?? ""),
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    const words = error instanceof Error ? error.message : String(error);
    throw new ExecError("Permanent", `The image could not be built from ${dockerfile}: ${words}`, {
      cause: error,
    });
  } finally {
    lines.end();
  }
}

/** An archive's entries stand below the folder's name; a build wants them at the root. */
function withoutRoot(archive: Readable): Readable {
  const unpacked = extract();
  const packed = pack();
  unpacked.on("entry", (header: Header, content, next) => {
    const name = header.name.replace(/^\.?\/?/, "").replace(/^[^/]*\//, "");
    if (name === "") {
      content.resume();
      content.on("end", next);
      return;
    }
    const isHardLink = header.type === "link" && typeof header.linkname === "string";
    const linkname = isHardLink ? (header.linkname ?? "").replace(/^\.?\/?[^/]*\//, "") : header.linkname;
    const entry = packed.entry({ ...header, name, ...(linkname ? { linkname } : {}) }, (error) =>
      next(error),
    );
    content.pipe(entry);
  });
  unpacked.on("finish", () => packed.finalize());
  const through = new PassThrough();
  void pipeline(packed, through).catch(() => {});
  void pipeline(archive, unpacked).catch((error: Error) => through.destroy(error));
  return through;
}

class LineSplitter {
  readonly #log: (text: string) => void;
  #rest = "";

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#log(line);
  }

  end(): void {
    if (this.#rest !== "") this.#log(this.#rest);
    this.#rest = "";
  }
}
