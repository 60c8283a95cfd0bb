// Writes what is made from the code: docs/reference/cli.md, from the tables of commands and options; src/api/grpc/gen,
// from proto/; docs/reference/openapi.json and src/api/client/gen, from the routes of the API;
// src/store/schema, from the migrations; deploy/kubernetes, from the Helm chart.
//   node scripts/generate.ts            writes
//   node scripts/generate.ts --check    fails where a file is not what would be written
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../src/cli/options/command-specs.ts";
import type { CommandSpec, OptionSpec } from "../src/cli/options/option.ts";
import type { Setting } from "../src/config/setting.ts";
import { flagOf, SETTINGS } from "../src/config/settings.ts";
import { apiFiles } from "./generate-api.ts";
import { kubernetesFiles } from "./generate-kubernetes.ts";
import { generateProtos } from "./generate-protos.ts";
import { schemaFiles } from "./generate-schemas.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const checkOnly = process.argv.includes("--check");

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function optionRow({ name, aliases = [], short, value, help }: OptionSpec): string {
  const names = [
    ...(short === undefined ? [] : [`-${short}`]),
    ...[name, ...aliases].map((long) => `--${long}`),
  ];
  const shown = names.map((each) => `\`${each}\``).join(", ");
  return `| ${shown}${value === undefined ? "" : ` *${cell(value)}*`} | ${cell(help)} |`;
}

function commandPage(command: CommandSpec): string {
  const groups = Map.groupBy(command.options, ({ group }) => group);
  const tables = [...groups].map(
    ([group, options]) =>
      `**${group}**\n\n| option | meaning |\n|---|---|\n${options.map(optionRow).join("\n")}`,
  );
  const examples = command.examples
    .map(([line, what]) => (what === "" ? line : `${line}    # ${what}`))
    .join("\n");
  const foreign = command.foreign ?? [];
  const refused = foreign.map(
    ({ name, answer, why }) =>
      `| \`--${name}\` | ${answer === "refuse" ? "refused" : "no effect"} | ${cell(why)} |`,
  );
  return [
    `## slipway ${command.name}`,
    `\`slipway ${command.name} ${command.usage}\``,
    `${command.summary}.`,
    ...command.about,
    ...(examples === "" ? [] : [`\`\`\`\n${examples}\n\`\`\``]),
    ...tables,
    ...(refused.length === 0
      ? []
      : [
          `Options of act that are understood here but not taken:\n\n| option | answer | why |\n|---|---|---|\n${refused.join("\n")}`,
        ]),
  ].join("\n\n");
}

function settingRow([name, setting]: readonly [string, Setting]): string {
  const { kind, env, help, values, default: fallback } = setting;
  const type = values === undefined ? kind : `${kind}: ${values.join(", ")}`;
  const names = env.map((variable) => `\`${variable}\``).join(", ");
  const value = fallback === undefined || fallback === "" ? "" : `\`${fallback}\``;
  return `| \`${name}\` | \`--${flagOf(name)}\` | ${names} | ${type} | ${value} | ${cell(help)} |`;
}

function settingsTables(): string {
  const groups = Map.groupBy(Object.entries<Setting>(SETTINGS), ([, { group }]) => group);
  const head =
    "| in slipway.yaml | option | environment | kind | default | meaning |\n|---|---|---|---|---|---|";
  return [...groups]
    .map(([group, settings]) => `## ${group}\n\n${head}\n${settings.map(settingRow).join("\n")}`)
    .join("\n\n");
}

const pages: Readonly<Record<string, string>> = {
  ...generateProtos(root),
  "docs/reference/cli.md": `<!-- Made by scripts/generate.ts; edit the tables in src/cli/options. -->

# Command line

| command | what it does |
|---|---|
${COMMANDS.map(({ name, summary }) => `| [\`slipway ${name}\`](#slipway-${name}) | ${summary} |`).join("\n")}

## Exit codes

| code | meaning |
|---|---|
| 0 | all went well, or there was nothing to run |
| 1 | a job failed, or was cancelled by its concurrency group; or none of the jobs that were asked for could run |
| 2 | bad usage, or a pipeline with mistakes; nothing was run |
| 130 | cancelled from outside: Ctrl-C, SIGTERM, SIGHUP, or the reader of the output has gone |

${COMMANDS.map(commandPage).join("\n\n")}
`,
  "docs/reference/configuration.md": `<!-- Made by scripts/generate.ts; edit the table in src/config/settings.ts. -->

# Configuration of slipway serve

Options win over the environment, the environment over the file (\`slipway.yaml\` in the working folder, or \`--config\`), the
file over the defaults. In the file the dots of a name are nesting: \`worker.max-builds\` is \`max-builds\` below \`worker\`.
\`slipway serve --check\` prints what holds, where it came from, and tries every connection.

Kinds: a *duration* is \`500ms\`, \`30s\`, \`5m\`, \`2h\` or \`7d\`; a *size* is bytes, or \`64KiB\`, \`10MiB\`, \`2GiB\`; an *address* is \`host:port\`;
a *list* has commas (in the file it may be a list); a *switch* is \`true\` or \`false\`.

${settingsTables()}
`,
  ...apiFiles(),
  ...(await schemaFiles(checkOnly)),
  ...kubernetesFiles(root, checkOnly),
};

const stale = Object.entries(pages).filter(([path, text]) => {
  const file = join(root, path);
  let present = "";
  try {
    present = readFileSync(file, "utf8");
  } catch {
    // A file that is not there yet is stale like any other.
  }
  if (present === text) return false;
  if (!checkOnly) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return true;
});
for (const [path] of stale) console.log(`${path} ${checkOnly ? "is not what the code says" : "written"}`);
if (checkOnly && stale.length > 0) {
  console.error("Run: npm run generate");
  process.exit(1);
}
