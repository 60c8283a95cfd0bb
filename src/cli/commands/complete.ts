import { basename } from "node:path";
import { EVENT_NAMES } from "../../github-context/event-names.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { COMMANDS } from "../options/command-specs.ts";
import type { CommandSpec, OptionSpec } from "../options/option.ts";
import { findProjectRoot, projectPipelines } from "../project/find-pipelines.ts";
import { loadPipelines } from "../project/load-pipeline.ts";
import { projectFolder } from "../project/open-project.ts";

/** `file` and `folder`: paths are to be offered besides the words. */
type PathKind = "none" | "file" | "folder";

interface Offer {
  readonly kind: PathKind;
  /** Each with what it is, where that helps. */
  readonly words: readonly (readonly [string, string?])[];
}

const NOTHING: Offer = { kind: "none", words: [] };

/** `slipway __complete <words so far>`: what may stand in the place of the last word. Never fails. */
export async function complete(words: readonly string[], io: Io): Promise<ExitCode> {
  const offer = await offerFor(words, io).catch(() => NOTHING);
  const lines = offer.words.map(([word, about]) => (about === undefined ? word : `${word}\t${about}`));
  await io.stdout.write(`${[offer.kind, ...lines].join("\n")}\n`);
  return EXIT.ok;
}

async function offerFor(words: readonly string[], io: Io): Promise<Offer> {
  const current = words.at(-1) ?? "";
  if (words.length <= 1) {
    const names = COMMANDS.map(({ name, summary }): [string, string] => [name, summary]);
    return { kind: "none", words: [...names, ["help", "Show help"], ["--version"], ["--help"]] };
  }
  const command = COMMANDS.find(({ name }) => name === words[0]);
  if (command === undefined) {
    return words[0] === "help" ? { kind: "none", words: COMMANDS.map(({ name }) => [name]) } : NOTHING;
  }
  const before = words.at(-2) ?? "";
  const waiting = words.length > 2 ? optionThatWaits(command, before) : undefined;
  const folder = directoryOf(words) ?? ".";
  if (waiting !== undefined) return await valuesOf(waiting, folder, io);
  if (current.startsWith("-")) {
    return {
      kind: "none",
      words: command.options.flatMap(({ name, help }): [string, string][] => [[`--${name}`, help]]),
    };
  }
  const positionals = words.slice(1, -1).filter((word, index, before) => {
    const waits = index > 0 && optionThatWaits(command, before[index - 1] ?? "") !== undefined;
    return !word.startsWith("-") && !waits;
  });
  return await positionalsOf(command, positionals, folder, io);
}

function optionThatWaits({ options }: CommandSpec, word: string): OptionSpec | undefined {
  return options.find(
    ({ name, short, aliases = [], value }) =>
      value !== undefined &&
      [name, ...aliases]
        .map((each) => `--${each}`)
        .concat(`-${short}`)
        .includes(word),
  );
}

function directoryOf(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => word === "-C" || word === "--directory");
  return at === -1 || at === words.length - 2 ? undefined : words[at + 1];
}

async function valuesOf({ complete: kind }: OptionSpec, folder: string, io: Io): Promise<Offer> {
  if (kind === "file" || kind === "folder") return { kind, words: [] };
  if (kind === "event") return { kind: "none", words: events() };
  if (kind === "job") return { kind: "none", words: await jobs(folder, io) };
  return kind === undefined ? NOTHING : { kind: "none", words: kind.map((word) => [word]) };
}

async function positionalsOf(
  command: CommandSpec,
  before: readonly string[],
  folder: string,
  io: Io,
): Promise<Offer> {
  const [verb] = before;
  if (command.verbs !== undefined) {
    if (verb === undefined) return { kind: "none", words: command.verbs.map((word) => [word]) };
    return command.name === "project" && verb === "add" ? { kind: "folder", words: [] } : NOTHING;
  }
  if (before.length >= command.maxPositionals) return NOTHING;
  switch (command.name) {
    case "completion":
      return { kind: "none", words: [["bash"], ["zsh"], ["fish"]] };
    case "run":
      return {
        kind: "file",
        words: [...(await files(folder, io)), ...(await jobs(folder, io)), ...events()],
      };
    case "trigger":
      return { kind: "none", words: await files(folder, io) };
    case "validate":
    case "list":
    case "graph":
      return { kind: "file", words: await files(folder, io) };
    default:
      // A build's number, a server's address: only the server knows.
      return NOTHING;
  }
}

async function files(folder: string, io: Io): Promise<[string, string][]> {
  const root = findProjectRoot(projectFolder(folder, io));
  return projectPipelines(root).map((path) => [basename(path), "pipeline"]);
}

async function jobs(folder: string, io: Io): Promise<[string, string][]> {
  const root = findProjectRoot(projectFolder(folder, io));
  const loaded = await loadPipelines(projectPipelines(root), root);
  return loaded.flatMap(({ spec, file }) =>
    (spec?.jobs ?? []).map(({ id }): [string, string] => [id, `job of ${file}`]),
  );
}

function events(): [string, string][] {
  return [...EVENT_NAMES].map((name) => [name, "event"]);
}
