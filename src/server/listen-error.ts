import type { Address } from "../config/setting.ts";
import { ExecError } from "../errors.ts";

const WORDS: { readonly [code: string]: string } = {
  EADDRINUSE: "another program listens there",
  EACCES: "this user may not listen there",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "this machine has no such address",
};

/** Why a port could not be had, in words; other errors as they are. */
export function listenError(error: unknown, { host, port }: Address, option = "--listen"): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why = WORDS[code];
  if (why === undefined) return error;
  const message = `Cannot listen on ${host}:${port}: ${why}. Choose another address with ${option}.`;
  return new ExecError("Permanent", message, { cause: error });
}
