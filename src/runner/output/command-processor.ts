import { type ActionCommand, parseActionCommand } from "./action-command.ts";
import type { CommandEffects } from "./command-effects.ts";
import type { CommandLog } from "./command-log.ts";
import { CommandProblem } from "./command-problem.ts";
import type { MatcherRegistry } from "./matcher-registry.ts";
import { WORKFLOW_COMMANDS } from "./workflow-commands.ts";

export interface CommandProcessorOptions {
  readonly log: CommandLog;
  readonly effects: CommandEffects;
  readonly matchers: MatcherRegistry;
  /** The step's environment. */
  readonly env: { readonly [name: string]: string };
  readonly workspace: string;
  /** Where steps in containers see it. */
  readonly stepWorkspace?: string | undefined;
  /** Commands are echoed from the beginning. */
  readonly echo: boolean;
}

const STOP = "stop-commands";
/** Shorter tokens would be found, and hidden, in text that has nothing to do with them. */
const LONGEST_SHOWN_TOKEN = 6;

/** Obeys the workflow commands in the output of one step, as GitHub's runner does. */
export class CommandProcessor {
  readonly #options: CommandProcessorOptions;
  readonly #warned = new Set<string>();
  #echo: boolean;
  /** In lower case. While there is one, nothing is obeyed until a command of this name comes. */
  #resumeToken: string | undefined;

  constructor(options: CommandProcessorOptions) {
    this.#options = options;
    this.#echo = options.echo;
  }

  /** The command in the line, if there is one that `process` is to obey. */
  parse(line: string): ActionCommand | undefined {
    const command = parseActionCommand(line, (name) => this.#isKnown(name.toLowerCase()));
    if (command === undefined || this.#resumeToken === undefined || this.#isResume(command)) return command;
    this.#options.log.debug(
      `Process commands has been stopped and waiting for '##[${this.#resumeToken}]' to resume.`,
    );
    return undefined;
  }

  /** Obeys. `line` is what the command was read from, for messages and echo. */
  process(command: ActionCommand, line: string): void {
    const { log, effects } = this.#options;
    if (this.#isResume(command)) {
      this.#resumeToken = undefined;
      log.line(line);
      log.debug("Resume processing commands");
      return;
    }
    const name = command.name.toLowerCase();
    const known = WORKFLOW_COMMANDS.get(name);
    const silent = known?.silent === true;
    try {
      if (name === STOP) this.#stop(command, line);
      if (known === undefined) return;
      if (this.#echo && !silent) log.line(line);
      known.obey(command, {
        ...this.#options,
        echo: this.#echo,
        setEcho: (on) => {
          this.#echo = on;
        },
        isFirst: (what) => this.#isFirst(what),
      });
    } catch (error) {
      if (!(error instanceof CommandProblem)) throw error;
      const shown = silent ? name : line;
      log.annotate({ level: "error", message: `Unable to process command '${shown}' successfully.` });
      log.annotate({ level: "error", message: error.message });
      effects.commandFailed();
    }
  }

  #isKnown(name: string): boolean {
    return WORKFLOW_COMMANDS.has(name) || name === STOP || (name !== "" && name === this.#resumeToken);
  }

  #isResume(command: ActionCommand): boolean {
    return command.name !== "" && command.name.toLowerCase() === this.#resumeToken;
  }

  #isFirst(what: string): boolean {
    if (this.#warned.has(what)) return false;
    this.#warned.add(what);
    return true;
  }

  #stop({ data }: ActionCommand, line: string): void {
    const { env, log } = this.#options;
    const token = data.toLowerCase();
    const invalid = token === "" || token === "pause-logging" || this.#isKnown(token);
    const allowed = env.ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS?.trim() ?? "";
    if (invalid && !/^(1|true|\$true)$/i.test(allowed)) {
      throw new CommandProblem(
        "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command. For more information see: https://docs.github.com/actions/learn-github-actions/workflow-commands-for-github-actions#example-stopping-and-starting-workflow-commands or opt into insecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS` environment variable to `true`.",
      );
    }
    this.#resumeToken = token;
    if (token.length > LONGEST_SHOWN_TOKEN) log.mask(data);
    log.line(line);
    log.debug("Paused processing commands until the token you called ::stopCommands:: with is received");
  }
}
