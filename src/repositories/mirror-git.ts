import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { createGit, type Git, type GitResult } from "../runner/git/git.ts";

/** A user name and a password or token for an origin over http or https. */
export interface GitCredentials {
  readonly username: string;
  readonly password: string;
}

export interface MirrorGitOptions {
  /** What git gets of the environment: PATH, HOME, proxies, certificates, the ssh agent. */
  readonly env: { readonly [name: string]: string };
  readonly clock: Clock;
}

export interface MirrorGitCall {
  /** The bare repository; absent: none is needed. */
  readonly directory?: string;
  readonly timeoutMs: number;
  readonly input?: string;
  /** The origin that is talked to, and how to sign in there. */
  readonly origin?: { readonly url: string; readonly credentials?: GitCredentials };
}

export type MirrorGit = (args: readonly string[], call: MirrorGitCall) => Promise<GitResult>;

const SETTINGS = {
  // Folders of another owner are read, and nothing in them is run.
  "safe.directory": "*",
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.quotePath": "false",
  "protocol.version": "2",
  "fetch.recurseSubmodules": "false",
  // A connection over which nothing comes is given up.
  "http.lowSpeedLimit": "1",
  "http.lowSpeedTime": "60",
};

const ENVIRONMENT = { GIT_ALLOW_PROTOCOL: "file:http:https:ssh" };

/** Git for mirrors: with a time limit for each call, only over transports that run no commands, sign-in by environment. */
export function createMirrorGit({ env, clock }: MirrorGitOptions): MirrorGit {
  const git: Git = createGit(env);
  return async (args, { directory, timeoutMs, input, origin }) => {
    const controller = new AbortController();
    const stop = clock.after(timeoutMs, () => controller.abort());
    try {
      return await git(directory === undefined ? args : ["--git-dir", directory, ...args], {
        signal: controller.signal,
        env: ENVIRONMENT,
        config: { ...SETTINGS, ...signIn(origin) },
        ...(input === undefined ? {} : { input }),
      });
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      const seconds = Math.round(timeoutMs / 1_000);
      throw new ExecError("Timeout", `git took longer than ${seconds} s, and was stopped.`, { cause: error });
    } finally {
      stop();
    }
  };
}

/** Only for that host: git hands the header to no other that it is sent on to. */
function signIn(origin: MirrorGitCall["origin"]): { readonly [key: string]: string } {
  if (origin?.credentials === undefined || !/^https?:/i.test(origin.url)) return {};
  const { username, password } = origin.credentials;
  const basic = Buffer.from(`${username}:${password}`).toString("base64");
  return { [`http.${new URL(origin.url).origin}/.extraHeader`]: `Authorization: Basic ${basic}` };
}
