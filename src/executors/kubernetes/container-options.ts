import { ExecError } from "../../errors.ts";
import { splitWords } from "../docker/split-words.ts";

/** What the flags of `options` come to in a pod. */
export interface ContainerOptions {
  readonly env: { readonly [name: string]: string };
  readonly limits: { readonly [resource: string]: string };
  readonly user?: { readonly uid: number; readonly gid?: number };
  readonly workingDir?: string;
  /** Split as a shell would. */
  readonly entrypoint?: readonly string[];
  readonly sharedMemory?: string;
  readonly readOnly: boolean;
  readonly health?: HealthCheck;
}

/** As Docker's: fails after so many misses in a row, those within the first `startPeriodMs` not counted. */
export interface HealthCheck {
  readonly command: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
}

/** Flags with a value that a pod has a place for. */
const KNOWN: ReadonlySet<string> = new Set([
  "--env",
  "--cpus",
  "--memory",
  "--user",
  "--workdir",
  "--entrypoint",
  "--shm-size",
  "--health-cmd",
  "--health-interval",
  "--health-timeout",
  "--health-retries",
  "--health-start-period",
  // A pod has one name and one network; who writes these means a thing that holds anyway.
  "--hostname",
  "--name",
  "--network-alias",
]);
const SHORT: Readonly<Record<string, string>> = {
  "-e": "--env",
  "-m": "--memory",
  "-u": "--user",
  "-w": "--workdir",
  "-h": "--hostname",
};
const SWITCHES: ReadonlySet<string> = new Set(["--read-only", "--init", "--no-healthcheck", "--rm"]);

/** Reads the flags of `docker create` as far as a pod can keep them. Throws `InvalidSpec` for every other. */
export function parseContainerOptions(options: string, whose: string): ContainerOptions {
  const flags = readFlags(splitWords(options), whose);
  const last = (name: string) => flags.findLast((flag) => flag.name === name)?.value;
  const env = flags
    .filter(({ name }) => name === "--env")
    .map(({ value }) => {
      const [, name = "", text = ""] = /^([^=]*)=?([\s\S]*)$/.exec(value) ?? [];
      return [name, text] as const;
    });
  const cpus = last("--cpus");
  const memory = last("--memory");
  const user = last("--user");
  const command = last("--health-cmd");
  const workingDir = last("--workdir");
  const entrypoint = last("--entrypoint");
  const sharedMemory = last("--shm-size");
  return {
    env: Object.fromEntries(env),
    limits: {
      ...(cpus === undefined ? {} : { cpu: cpus }),
      ...(memory === undefined ? {} : { memory: dockerSize(memory, "--memory", whose) }),
    },
    ...(user === undefined ? {} : { user: userOf(user, whose) }),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(entrypoint === undefined ? {} : { entrypoint: entrypoint === "" ? [] : [entrypoint] }),
    ...(sharedMemory === undefined ? {} : { sharedMemory: dockerSize(sharedMemory, "--shm-size", whose) }),
    readOnly: flags.some(({ name }) => name === "--read-only"),
    ...(command === undefined || command === "" || flags.some(({ name }) => name === "--no-healthcheck")
      ? {}
      : {
          health: {
            command,
            // Docker's own where nothing is said.
            intervalMs: dockerTime(last("--health-interval") ?? "30s", "--health-interval", whose),
            timeoutMs: dockerTime(last("--health-timeout") ?? "30s", "--health-timeout", whose),
            retries: Math.max(1, Number(last("--health-retries") ?? 3) || 3),
            startPeriodMs: dockerTime(last("--health-start-period") ?? "0s", "--health-start-period", whose),
          },
        }),
  };
}

interface Flag {
  readonly name: string;
  readonly value: string;
}

function readFlags(words: readonly string[], whose: string): readonly Flag[] {
  const flags: Flag[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const [, written = word, given] = /^(--[^=]+)=([\s\S]*)$/.exec(word) ?? [];
    const name = SHORT[written] ?? written;
    if (SWITCHES.has(name)) flags.push({ name, value: given ?? "true" });
    else if (KNOWN.has(name)) {
      if (given === undefined) index += 1;
      const value = given ?? words[index];
      if (value === undefined) throw bad(whose, `${written} has no value`);
      flags.push({ name, value });
    } else {
      const advice =
        name === "--privileged" || name === "--cap-add" || name === "--device"
          ? "a job cannot take privileges; capabilities are given by a runner class"
          : `on Kubernetes there are: ${[...KNOWN, ...SWITCHES].sort().join(", ")}`;
      throw bad(whose, `'${written}' means nothing in a pod; ${advice}`);
    }
  }
  return flags;
}

function userOf(text: string, whose: string): { readonly uid: number; readonly gid?: number } {
  const match = /^(\d+)(?::(\d+))?$/.exec(text);
  if (match === null)
    throw bad(whose, `--user ${text}: Kubernetes takes only numbers, such as 1000 or 1000:1000`);
  const [, uid, gid] = match;
  return { uid: Number(uid), ...(gid === undefined ? {} : { gid: Number(gid) }) };
}

const SIZES: Readonly<Record<string, string>> = { b: "", k: "Ki", m: "Mi", g: "Gi", "": "" };

function dockerSize(text: string, flag: string, whose: string): string {
  const match = /^(\d+)\s*([bkmg]?)(?:i?b)?$/i.exec(text);
  if (match === null) throw bad(whose, `${flag} ${text}: expected a size such as 512m or 2g`);
  return `${match[1]}${SIZES[(match[2] ?? "").toLowerCase()] ?? ""}`;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** As Go writes durations: `1m30s`. */
function dockerTime(text: string, flag: string, whose: string): number {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/.test(text))
    throw bad(whose, `${flag} ${text}: expected a duration such as 10s or 1m30s`);
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g))
    sum += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return sum;
}

function bad(whose: string, what: string): ExecError {
  return new ExecError("InvalidSpec", `options of ${whose}: ${what}.`);
}
