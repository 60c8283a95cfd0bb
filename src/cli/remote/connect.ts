import type { Io } from "../io.ts";
import { UsageError } from "../usage-error.ts";
import { Remote } from "./remote.ts";
import { readSavedServers } from "./saved-servers.ts";

export interface ServerWish {
  /** --server. */
  readonly server: string | undefined;
}

/**
 * The server that is meant: `--server`, else `SLIPWAY_SERVER`, else the one of the last login. Its token is
 * `SLIPWAY_TOKEN`, else that of the login. Throws `UsageError` where there is none.
 */
export async function connect({ server }: ServerWish, io: Io): Promise<Remote> {
  const named = server ?? (io.env.SLIPWAY_SERVER || undefined);
  const saved = await readSavedServers(io.env);
  const address = named === undefined ? saved.current : serverAddress(named);
  if (address === undefined) {
    throw new UsageError("No server is known yet.", "Log in first: slipway login http://HOST:PORT");
  }
  const token = io.env.SLIPWAY_TOKEN || saved.tokens[address];
  if (token === undefined) {
    throw new UsageError(
      `There is no token for ${address}.`,
      `Log in: slipway login ${address}, or set SLIPWAY_TOKEN.`,
    );
  }
  return new Remote({ address, token });
}

/** Without a scheme it is `https`, as a token goes there; only this machine is `http`. */
export function serverAddress(text: string): string {
  const withScheme = /^https?:\/\//i.test(text)
    ? text
    : `${/^(localhost|127\.|\[::1\])/.test(text) ? "http" : "https"}://${text}`;
  if (!URL.canParse(withScheme) || (withScheme !== text && text.includes("://")))
    throw new UsageError(`"${text}" is no address of a server.`, "Such as: https://ci.example.org");
  const { origin, pathname } = new URL(withScheme);
  if (pathname !== "/") throw new UsageError(`"${text}" has a path; a server's address has none.`);
  return origin;
}
