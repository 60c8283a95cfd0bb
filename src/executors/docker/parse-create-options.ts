import { ExecError } from "../../errors.ts";
import { CREATE_FLAGS, type CreateDraft, type CreateFlag, REFUSED_FLAGS } from "./create-flags.ts";
import type { ContainerSpec, HostConfig } from "./docker-engine.ts";
import { bytesText } from "./quantities.ts";
import { splitWords } from "./split-words.ts";

/** What `options` may ask for. */
export interface OptionRules {
  /** `--privileged`, capabilities, devices, other namespaces and security options. */
  readonly privileged: boolean;
  /** Folders of the Docker host. */
  readonly hostPaths: boolean;
  /** Absent: no ceiling. */
  readonly ceilings?: Limits;
}

export interface Limits {
  readonly cpus?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly pids?: number | undefined;
}

export interface CreateOptions {
  readonly container: Omit<ContainerSpec, "HostConfig">;
  readonly host: HostConfig;
  readonly networkAliases: readonly string[];
  /** As in `volumes:`. */
  readonly volumes: readonly string[];
  /** As in `ports:`. */
  readonly ports: readonly string[];
  /** For the user, of flags that mean nothing here. */
  readonly warnings: readonly string[];
}

/**
 * Reads `options`, the flags of `docker create`. Throws `InvalidSpec` for a flag that is unknown, not allowed here, or
 * beyond a ceiling, naming it. `of`: whose options they are, for messages.
 */
export function parseCreateOptions(text: string, of: string, rules: OptionRules): CreateOptions {
  const draft: CreateDraft = {
    container: {},
    host: {},
    env: [],
    labels: {},
    health: {},
    networkAliases: [],
    volumes: [],
    ports: [],
    warnings: [],
    rules,
  };
  const words = splitWords(text);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || word === "-" || word === "--") throw invalid(of, `'${word}' is not a flag`);
    const { name, flag, inline } = findFlag(word, of);
    try {
      if (flag.kind === "boolean") {
        flag.apply(draft, inline === undefined ? true : !/^(false|0|f)$/i.test(inline), name);
        continue;
      }
      if (inline === undefined) at += 1;
      const value = inline ?? words[at];
      if (value === undefined) throw new ExecError("InvalidSpec", `'${name}' has no value`);
      flag.apply(draft, value, name);
    } catch (error) {
      if (error instanceof ExecError) throw invalid(of, error.message);
      throw error;
    }
  }
  checkCeilings(draft, of);
  return finished(draft);
}

function findFlag(word: string, of: string): { name: string; flag: CreateFlag; inline: string | undefined } {
  const equals = word.indexOf("=");
  if (word.startsWith("--")) {
    const name = equals === -1 ? word : word.slice(0, equals);
    return { name, flag: known(name, of), inline: equals === -1 ? undefined : word.slice(equals + 1) };
  }
  // `-p80:80`, `-p=80`, `-p 80`.
  const name = word.slice(0, 2);
  const rest = word.slice(2);
  return { name, flag: known(name, of), inline: rest === "" ? undefined : rest.replace(/^=/, "") };
}

function known(name: string, of: string): CreateFlag {
  const refused = REFUSED_FLAGS[name];
  if (refused !== undefined) throw invalid(of, `'${name}' cannot be used here: ${refused}`);
  const flag = CREATE_FLAGS[name];
  if (flag === undefined) throw invalid(of, `'${name}' is no flag of docker create that is known here`);
  return flag;
}

function invalid(of: string, message: string): ExecError {
  return new ExecError("InvalidSpec", `In the options of ${of}: ${message}.`);
}

function checkCeilings({ host, rules: { ceilings = {} } }: CreateDraft, of: string): void {
  const { cpus, memoryBytes, pids } = ceilings;
  const { NanoCpus = 0, Memory = 0, PidsLimit = 0 } = host;
  if (cpus !== undefined && NanoCpus > cpus * 1e9)
    throw invalid(of, `--cpus ${NanoCpus / 1e9} is more than the ${cpus} that a job may have here`);
  if (memoryBytes !== undefined && Memory > memoryBytes)
    throw invalid(
      of,
      `--memory ${bytesText(Memory)} is more than the ${bytesText(memoryBytes)} that a job may have here`,
    );
  if (pids !== undefined && (PidsLimit > pids || PidsLimit < 0))
    throw invalid(of, `--pids-limit ${PidsLimit} is more than the ${pids} that a job may have here`);
}

function finished({ container, host, env, labels, health, ...rest }: CreateDraft): CreateOptions {
  const { networkAliases, volumes, ports, warnings } = rest;
  return {
    container: {
      ...container,
      ...(env.length === 0 ? {} : { Env: env }),
      ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
      ...(Object.keys(health).length === 0
        ? {}
        : { Healthcheck: health as NonNullable<ContainerSpec["Healthcheck"]> }),
    },
    host,
    networkAliases,
    volumes,
    ports,
    warnings,
  };
}
