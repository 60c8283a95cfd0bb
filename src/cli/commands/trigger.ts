import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { TRIGGER } from "../options/remote-options.ts";
import { chooseProject } from "../remote/choose-project.ts";
import { connect } from "../remote/connect.ts";
import type { RemoteBuild } from "../remote/remote-build.ts";
import { say } from "../remote/show.ts";
import { watchBuild } from "../remote/watch-build.ts";
import { requireValues } from "../settings/name-value.ts";

/** `slipway trigger`. */
export async function trigger(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(TRIGGER, args);
  if (values.help) return (await import("./help.ts")).help([TRIGGER.name], io);
  const inputs = requireValues(values.input, "--input");
  const variables = requireValues(values.var, "--var");
  const remote = await connect(values, io);
  const project = await chooseProject(values.project, remote, io);
  const [pipeline] = positionals;
  const build = await remote.send<RemoteBuild>("POST", `/projects/${project.id}/pipelines`, {
    body: {
      ...(pipeline === undefined ? {} : { pipeline }),
      ...(values.ref === undefined ? {} : { gitRef: values.ref }),
      ...(values.event === undefined ? {} : { event: values.event }),
      ...(values.input.length === 0 ? {} : { inputs }),
      ...(values.var.length === 0 ? {} : { variables }),
      ...(values.job.length === 0 ? {} : { jobs: values.job }),
    },
    // Asked again after a cut connection it starts no second build.
    headers: { "idempotency-key": crypto.randomUUID() },
  });
  if (values.watch) {
    if (!values.json) io.stderr.write(`Build ${build.number} of ${project.name}: ${build.id}\n`);
    return await watchBuild(build.id, remote, { json: values.json, quiet: false, verbose: false }, io);
  }
  await say(
    io,
    values.json,
    build,
    `Started build ${build.number} of ${project.name}. Watch it: slipway watch ${build.number} --project ${project.name}`,
  );
  return EXIT.ok;
}
