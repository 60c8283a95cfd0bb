import type { ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { WATCH } from "../options/remote-options.ts";
import { buildOf } from "../remote/build-of.ts";
import { watchBuild } from "../remote/watch-build.ts";

/** `slipway watch`. */
export async function watch(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(WATCH, args);
  if (values.help) return (await import("./help.ts")).help([WATCH.name], io);
  const { remote, build } = await buildOf(positionals[0], values, io);
  return await watchBuild(build.id, remote, values, io);
}
