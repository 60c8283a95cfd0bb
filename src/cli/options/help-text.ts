import type { CommandSpec, OptionSpec } from "./option.ts";

const MAX_WIDTH = 100;

/** The page `slipway <command> --help` shows, wrapped to the terminal. */
export function commandHelp(command: CommandSpec, columns: number): string {
  const width = Math.min(columns, MAX_WIDTH);
  const parts = [
    `Usage: slipway ${command.name} ${command.usage}`,
    ...[`${command.summary}.`, ...command.about].map((text) => wrap(text, width)),
  ];
  if (command.examples.length > 0) parts.push(`Examples:\n${examples(command.examples)}`);
  for (const [group, options] of Map.groupBy(command.options, (option) => option.group))
    parts.push(`${group}:\n${optionTable(options, width)}`);
  return `${parts.join("\n\n")}\n`;
}

/** The page of `slipway --help`. */
export function programHelp(commands: readonly CommandSpec[], columns: number): string {
  const width = Math.min(columns, MAX_WIDTH);
  const rows = commands.map(({ name, summary }): [string, string] => [`  ${name}`, summary]);
  const starters = commands.flatMap((command) => command.examples.slice(0, command.name === "run" ? 3 : 1));
  return `${[
    "Usage: slipway <command> [options]",
    wrap("Runs GitHub-Actions-style workflows and .platform.yaml pipelines on this machine.", width),
    `Commands:\n${columnsOf(rows, width)}`,
    `Examples:\n${examples(starters)}`,
    "slipway <command> --help says more about a command; slipway --version shows the version.",
  ].join("\n\n")}\n`;
}

function examples(lines: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...lines.map(([line]) => line.length));
  return lines
    .map(([line, what]) => (what === "" ? `  ${line}` : `  ${line.padEnd(longest)}  # ${what}`))
    .join("\n");
}

function optionTable(options: readonly OptionSpec[], width: number): string {
  return columnsOf(
    options.map((option): [string, string] => {
      const short = option.short === undefined ? "    " : `-${option.short}, `;
      const names = [option.name, ...(option.aliases ?? [])].map((name) => `--${name}`).join(", ");
      return [`  ${short}${names}${option.value === undefined ? "" : ` <${option.value}>`}`, option.help];
    }),
    width,
  );
}

/** Two columns; where the left one is too wide for its row, the text starts on the next line. */
function columnsOf(rows: readonly (readonly [string, string])[], width: number): string {
  const left = Math.min(34, Math.max(...rows.map(([name]) => name.length)) + 2);
  const right = Math.max(20, width - left);
  return rows
    .map(([name, text]) => {
      const lines = wrap(text, right).split("\n");
      const first = name.length < left - 1 ? name.padEnd(left) + lines.shift() : name;
      return [first, ...lines.map((line) => " ".repeat(left) + line)].join("\n");
    })
    .join("\n");
}

/** Breaks at spaces; a word longer than a line stands on a line of its own. */
function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
