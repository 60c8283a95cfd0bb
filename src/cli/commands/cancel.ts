import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { CANCEL } from "../options/remote-options.ts";
import { buildOf } from "../remote/build-of.ts";
import type { RemoteBuild } from "../remote/remote-build.ts";
import { say } from "../remote/show.ts";
import { UsageError } from "../usage-error.ts";

/** `slipway cancel`. */
export async function cancel(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(CANCEL, args);
  if (values.help) return (await import("./help.ts")).help([CANCEL.name], io);
  // Of all commands this one must not guess.
  if (positionals[0] === undefined) throw new UsageError("Which build?", "slipway cancel NUMBER");
  const { remote, path } = await buildOf(positionals[0], values, io);
  const body = values.reason === undefined ? {} : { reason: values.reason };
  const build = await remote.send<RemoteBuild>("POST", `${path}/cancel`, { body });
  const sentence =
    build.status === "running"
      ? `Build ${build.number} is being cancelled.`
      : `Build ${build.number} is ${build.status}.`;
  await say(io, values.json, build, sentence);
  return EXIT.ok;
}
