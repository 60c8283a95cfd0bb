import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { BACKUP } from "../options/remote-options.ts";
import { describeFileError } from "../project/file-error.ts";
import { connect } from "../remote/connect.ts";
import { say } from "../remote/show.ts";
import { UsageError } from "../usage-error.ts";

/** `slipway backup`: whole or not at all, and never over what is there. */
export async function backup(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(BACKUP, args);
  if (values.help) return (await import("./help.ts")).help([BACKUP.name], io);
  const [name] = positionals;
  if (name === undefined) throw new UsageError("Say which file to write: slipway backup slipway.db");
  const target = resolve(io.cwd, name);
  if (await stat(target).catch(() => undefined))
    throw new UsageError(`${target} is there already.`, "A backup replaces nothing: name another file.");
  const remote = await connect(values, io);
  const response = await remote.open("/backup", { headers: { accept: "*/*" } });
  const expected = Number(response.headers.get("content-length"));
  const part = `${target}.part`;
  try {
    const file = createWriteStream(part, { mode: 0o600, flush: true });
    await pipeline(Readable.fromWeb(response.body ?? new ReadableStream()), file);
    if (file.bytesWritten !== expected) throw new Error("the connection was cut");
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw new UsageError(`${target} cannot be written: ${describeFileError(error)}.`);
  }
  await say(io, values.json, { file: target, sizeBytes: expected }, `${target}: ${expected} bytes`);
  return EXIT.ok;
}
