import { parseArgs } from "node:util";
import { suggest } from "../../spec/suggest.ts";
import { UsageError } from "../usage-error.ts";
import type { CommandSpec, OptionSpec, OptionValues } from "./option.ts";

export interface ParsedOptions<Specs extends readonly OptionSpec[]> {
  readonly values: OptionValues<Specs>;
  readonly positionals: readonly string[];
  /** What foreign options would have done, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Reads a command's arguments by its table. Throws `UsageError` on an unknown option (with the one that was perhaps
 * meant), a missing or unwanted value, an option given twice that may be given once, or too many positionals.
 */
export function parseOptions<const Specs extends readonly OptionSpec[]>(
  command: CommandSpec<Specs>,
  args: readonly string[],
): ParsedOptions<Specs> {
  const names = new Map<string, OptionSpec>();
  for (const option of command.options)
    for (const name of [option.name, ...(option.aliases ?? [])]) names.set(name, option);
  const foreign = new Map((command.foreign ?? []).map((option) => [option.name, option]));

  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([
      ...[...names].map(([name, { value, short }]) => [
        name,
        declaration(value !== undefined, names.get(name)?.name === name ? short : undefined),
      ]),
      ...[...foreign.values()].map(({ name, takesValue, short }) => [name, declaration(takesValue, short)]),
    ]),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });

  const values = new Map<string, string | boolean | string[]>();
  const positionals: string[] = [];
  const notes = new Set<string>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      positionals.push(token.value);
      continue;
    }
    const other = foreign.get(token.name);
    if (other !== undefined) {
      const note = `${token.rawName} has no effect here: ${other.why}`;
      if (other.answer === "refuse") throw new UsageError(`${token.rawName} is not supported: ${other.why}`);
      notes.add(note);
      continue;
    }
    const option = names.get(token.name);
    if (option === undefined) throw unknownOption(token.rawName, command, [...names.keys()]);
    values.set(option.name, nextValue(option, token.rawName, token.value, values.get(option.name)));
  }
  if (positionals.length > command.maxPositionals) {
    const extra = positionals.slice(command.maxPositionals).map((text) => `"${text}"`);
    throw new UsageError(
      `Unexpected ${extra.length === 1 ? "argument" : "arguments"} ${extra.join(", ")}.`,
      `Usage: slipway ${command.name} ${command.usage}`,
    );
  }
  const all = command.options.map(({ name, value, repeat }) => [
    name,
    values.get(name) ?? (value === undefined ? false : repeat ? [] : undefined),
  ]);
  return { values: Object.fromEntries(all) as OptionValues<Specs>, positionals, notes: [...notes] };
}

function declaration(takesValue: boolean, short: string | undefined) {
  return { type: takesValue ? ("string" as const) : ("boolean" as const), ...(short ? { short } : {}) };
}

function nextValue(
  option: OptionSpec,
  rawName: string,
  value: string | undefined,
  before: string | boolean | string[] | undefined,
): string | boolean | string[] {
  if (option.value === undefined) {
    if (value === undefined || value === "true") return true;
    if (value === "false") return false;
    throw new UsageError(`${rawName} takes no value, but was given "${value}".`);
  }
  if (value === undefined) throw new UsageError(`${rawName} needs a value: ${rawName} <${option.value}>.`);
  if (option.repeat) return [...(Array.isArray(before) ? before : []), value];
  if (before !== undefined && before !== value)
    throw new UsageError(`${rawName} is given twice, with different values.`);
  return value;
}

function unknownOption(rawName: string, command: CommandSpec, names: readonly string[]): UsageError {
  const shorts = command.options.flatMap(({ short }) => (short === undefined ? [] : [short]));
  const word = rawName.replace(/^-+/, "");
  const meant = word.length > 1 ? suggest(word, names) : undefined;
  const other = shorts.find((short) => short.toLowerCase() === word.toLowerCase());
  const hint =
    meant !== undefined
      ? `Did you mean --${meant}?`
      : other !== undefined
        ? `Did you mean -${other}?`
        : `See: slipway ${command.name} --help`;
  return new UsageError(`Unknown option ${rawName}.`, hint);
}
