import type { RunnerCommand } from "../../protocol/runner-command.ts";

/** The same for commands of which a runner needs only one; `nth` tells the others apart. */
export function commandKey(command: RunnerCommand, nth: string): string {
  switch (command.type) {
    case "cancel":
    case "kill":
      return command.type;
    case "container.ready":
    case "container.failed":
    case "container.ended":
      return `${command.type} ${command.id}`;
    case "attached":
    case "container.log":
      return `${command.type} ${nth}`;
  }
}
