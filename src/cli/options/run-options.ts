import type { OptionSpec } from "./option.ts";
import { DIRECTORY, HELP, VERBOSE, WORKFLOWS } from "./shared-options.ts";

const WHAT = "What to run";
const EVENT = "Event";
const VALUES = "Values for the pipeline";
const WHERE = "Where";
const ACTIONS = "Actions and services";
const OUTPUT = "Output";

export const RUN_OPTIONS = [
  WORKFLOWS,
  {
    name: "job",
    short: "j",
    value: "id",
    repeat: true,
    help: "Run this job and what it needs; may be repeated",
    group: WHAT,
    complete: "job",
  },
  {
    name: "matrix",
    value: "key:value",
    repeat: true,
    help: "Run only matrix legs with this value; may be repeated",
    group: WHAT,
  },
  {
    name: "dryrun",
    short: "n",
    aliases: ["dry-run"],
    help: "Show the plan, each job and its steps; run nothing",
    group: WHAT,
  },
  { name: "list", short: "l", help: "List pipelines and jobs, as `slipway list` does", group: WHAT },
  { name: "graph", short: "g", help: "Draw the jobs, as `slipway graph` does", group: WHAT },

  {
    name: "event",
    value: "name",
    help: "The event to run for (default: push; for a named file without push its first)",
    group: EVENT,
    complete: "event",
  },
  {
    name: "detect-event",
    help: "Take the first event that the first pipeline is started by",
    group: EVENT,
  },
  {
    name: "eventpath",
    short: "e",
    value: "file",
    help: "JSON of the event; it is laid over the one made from the repository",
    group: EVENT,
    complete: "file",
  },
  {
    name: "input",
    value: "name=value",
    repeat: true,
    help: "Input of workflow_dispatch or workflow_call; may be repeated",
    group: EVENT,
  },
  {
    name: "input-file",
    value: "file",
    help: "Inputs from a file, like --env-file (default: .input, where there is one)",
    group: EVENT,
    complete: "file",
  },
  {
    name: "actor",
    short: "a",
    value: "name",
    help: "Who started the event (default: git's user)",
    group: EVENT,
  },
  {
    name: "defaultbranch",
    value: "name",
    help: "The repository's main branch (default: what the remote or git says)",
    group: EVENT,
  },
  {
    name: "remote-name",
    value: "name",
    help: "The git remote that names the repository (default: origin)",
    group: EVENT,
  },
  {
    name: "github-instance",
    value: "host",
    help: "Host of the server in github.server_url, and where actions come from (default: github.com)",
    group: EVENT,
  },

  {
    name: "secret",
    short: "s",
    value: "name[=value]",
    repeat: true,
    help: "A secret; without a value it is read from the environment, else asked for",
    group: VALUES,
  },
  {
    name: "secret-file",
    value: "file",
    help: "Secrets from a file, dotenv or YAML (default: .secrets, where there is one)",
    group: VALUES,
    complete: "file",
  },
  {
    name: "github-token",
    value: "token",
    help: "Shorthand for --secret GITHUB_TOKEN=…; - reads it from the environment or asks",
    group: VALUES,
  },
  {
    name: "var",
    value: "name[=value]",
    repeat: true,
    help: "A configuration variable (the vars context)",
    group: VALUES,
  },
  {
    name: "var-file",
    value: "file",
    help: "Variables from a file, dotenv or YAML (default: .vars, where there is one)",
    group: VALUES,
    complete: "file",
  },
  {
    name: "env",
    value: "name[=value]",
    repeat: true,
    help: "An environment variable for every step; the pipeline's own env wins",
    group: VALUES,
  },
  {
    name: "env-file",
    value: "file",
    help: "Environment from a file, dotenv or YAML (default: .env, where there is one)",
    group: VALUES,
    complete: "file",
  },

  DIRECTORY,
  {
    name: "platform",
    short: "P",
    value: "label=image",
    repeat: true,
    help: "Run jobs with this runs-on label in this image, by Docker, or with label=local on this machine; may be repeated",
    group: WHERE,
  },
  {
    name: "pull",
    help: "Pull images of jobs also where they are here",
    group: WHERE,
  },
  {
    name: "container-daemon-socket",
    value: "address",
    help: "Where Docker or podman listens, as in DOCKER_HOST (default: that variable, else Docker's usual socket)",
    group: WHERE,
  },
  {
    name: "bind",
    short: "b",
    help: "Work in the work tree itself, not in a fresh copy of it",
    group: WHERE,
  },
  { name: "keep", help: "Leave workspaces where they are, for looking", group: WHERE },
  { name: "rm", help: "Remove workspaces after a failure too (this is the default)", group: WHERE },
  {
    name: "concurrent-jobs",
    aliases: ["max-jobs"],
    value: "number",
    help: "Jobs that may run at once (default: one for each processor)",
    group: WHERE,
  },
  {
    name: "shell-on-failure",
    help: "Open a shell in a failed step's folder and environment; the run goes on when it ends",
    group: WHERE,
  },
  {
    name: "strict",
    help: "Refuse what would only be warned of, such as an image that is not used",
    group: WHERE,
  },

  {
    name: "actions-url",
    value: "url",
    help: "Where owner/repo@ref is fetched from: a git server's address or a folder (default: https://github.com)",
    group: ACTIONS,
  },
  {
    name: "local-action",
    aliases: ["local-repository"],
    value: "owner/repo@ref=path",
    repeat: true,
    help: "Use this folder for an action; may be repeated",
    group: ACTIONS,
  },
  {
    name: "offline",
    aliases: ["action-offline-mode"],
    help: "Fetch nothing: use actions that are in the cache or local",
    group: ACTIONS,
  },
  {
    name: "no-builtin-checkout",
    aliases: ["no-skip-checkout"],
    help: "Fetch and run the real actions/checkout",
    group: ACTIONS,
  },
  {
    name: "artifact-server-path",
    value: "folder",
    help: "Where artifacts are kept",
    group: ACTIONS,
    complete: "folder",
  },
  {
    name: "cache-server-path",
    value: "folder",
    help: "Where caches are kept",
    group: ACTIONS,
    complete: "folder",
  },
  {
    name: "action-cache-path",
    value: "folder",
    help: "Where fetched actions are kept",
    group: ACTIONS,
    complete: "folder",
  },

  {
    name: "json",
    help: "One event a line on standard output, as JSON (docs/reference/run-events.md)",
    group: OUTPUT,
  },
  { name: "quiet", short: "q", help: "No output of steps", group: OUTPUT },
  VERBOSE,
  HELP,
] as const satisfies readonly OptionSpec[];
