import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type DescribedSetting, describeConfig } from "../../config/describe-config.ts";
import { type ReadConfig, readConfig } from "../../config/read-config.ts";
import type { ConnectionCheck, RunningServer, ServerHost } from "../../server/running-server.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { SERVE } from "../options/serve-options.ts";
import { palette, wantsColor } from "../output/color.ts";
import { describeFileError } from "../project/file-error.ts";
import { UsageError } from "../usage-error.ts";

const DEFAULT_FILE = "slipway.yaml";

/** `slipway serve`. */
export async function serve(args: readonly string[], io: Io): Promise<ExitCode> {
  const values: { readonly [name: string]: unknown } = parseOptions(SERVE, args).values;
  if (values.help === true) return (await import("./help.ts")).help([SERVE.name], io);
  const read = await readSettings(values, io);
  if ("problems" in read) {
    throw new UsageError(
      `The settings have mistakes:\n  ${read.problems.join("\n  ")}`,
      "See docs/reference/configuration.md, or: slipway serve --help",
    );
  }
  const host = serverHost(io);
  if (values.check === true) return await check(read, host, values.json === true, io);
  const { startServer } = await import("../../server/start-server.ts");
  // A signal while it starts stops it as soon as it has; a second one at any time ends it on the spot.
  const wanted = watchSignals(io);
  const server = await startServer(read.config, host);
  await announce(server, io);
  await wanted.first;
  await server.stop();
  wanted.forget();
  return EXIT.ok;
}

async function readSettings(values: { readonly [name: string]: unknown }, io: Io): Promise<ReadConfig> {
  const flags = Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
  const named = flags.config ?? io.env.SLIPWAY_CONFIG;
  const name = named ?? DEFAULT_FILE;
  let text: string;
  try {
    text = await readFile(resolve(io.cwd, name), "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isMissing && named === undefined) return readConfig({ flags, env: io.env });
    throw new UsageError(`${name} cannot be read: ${describeFileError(error)}.`);
  }
  const { parseConfigFile } = await import("../../config/parse-config-file.ts");
  const parsed = parseConfigFile(name, text);
  if ("problem" in parsed) throw new UsageError(parsed.problem);
  return readConfig({ flags, env: io.env, file: { name, content: parsed.content } });
}

function serverHost(io: Io): ServerHost {
  return {
    cwd: io.cwd,
    env: io.env,
    pid: io.pid,
    nodePath: io.nodePath,
    runner: io.runner,
    ...(io.kitFolder === undefined ? {} : { kitFolder: io.kitFolder }),
    bundledActions: io.bundledActions,
  };
}

async function announce(server: RunningServer, io: Io): Promise<void> {
  const lines = [
    ...(server.address === undefined ? [] : [`Slipway serves ${server.address}`]),
    ...(server.firstStart === undefined
      ? []
      : [
          "",
          "This is the first start. The admin token is shown only now; keep it:",
          `  ${server.firstStart.adminToken}`,
          "",
          `Use it on this machine:  slipway login ${server.address ?? ""} --token-stdin`,
        ]),
    ...(server.loginLink === undefined ? [] : [`Sign in once, within ten minutes:  ${server.loginLink}`]),
    "",
  ];
  await io.stdout.write(lines.join("\n"));
}

interface Signals {
  /** Resolves with the first. */
  readonly first: Promise<void>;
  forget(): void;
}

function watchSignals(io: Io): Signals {
  const first = Promise.withResolvers<void>();
  let asked = false;
  const seen = () => {
    if (asked) io.exitNow(EXIT.cancelled);
    asked = true;
    first.resolve();
  };
  const forget = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => io.onSignal(signal, seen));
  return {
    first: first.promise,
    forget: () => {
      for (const each of forget) each();
    },
  };
}

async function check(
  read: Extract<ReadConfig, { config: unknown }>,
  host: ServerHost,
  asJson: boolean,
  io: Io,
): Promise<ExitCode> {
  const settings = describeConfig(read.config, read.origins);
  const { checkConnections } = await import("../../server/check-connections.ts");
  const connections = await checkConnections(read.config, host);
  const ok = connections.every(({ problem }) => problem === undefined);
  await io.stdout.write(
    asJson
      ? `${JSON.stringify({ version: 1, ok, settings, connections }, undefined, 2)}\n`
      : checkText(settings, connections, wantsColor(io.env, io.stdout)),
  );
  return ok ? EXIT.ok : EXIT.failed;
}

function checkText(
  settings: readonly DescribedSetting[],
  connections: readonly ConnectionCheck[],
  color: boolean,
): string {
  const style = palette(color);
  const width = Math.max(...settings.map(({ name }) => name.length));
  const rows = [...Map.groupBy(settings, ({ group }) => group)].flatMap(([group, members]) => [
    style.bold(group),
    ...members.map(
      ({ name, value, origin }) => `  ${name.padEnd(width)}  ${value}  ${style.dim(`(${origin})`)}`,
    ),
    "",
  ]);
  const checks = connections.map(({ name, problem, detail }) =>
    problem === undefined
      ? `  ${style.green("ok")}    ${name}: ${detail}`
      : `  ${style.red("FAIL")}  ${name}: ${problem}`,
  );
  return `${[...rows, style.bold("Connections"), ...checks].join("\n")}\n`;
}
