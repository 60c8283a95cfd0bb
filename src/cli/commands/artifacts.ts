import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { ARTIFACTS } from "../options/remote-options.ts";
import { describeFileError } from "../project/file-error.ts";
import { buildOf } from "../remote/build-of.ts";
import { ago, say, show } from "../remote/show.ts";
import { UsageError } from "../usage-error.ts";

interface ArtifactAnswer {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly jobKey: string;
}

/** `slipway artifacts`. */
export async function artifacts(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(ARTIFACTS, args);
  if (values.help) return (await import("./help.ts")).help([ARTIFACTS.name], io);
  const { remote, path, build } = await buildOf(positionals[0], values, io);
  const all = (await remote.get<{ items: readonly ArtifactAnswer[] }>(`${path}/artifacts`)).items;
  const items = values.name === undefined ? all : all.filter(({ name }) => name === values.name);
  if (values.name !== undefined && items.length === 0) {
    throw new UsageError(
      `Build ${build.number} has no artifact "${values.name}".`,
      all.length === 0 ? "It has none." : `It has: ${all.map(({ name }) => name).join(", ")}.`,
    );
  }
  if (values.download === undefined) {
    const now = io.clock.now();
    const rows = items.map(({ name, file, sizeBytes, jobKey, createdAt, expiresAt }) => [
      name,
      file,
      `${sizeBytes}`,
      jobKey,
      ago(createdAt, now),
      expiresAt.slice(0, 10),
    ]);
    await show(io, values.json, items, ["artifact", "file", "bytes", "job", "made", "kept until"], rows);
    return EXIT.ok;
  }
  const folder = resolve(io.cwd, values.download);
  for (const { id, name, file } of items) {
    const response = await remote.open(`${path}/artifacts/${id}/download`, {
      query: { direct: true },
      headers: { accept: "*/*" },
    });
    // The name comes from a job: nothing of it may lead out of the folder.
    const target = join(folder, basename(file) || basename(name));
    try {
      await mkdir(folder, { recursive: true });
      await pipeline(Readable.fromWeb(response.body ?? new ReadableStream()), createWriteStream(target));
    } catch (error) {
      throw new UsageError(`${target} cannot be written: ${describeFileError(error)}.`);
    }
    await say(io, values.json, { name, file: target }, `${name}: ${target}`);
  }
  return EXIT.ok;
}
