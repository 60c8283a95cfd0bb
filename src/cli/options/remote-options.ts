import type { CommandSpec, OptionSpec } from "./option.ts";
import { HELP } from "./shared-options.ts";

const SERVER = {
  name: "server",
  value: "address",
  help: "Server to ask (default: SLIPWAY_SERVER, else the one of the last login)",
  group: "Where",
} as const satisfies OptionSpec;

const PROJECT = {
  name: "project",
  short: "p",
  value: "name",
  help: "Project (default: SLIPWAY_PROJECT, else the one of this repository, else the only one)",
  group: "Where",
} as const satisfies OptionSpec;

const JSON_OUTPUT = { name: "json", help: "As JSON", group: "Output" } as const satisfies OptionSpec;

const BUILD_ARGUMENT =
  "BUILD is its number in the project (`12`), its id, or left out: the newest one of the project.";

export const LOGIN = {
  name: "login",
  summary: "Keep the token of a server for the other commands",
  usage: "[options] ADDRESS",
  about: [
    "Asks for the token, or reads it from standard input with --token-stdin; it is checked before it is kept, in a file that only you may read. In scripts set SLIPWAY_SERVER and SLIPWAY_TOKEN instead.",
  ],
  examples: [
    ["slipway login http://localhost:8080", "asks for the token"],
    ["slipway login ci.example.org --token-stdin < token.txt", "from a file"],
    ["slipway login --link", "a link that signs in a browser, once"],
    ["slipway login ci.example.org --forget", "forgets it again"],
  ],
  options: [
    { name: "token-stdin", help: "Read the token from standard input", group: "Token" },
    { name: "forget", help: "Forget the server and its token", group: "Token" },
    {
      name: "link",
      help: "Print a link that begins a session in a browser: good once, for ten minutes",
      group: "Token",
    },
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const PROJECT_COMMAND = {
  name: "project",
  summary: "List, add, show, change and remove projects",
  usage: "[options] list | add REPOSITORY | show | set | remove",
  about: [
    "A project points to a git repository: the path of a folder on the server's machine, or an address that git can clone. Names are in lower case, often owner/name; --name gives another than the repository's.",
  ],
  examples: [
    ["slipway project add . --name acme/shop", "this repository, on the server's own machine"],
    ["slipway project add https://git.example.org/acme/shop.git", "one that the server clones"],
    ["slipway project set --max-builds 4", "at most four builds of it at once"],
    ["slipway project remove --project acme/shop", "with its builds"],
  ],
  options: [
    { name: "name", value: "name", help: "With add and set: its name", group: "What" },
    { name: "branch", value: "name", help: "With add and set: its default branch", group: "What" },
    { name: "max-builds", value: "n", help: "With add and set: builds that run at once", group: "What" },
    { name: "max-jobs", value: "n", help: "With add and set: jobs that run at once", group: "What" },
    {
      name: "max-build-minutes",
      value: "n",
      help: "With add and set: minutes a build may run",
      group: "What",
    },
    PROJECT,
    SERVER,
    JSON_OUTPUT,
    HELP,
  ],
  verbs: ["list", "add", "show", "set", "remove"],
  maxPositionals: 2,
} as const satisfies CommandSpec;

export const SECRET = {
  name: "secret",
  summary: "List, set and delete secrets of a project",
  usage: "[options] list | set NAME | delete NAME",
  about: ["The value is asked for, or read from standard input; it is never shown again."],
  examples: [
    ["slipway secret set NPM_TOKEN", "asks for the value"],
    ["slipway secret set DEPLOY_KEY < key.pem", "from a file"],
  ],
  options: [PROJECT, SERVER, JSON_OUTPUT, HELP],
  verbs: ["list", "set", "delete"],
  maxPositionals: 2,
} as const satisfies CommandSpec;

export const VARIABLE = {
  name: "variable",
  summary: "List, set and delete variables of a project",
  usage: "[options] list | set NAME=VALUE | delete NAME",
  about: ["Variables are the `vars` context of workflows."],
  examples: [["slipway variable set REGION=eu-central-1", ""]],
  options: [PROJECT, SERVER, JSON_OUTPUT, HELP],
  verbs: ["list", "set", "delete"],
  maxPositionals: 2,
} as const satisfies CommandSpec;

export const TRIGGER = {
  name: "trigger",
  summary: "Start a build of a pipeline on the server",
  usage: "[options] [PIPELINE]",
  about: [
    "PIPELINE is its name, file or id; left out, the only one of the project. The file is read at the ref that is built.",
    "With --watch exit codes are those of the build: 0 it succeeded, 1 it failed, 130 it was cancelled.",
  ],
  examples: [
    ["slipway trigger ci.yml --watch", "and watch it"],
    ["slipway trigger deploy.yml --ref v1.2 --input target=staging", "a tag, with an input"],
  ],
  options: [
    { name: "ref", value: "ref", help: "Branch, tag or commit (default: the default branch)", group: "What" },
    {
      name: "event",
      value: "name",
      help: "Event (default: workflow_dispatch)",
      group: "What",
      complete: "event",
    },
    {
      name: "input",
      short: "i",
      value: "name=value",
      repeat: true,
      help: "Input; may be repeated",
      group: "What",
    },
    { name: "var", value: "name=value", repeat: true, help: "Variable; may be repeated", group: "What" },
    {
      name: "job",
      short: "j",
      value: "id",
      repeat: true,
      help: "Only this job and what it needs; may be repeated",
      group: "What",
    },
    { name: "watch", short: "w", help: "Watch the build to its end", group: "Output" },
    PROJECT,
    SERVER,
    JSON_OUTPUT,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const BUILDS = {
  name: "builds",
  summary: "List the builds of a project, newest first",
  usage: "[options]",
  about: [],
  examples: [
    ["slipway builds --status failed --ref main", "what failed on main"],
    ["slipway builds --limit 100 --json", "for other programs"],
  ],
  options: [
    {
      name: "status",
      value: "list",
      help: "Only these: pending, queued, running, succeeded, failed, cancelled",
      group: "What",
      complete: ["pending", "queued", "running", "succeeded", "failed", "cancelled"],
    },
    { name: "ref", value: "ref", help: "Only of this branch or ref", group: "What" },
    { name: "pipeline", value: "name", help: "Only of this pipeline", group: "What" },
    {
      name: "trigger",
      value: "kind",
      help: "Only started by: api, push, pull_request, schedule, webhook, rerun",
      group: "What",
    },
    { name: "limit", short: "n", value: "n", help: "At most so many (default: 20)", group: "What" },
    PROJECT,
    SERVER,
    JSON_OUTPUT,
    HELP,
  ],
  maxPositionals: 0,
} as const satisfies CommandSpec;

export const WATCH = {
  name: "watch",
  summary: "Watch a build to its end",
  usage: "[options] [BUILD]",
  about: [
    BUILD_ARGUMENT,
    "Shown as `slipway run` shows it: live on a terminal, plain lines elsewhere. Ctrl-C stops watching, not the build. Exit codes are those of the build.",
  ],
  examples: [
    ["slipway watch", "the newest one"],
    ["slipway watch 12 --json", "one event a line"],
  ],
  options: [
    { name: "quiet", short: "q", help: "Only states, no logs", group: "Output" },
    { name: "verbose", short: "v", help: "All logs, also on a terminal", group: "Output" },
    { name: "json", help: "One event a line, as `slipway run --json`", group: "Output" },
    PROJECT,
    SERVER,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const LOGS = {
  name: "logs",
  summary: "Print logs of a build",
  usage: "[options] [BUILD]",
  about: [BUILD_ARGUMENT],
  examples: [
    ["slipway logs 12 --job test", "of one job"],
    ["slipway logs -f", "as they come"],
    ["slipway logs 12 --download logs.zip", "all of them"],
  ],
  options: [
    { name: "job", short: "j", value: "key", help: "Only this job (its key or name)", group: "What" },
    { name: "failed", help: "Only jobs that failed", group: "What" },
    { name: "follow", short: "f", help: "Go on until the build has ended", group: "What" },
    { name: "timestamps", short: "t", help: "The time before each line", group: "Output" },
    { name: "download", value: "file", help: "All logs as a zip file", group: "Output", complete: "file" },
    PROJECT,
    SERVER,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const CANCEL = {
  name: "cancel",
  summary: "Cancel a build",
  usage: "[options] BUILD",
  about: ["BUILD is its number in the project (`12`), or its id."],
  examples: [["slipway cancel 12 --reason superseded", ""]],
  options: [
    { name: "reason", value: "text", help: "Why; shown with the build", group: "What" },
    PROJECT,
    SERVER,
    JSON_OUTPUT,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const RERUN = {
  name: "rerun",
  summary: "Run a build again, whole or in part",
  usage: "[options] [BUILD]",
  about: [BUILD_ARGUMENT, "A re-run is a new attempt at the same commit; the old one stays readable."],
  examples: [
    ["slipway rerun 12 --failed", "only jobs that failed, and those that need them"],
    ["slipway rerun 12 --job 'test[1]' --watch", "one job, and those that need it"],
  ],
  options: [
    { name: "failed", help: "Only jobs that failed", group: "What" },
    { name: "job", short: "j", value: "key", help: "Only this job", group: "What" },
    { name: "debug", help: "With debug logs, this attempt alone", group: "What" },
    { name: "watch", short: "w", help: "Watch the new attempt to its end", group: "Output" },
    PROJECT,
    SERVER,
    JSON_OUTPUT,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const APPROVE = {
  name: "approve",
  summary: "Approve or reject jobs that wait for a reviewer",
  usage: "[options] [BUILD]",
  about: [BUILD_ARGUMENT],
  examples: [
    ["slipway approve 12 --environment production", ""],
    ["slipway approve 12 --reject --comment 'not on a Friday'", ""],
  ],
  options: [
    { name: "environment", short: "e", value: "name", help: "Only jobs of this environment", group: "What" },
    { name: "reject", help: "Reject instead", group: "What" },
    { name: "comment", short: "m", value: "text", help: "Kept with the decision", group: "What" },
    PROJECT,
    SERVER,
    JSON_OUTPUT,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const ARTIFACTS = {
  name: "artifacts",
  summary: "List or download the artifacts of a build",
  usage: "[options] [BUILD]",
  about: [BUILD_ARGUMENT],
  examples: [["slipway artifacts 12 --download out --name bundle", "into the folder out"]],
  options: [
    {
      name: "download",
      short: "d",
      value: "folder",
      help: "Download them into this folder",
      group: "What",
      complete: "folder",
    },
    { name: "name", value: "name", help: "Only this one", group: "What" },
    PROJECT,
    SERVER,
    JSON_OUTPUT,
    HELP,
  ],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const BACKUP = {
  name: "backup",
  summary: "Copy the records of a running server into a file",
  usage: "[options] FILE",
  about: [
    "For a server whose records are in SQLite: FILE is a whole `slipway.db`, as it was at one moment, while the server goes on. It replaces no file. The folder `blobs` and `master.key` of the data folder belong to a backup too; copy the blobs after it. Needs an admin token.",
  ],
  examples: [["slipway backup /backups/slipway.db", ""]],
  options: [SERVER, JSON_OUTPUT, HELP],
  maxPositionals: 1,
} as const satisfies CommandSpec;

export const QUEUE = {
  name: "queue",
  summary: "Look at the build queue and its dead letters",
  usage: "[options] list | show | requeue [BUILD-ID]",
  about: [
    "`list` counts what waits, `show` shows the dead letters, `requeue` puts them (or one) back. Needs an admin token.",
  ],
  examples: [["slipway queue requeue", "all dead letters"]],
  options: [SERVER, JSON_OUTPUT, HELP],
  verbs: ["list", "show", "requeue"],
  maxPositionals: 2,
} as const satisfies CommandSpec;

export const TOKEN = {
  name: "token",
  summary: "List, create and revoke API tokens",
  usage: "[options] list | create NAME | revoke ID",
  about: ["A new token is shown once. Needs an admin token."],
  examples: [
    ["slipway token create ci-bot --permission project:write --project acme/shop", "for one project"],
    ["slipway token create alice --permission admin --expires 90d", ""],
  ],
  options: [
    {
      name: "permission",
      value: "name",
      repeat: true,
      help: "With create: project:read, project:write or admin; may be repeated",
      group: "What",
      complete: ["project:read", "project:write", "admin"],
    },
    {
      name: "expires",
      value: "duration",
      help: "With create: good for so long (default: for ever)",
      group: "What",
    },
    {
      name: "project",
      short: "p",
      value: "name",
      help: "With create: good for this project only",
      group: "What",
    },
    SERVER,
    JSON_OUTPUT,
    HELP,
  ],
  verbs: ["list", "create", "revoke"],
  maxPositionals: 2,
} as const satisfies CommandSpec;
