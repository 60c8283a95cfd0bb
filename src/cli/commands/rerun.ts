import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { RERUN } from "../options/remote-options.ts";
import { buildOf } from "../remote/build-of.ts";
import type { RemoteBuild } from "../remote/remote-build.ts";
import { say } from "../remote/show.ts";
import { watchBuild } from "../remote/watch-build.ts";
import { UsageError } from "../usage-error.ts";

/** `slipway rerun`. */
export async function rerun(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(RERUN, args);
  if (values.help) return (await import("./help.ts")).help([RERUN.name], io);
  if (values.failed && values.job !== undefined)
    throw new UsageError("--failed and --job do not go together.");
  const { remote, path } = await buildOf(positionals[0], values, io);
  const what =
    values.job === undefined ? { what: values.failed ? "failed" : "all" } : { what: "job", job: values.job };
  const body = { ...what, debug: values.debug };
  const headers = { "idempotency-key": crypto.randomUUID() };
  const build = await remote.send<RemoteBuild>("POST", `${path}/rerun`, { body, headers });
  if (values.watch)
    return await watchBuild(build.id, remote, { json: values.json, quiet: false, verbose: false }, io);
  await say(
    io,
    values.json,
    build,
    `Started attempt ${build.attempt} of build ${build.number}. Watch it: slipway watch ${build.number}`,
  );
  return EXIT.ok;
}
