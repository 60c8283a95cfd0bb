import { readFileSync } from "node:fs";
import { BESIDE_INIT, SETTINGS_OF_NODE } from "../kit/first-process.ts";

export interface OwnProcess {
  readonly env: { readonly [name: string]: string | undefined };
  /** Of the parent. */
  readonly ppid: number;
  readonly complain: (text: string) => void;
}

/**
 * The environment that the container was given: this process's, and with it the settings of node that it was started
 * without (`firstProcess`), which its parent still has.
 */
export function containersEnvironment(
  { env, ppid, complain }: OwnProcess,
  readEnvironment = (pid: number): string => readFileSync(`/proc/${pid}/environ`, "utf8"),
): { readonly [name: string]: string | undefined } {
  if (env[BESIDE_INIT] === undefined) return env;
  let text: string;
  try {
    text = readEnvironment(ppid);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    complain(`Steps go without the container's settings of node (NODE_OPTIONS and the like): ${reason}`);
    return env;
  }
  const whole: { [name: string]: string | undefined } = { ...env };
  const wanted = new Set<string>(SETTINGS_OF_NODE);
  for (const variable of text.split("\0")) {
    const at = variable.indexOf("=");
    const name = variable.slice(0, at);
    if (wanted.has(name)) whole[name] = variable.slice(at + 1);
  }
  return whole;
}
