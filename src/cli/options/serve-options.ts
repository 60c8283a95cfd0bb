import type { Setting, SettingKind } from "../../config/setting.ts";
import { flagOf, SETTINGS } from "../../config/settings.ts";
import type { CommandSpec, OptionSpec } from "./option.ts";
import { HELP } from "./shared-options.ts";

const VALUE_NAMES: { readonly [K in SettingKind]: string } = {
  text: "text",
  url: "address",
  number: "n",
  switch: "true|false",
  choice: "choice",
  list: "list",
  duration: "duration",
  size: "size",
  address: "host:port",
};

/** One option for each of the server's settings, and a few of the command's own. */
export const SERVE: CommandSpec = {
  name: "serve",
  summary: "Start the platform: API, build queue and workers",
  usage: "[options]",
  about: [
    "Without an option everything is in this process and in the data folder: records in SQLite, an in-process queue, files. PostgreSQL, RabbitMQ and S3 are used where they are named. At the first start an admin token is made and printed, once.",
    "Every setting can be given as an option, as a variable of the environment or in slipway.yaml (docs/reference/configuration.md); options win over the environment, that over the file. SIGTERM stops gracefully, a second one at once. Exit codes: 0 stopped, 1 it failed, 2 the settings have mistakes.",
  ],
  examples: [
    ["slipway serve", "on http://127.0.0.1:8080, data in ./slipway-data"],
    ["slipway serve --check", "show the effective settings and try every connection"],
    ["DATABASE_URL=postgres://… AMQP_URL=amqp://… slipway serve", "one of many servers"],
    ["slipway serve --roles worker", "only a worker"],
  ],
  options: [
    {
      name: "config",
      value: "file",
      help: "Settings as YAML (default: slipway.yaml, where there is one)",
      group: "Command",
      complete: "file",
    },
    {
      name: "check",
      help: "Print the effective settings and try every connection, then end",
      group: "Command",
    },
    { name: "json", help: "With --check: as JSON", group: "Command" },
    ...Object.entries<Setting>(SETTINGS).map(settingOption),
    HELP,
  ],
  maxPositionals: 0,
};

function settingOption([name, setting]: readonly [string, Setting]): OptionSpec {
  const { kind, help, group, values } = setting;
  const fallback =
    setting.default === undefined || setting.default === "" ? "" : ` (default: ${setting.default})`;
  const choices = kind === "choice" && values !== undefined ? `: ${values.join(", ")}` : "";
  return {
    name: flagOf(name),
    value: VALUE_NAMES[kind],
    help: `${help}${choices}${fallback}`,
    group,
    ...(kind === "choice" && values !== undefined ? { complete: values } : {}),
  };
}
