import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { APPROVE } from "../options/remote-options.ts";
import { buildOf } from "../remote/build-of.ts";
import { say } from "../remote/show.ts";

/** `slipway approve`. */
export async function approve(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(APPROVE, args);
  if (values.help) return (await import("./help.ts")).help([APPROVE.name], io);
  const { remote, path, build } = await buildOf(positionals[0], values, io);
  const { environment, comment } = values;
  const body = {
    ...(environment === undefined ? {} : { environment }),
    ...(comment === undefined ? {} : { comment }),
  };
  const verb = values.reject ? "reject" : "approve";
  const answer = await remote.send<{ items: readonly { jobKey: string; environment: string }[] }>(
    "POST",
    `${path}/${verb}`,
    { body },
  );
  const jobs = answer.items.map(({ jobKey, environment: of }) => `${jobKey} (${of})`).join(", ");
  await say(
    io,
    values.json,
    answer.items,
    `${values.reject ? "Rejected" : "Approved"} for build ${build.number}: ${jobs}.`,
  );
  return EXIT.ok;
}
