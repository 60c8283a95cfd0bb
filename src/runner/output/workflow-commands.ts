import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ActionCommand } from "./action-command.ts";
import { annotationPosition } from "./annotation-position.ts";
import type { CommandEffects } from "./command-effects.ts";
import type { CommandLog } from "./command-log.ts";
import { CommandProblem } from "./command-problem.ts";
import { type MatcherConfig, parseMatcherFile } from "./matcher-config.ts";
import type { MatcherRegistry } from "./matcher-registry.ts";
import { ownPath } from "./own-path.ts";
import { relativeToWorkspace } from "./repository-file.ts";

interface CommandContext {
  readonly log: CommandLog;
  readonly effects: CommandEffects;
  readonly matchers: MatcherRegistry;
  readonly env: { readonly [name: string]: string };
  readonly workspace: string;
  /** Where steps in containers see it. */
  readonly stepWorkspace?: string | undefined;
  readonly echo: boolean;
  setEcho(on: boolean): void;
  /** True the first time it is asked about `what` in a step. */
  isFirst(what: string): boolean;
}

export interface WorkflowCommand {
  /** Never echoed. */
  readonly silent: boolean;
  /** Throws `CommandProblem`. */
  obey(command: ActionCommand, context: CommandContext): void;
}

/** All of GitHub's but `stop-commands`, by name. */
export const WORKFLOW_COMMANDS: ReadonlyMap<string, WorkflowCommand> = new Map<string, WorkflowCommand>([
  ["set-env", { silent: false, obey: setEnv }],
  ["add-path", { silent: false, obey: addPath }],
  ["set-output", { silent: false, obey: setOutput }],
  ["save-state", { silent: false, obey: saveState }],
  ["add-mask", { silent: true, obey: addMask }],
  ["add-matcher", { silent: false, obey: addMatcher }],
  ["remove-matcher", { silent: false, obey: removeMatcher }],
  ["debug", { silent: true, obey: ({ data }, { log }) => log.debug(data) }],
  ["notice", { silent: true, obey: (command, context) => annotate("notice", command, context) }],
  ["warning", { silent: true, obey: (command, context) => annotate("warning", command, context) }],
  ["error", { silent: true, obey: (command, context) => annotate("error", command, context) }],
  ["group", { silent: false, obey: ({ data }, { log }) => log.line(`##[group]${data}`) }],
  ["endgroup", { silent: false, obey: (_, { log }) => log.line("##[endgroup]") }],
  ["echo", { silent: false, obey: setEcho }],
]);

function setEnv(command: ActionCommand, { effects, env, log }: CommandContext): void {
  requireUnsecure("set-env", env);
  const name = required(command, "name", "set-env");
  if (name.toUpperCase() === "NODE_OPTIONS") {
    const message = "Can't update NODE_OPTIONS environment variable using ::set-env:: command.";
    log.annotate({ level: "error", message });
    return;
  }
  effects.setEnv(name, command.data);
  log.debug(`${name}='${command.data}'`);
}

function addPath({ data }: ActionCommand, { effects, env }: CommandContext): void {
  requireUnsecure("add-path", env);
  if (data === "") throw new CommandProblem("Value cannot be empty. (Parameter 'path')");
  effects.addPath(data);
}

function setOutput(command: ActionCommand, context: CommandContext): void {
  warnDeprecated("set-output", context);
  const name = required(command, "name", "set-output");
  context.effects.setOutput(name, command.data);
  context.log.debug(`Set output ${name} = ${command.data}`);
}

function saveState(command: ActionCommand, context: CommandContext): void {
  warnDeprecated("save-state", context);
  const name = required(command, "name", "save-state");
  context.effects.saveState(name, command.data);
  context.log.debug(`Save intra-action state ${name} = ${command.data}`);
}

function addMask({ data }: ActionCommand, { echo, log }: CommandContext): void {
  if (data.trim() === "") {
    const message = "Can't add secret mask for empty string in ##[add-mask] command.";
    log.annotate({ level: "warning", message });
    return;
  }
  log.mask(data);
  if (echo) log.line("::add-mask::***");
}

function addMatcher(
  { data }: ActionCommand,
  { log, matchers, workspace, stepWorkspace }: CommandContext,
): void {
  if (data === "") {
    log.annotate({ level: "warning", message: "File path must be specified." });
    return;
  }
  const configs = loadMatchers(ownPath(data, workspace, stepWorkspace), workspace);
  if (configs.length === 0) return;
  matchers.add(configs);
  log.debug(
    `Added matchers: ${owners(configs)}. Problem matchers scan action output for known warning or error strings and report these inline.`,
  );
}

function removeMatcher(
  { data, properties }: ActionCommand,
  { log, matchers, workspace, stepWorkspace }: CommandContext,
): void {
  const owner = properties.get("owner") ?? "";
  if ((owner === "") === (data === "")) {
    const message =
      owner === ""
        ? "Either an owner name or a file path must be specified in ##[remove-matcher] command."
        : "Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be set.";
    log.annotate({ level: "warning", message });
    return;
  }
  const names =
    owner === ""
      ? loadMatchers(ownPath(data, workspace, stepWorkspace), workspace).map((config) => config.owner)
      : [owner];
  log.debug(`Removed matchers: ${owners(matchers.remove(names))}`);
}

function annotate(
  level: "notice" | "warning" | "error",
  { data, properties }: ActionCommand,
  { log, workspace, stepWorkspace }: CommandContext,
): void {
  const file = properties.get("file");
  const title = properties.get("title");
  log.annotate({
    level,
    message: data,
    ...(title !== undefined && { title }),
    ...(file !== undefined && {
      file: relativeToWorkspace(ownPath(file, workspace, stepWorkspace), workspace),
    }),
    ...annotationPosition(level, properties, (problem) => log.debug(problem)),
  });
}

function setEcho({ data }: ActionCommand, { log, setEcho: set }: CommandContext): void {
  const value = data.trim().toLowerCase();
  if (data === "") throw new CommandProblem("Value cannot be empty. (Parameter 'value')");
  if (value !== "on" && value !== "off") {
    throw new CommandProblem(
      `Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '${data}'.`,
    );
  }
  set(value === "on");
  log.debug(`Setting echo command value to '${value}'`);
}

function requireUnsecure(name: string, env: CommandContext["env"]): void {
  if (/^true$/i.test(env.ACTIONS_ALLOW_UNSECURE_COMMANDS?.trim() ?? "")) return;
  throw new CommandProblem(
    `The \`${name}\` command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution by setting the \`ACTIONS_ALLOW_UNSECURE_COMMANDS\` environment variable to \`true\`. For more information see: https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/`,
  );
}

/** Once a step, where GitHub's runner says it every time. */
function warnDeprecated(name: string, { isFirst, log }: CommandContext): void {
  if (!isFirst(name)) return;
  log.annotate({
    level: "warning",
    message: `The \`${name}\` command is deprecated and will be disabled soon. Please upgrade to using Environment Files. For more information see: https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/`,
  });
}

function loadMatchers(file: string, workspace: string): MatcherConfig[] {
  const path = resolve(workspace, file);
  try {
    return parseMatcherFile(readFileSync(path, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandProblem(
      code === "ENOENT" ? `Could not find file '${path}'.` : `The problem matcher file '${path}': ${message}`,
    );
  }
}

function owners(configs: readonly MatcherConfig[]): string {
  return configs.map((config) => `'${config.owner}'`).join(", ");
}

function required(command: ActionCommand, property: string, name: string): string {
  const value = command.properties.get(property);
  if (!value) throw new CommandProblem(`Required field '${property}' is missing in ##[${name}] command.`);
  return value;
}
