import { ExecError } from "../../errors.ts";

/** The head of a CGI program's answer (RFC 3875). */
export interface CgiHead {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const MAX_HEAD_BYTES = 16 * 1024;

/** Takes bytes until the head is whole. */
export class CgiHeadReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** Undefined: more is needed. `rest`: what came after the head. Throws `Permanent` where this is no CGI answer. */
  push(chunk: Buffer): { readonly head: CgiHead; readonly rest: Buffer } | undefined {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const end = /\r?\n\r?\n/.exec(this.#bytes.toString("latin1"));
    if (end) {
      const head = this.#bytes.toString("latin1", 0, end.index);
      return { head: parseHead(head), rest: this.#bytes.subarray(end.index + end[0].length) };
    }
    if (this.#bytes.length > MAX_HEAD_BYTES) throw new ExecError("Permanent", "git's answer has no head");
    return undefined;
  }
}

function parseHead(text: string): CgiHead {
  let status = 200;
  const headers: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new ExecError("Permanent", "git's answer has a broken head");
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else headers.push([name, value]);
  }
  return { status, headers };
}
