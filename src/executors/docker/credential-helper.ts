import { spawn } from "node:child_process";
import { ExecError } from "../../errors.ts";

/** What a program that keeps credentials has for a registry; undefined: nothing. Rejects with what it says. */
export type CredentialHelper = (
  /** As `credsStore` names it: `docker-credential-` is put before it. */
  name: string,
  serverAddress: string,
  signal: AbortSignal,
) => Promise<{ readonly username: string; readonly secret: string } | undefined>;

/** It may ask a service, or its user; who pulls an image is waiting for it. */
const LIMIT_MS = 10_000;
const MOST_BYTES = 64 * 1024;

/**
 * Asks programs of docker's own kind, found on the PATH of `env`: the address on standard input, JSON on standard output
 * (https://github.com/docker/docker-credential-helpers).
 */
export function credentialHelper(
  env: { readonly [name: string]: string | undefined },
  limitMs = LIMIT_MS,
): CredentialHelper {
  return async (name, serverAddress, signal) => {
    // A name with a path in it would be another program than docker takes.
    if (!/^[\w.-]+$/.test(name)) throw new ExecError("InvalidSpec", `'${name}' is no name of a program.`);
    const program = `docker-credential-${name}`;
    const limit = AbortSignal.timeout(limitMs);
    const { code, output } = await ask(program, env, serverAddress, AbortSignal.any([signal, limit])).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        if (limit.aborted)
          throw new ExecError("Timeout", `${program} did not answer within ${limitMs / 1000} s.`);
        throw new ExecError("NotFound", `${program} cannot be run: ${(error as Error).message}`);
      },
    );
    if (code === 0) return parsed(program, output);
    if (/credentials not found|no credentials|not found in native keychain/i.test(output)) return undefined;
    throw new ExecError("Permanent", `${program} ended with ${code}: ${output.trim().slice(0, 500)}`);
  };
}

async function ask(
  program: string,
  env: { readonly [name: string]: string | undefined },
  serverAddress: string,
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      env: { ...env },
      stdio: ["pipe", "pipe", "ignore"],
      signal,
      killSignal: "SIGKILL",
    });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MOST_BYTES) chunks.push(chunk);
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      const answer = () => resolve({ code, output: Buffer.concat(chunks).toString("utf8") });
      if (child.stdout.readableEnded) answer();
      else child.stdout.once("end", answer);
    });
    // One that does not read it may be gone already.
    child.stdin.on("error", () => {});
    child.stdin.end(serverAddress);
  });
}

function parsed(program: string, output: string): { readonly username: string; readonly secret: string } {
  try {
    const { Username, Secret } = JSON.parse(output) as { Username?: unknown; Secret?: unknown };
    if (typeof Username === "string" && typeof Secret === "string" && Secret !== "")
      return { username: Username, secret: Secret };
  } catch {
    // What it said may be half a secret: it is not told.
  }
  throw new ExecError("Permanent", `${program} answered with something that is no credentials.`);
}
