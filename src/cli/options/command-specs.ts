import { ACT_OPTIONS } from "./act-options.ts";
import type { CommandSpec, OptionSpec } from "./option.ts";
import {
  APPROVE,
  ARTIFACTS,
  BACKUP,
  BUILDS,
  CANCEL,
  LOGIN,
  LOGS,
  PROJECT_COMMAND,
  QUEUE,
  RERUN,
  SECRET,
  TOKEN,
  TRIGGER,
  VARIABLE,
  WATCH,
} from "./remote-options.ts";
import { RUN_OPTIONS } from "./run-options.ts";
import { SERVE } from "./serve-options.ts";
import { DIRECTORY, HELP, WORKFLOWS } from "./shared-options.ts";

export const RUN = {
  name: "run",
  summary: "Run pipelines of the repository on this machine",
  usage: "[options] [file-or-job] [event]",
  about: [
    "Without an argument, runs every pipeline of .workflows, .github/workflows and .platform.yaml that a push of the current branch would start, and names those it would not, with the reason.",
    "An argument is a pipeline file (a path, or its name in one of those folders), else the id of a job, else an event. A file or job that is named runs whatever its filters say.",
    "On a terminal the jobs are shown live; elsewhere, and in CI, as plain lines. Exit codes: 0 all went well, 1 a job failed, 2 bad usage or a pipeline with mistakes, 130 cancelled.",
  ],
  examples: [
    ["slipway run", "what a push would start"],
    ["slipway run ci.yml", "one pipeline, whatever its filters say"],
    ["slipway run test --matrix node:24", "one job with what it needs, one leg of its matrix"],
    ["slipway run pull_request", "what a pull request of this branch would start"],
    ["slipway run deploy.yml --input target=staging -s TOKEN", "inputs, and a secret from the environment"],
    ["slipway run --shell-on-failure", "a shell where a step failed"],
  ],
  options: RUN_OPTIONS,
  foreign: ACT_OPTIONS,
  maxPositionals: 2,
} as const satisfies CommandSpec;

export const VALIDATE = {
  name: "validate",
  summary: "Find all mistakes in pipeline files, without running anything",
  usage: "[options] [file...]",
  about: [
    "Checks the named files or folders, else every pipeline of the repository, and the local actions and reusable workflows that they use. Exit codes: 0 no errors, 2 errors (or warnings with --strict).",
  ],
  examples: [
    ["slipway validate", "everything in this repository"],
    ["slipway validate ci.yml --format json", "for other programs"],
    ["slipway validate --format sarif > pipelines.sarif", "for code scanning"],
    ["slipway validate --format github", "annotations, when run inside a workflow"],
  ],
  options: [
    {
      name: "format",
      short: "f",
      value: "format",
      help: "text, json, sarif or github (default: text)",
      group: "Output",
      complete: ["text", "json", "sarif", "github"],
    },
    { name: "strict", help: "Warnings count as errors", group: "Output" },
    WORKFLOWS,
    DIRECTORY,
    HELP,
  ],
  maxPositionals: Number.POSITIVE_INFINITY,
} as const satisfies CommandSpec;

export const LIST = {
  name: "list",
  summary: "List pipelines with their events and jobs",
  usage: "[options] [file]",
  about: [],
  examples: [
    ["slipway list", "every pipeline of the repository"],
    ["slipway list --event pull_request", "only what this event would start, and why not the others"],
    ["slipway list --json", "for other programs"],
  ],
  options: [
    {
      name: "event",
      value: "name",
      help: "Say which pipelines this event starts",
      group: "What",
      complete: "event",
    },
    { name: "json", help: "As JSON", group: "Output" },
    WORKFLOWS,
    DIRECTORY,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const GRAPH = {
  name: "graph",
  summary: "Draw the jobs of a pipeline and what they wait for",
  usage: "[options] [file]",
  about: [],
  examples: [
    ["slipway graph ci.yml", "in the terminal"],
    ["slipway graph ci.yml --format mermaid", "for a Markdown page"],
    ["slipway graph ci.yml --format dot | dot -Tsvg > ci.svg", "as a picture, with Graphviz"],
  ],
  options: [
    {
      name: "format",
      short: "f",
      value: "format",
      help: "text, mermaid, dot or json (default: text)",
      group: "Output",
      complete: ["text", "mermaid", "dot", "json"],
    },
    WORKFLOWS,
    DIRECTORY,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const COMPLETION = {
  name: "completion",
  summary: "Print a script that completes commands, options, files, jobs and events",
  usage: "bash|zsh|fish",
  about: [],
  examples: [
    ['eval "$(slipway completion bash)"', "in ~/.bashrc"],
    ['eval "$(slipway completion zsh)"', "in ~/.zshrc, after compinit"],
    ["slipway completion fish | source", "in ~/.config/fish/config.fish"],
  ],
  options: [HELP],
  maxPositionals: 1,
} as const satisfies CommandSpec;

/** Every command, in the order of help. */
export const COMMANDS: readonly CommandSpec<readonly OptionSpec[]>[] = [
  RUN,
  VALIDATE,
  LIST,
  GRAPH,
  SERVE,
  LOGIN,
  PROJECT_COMMAND,
  SECRET,
  VARIABLE,
  TRIGGER,
  BUILDS,
  WATCH,
  LOGS,
  CANCEL,
  RERUN,
  APPROVE,
  ARTIFACTS,
  BACKUP,
  QUEUE,
  TOKEN,
  COMPLETION,
];
