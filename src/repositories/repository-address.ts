import { ExecError } from "../errors.ts";

/** Where a repository is, in a form that is safe to hand to git. */
export interface RepositoryAddress {
  readonly kind: "local" | "http" | "ssh";
  /** As git takes it; holds no password. */
  readonly url: string;
}

const HOST = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])$/i;
const USER = /^[\w][\w.~-]*$/;
const SCP = /^(?:([^@/:]+)@)?([^@/:[\]]+|\[[^\]]+\]):(?!\/\/)(.+)$/;
const TAKEN = "Use an https://, http://, ssh:// or file:// address, git@host:path, or an absolute path.";

/**
 * Checks what a project names as its repository. Git also runs commands (`ext::`) and options (`--upload-pack=…`) it
 * finds in an address: nothing of that kind passes. Throws `ExecError` (`InvalidSpec`); its message never repeats a password.
 */
export function repositoryAddress(text: string): RepositoryAddress {
  if (text.trim() === "") throw invalid("The repository has no address.");
  if (/[\p{Cc}]/u.test(text)) throw invalid("The repository's address has a control character.");
  if (text.startsWith("/")) return { kind: "local", url: text };
  if (/^[\w+.-]*::/.test(text)) throw invalid(`Git's remote helpers are not allowed as an address. ${TAKEN}`);
  if (/^[a-z][\w+.-]*:\/\//i.test(text)) return fromUrl(text);
  const [, user, host = "", path = ""] = SCP.exec(text) ?? [];
  if (host === "") throw invalid(`'${text}' is no address of a repository. ${TAKEN}`);
  if (!HOST.test(host) || (user !== undefined && !USER.test(user)) || path.startsWith("-")) {
    throw invalid(`The repository's address names no proper host. ${TAKEN}`);
  }
  return { kind: "ssh", url: text };
}

function fromUrl(text: string): RepositoryAddress {
  if (!URL.canParse(text)) throw invalid(`The repository's address is no proper URL. ${TAKEN}`);
  const { protocol, hostname, username, password, pathname } = new URL(text);
  if (password !== "" || (username !== "" && protocol !== "ssh:" && protocol !== "https:")) {
    throw invalid("The repository's address holds credentials; keep them as a secret instead.");
  }
  if (/\s/.test(text) && protocol !== "file:") throw invalid("The repository's address has a space.");
  switch (protocol) {
    case "https:":
    case "http:":
      if (!HOST.test(hostname)) throw invalid("The repository's address names no proper host.");
      return { kind: "http", url: text };
    case "ssh:":
      if (!HOST.test(hostname) || (username !== "" && !USER.test(username)) || pathname.length < 2) {
        throw invalid("The repository's address names no proper host and path.");
      }
      return { kind: "ssh", url: text };
    case "file:":
      if (hostname !== "") throw invalid("A file:// address names no host: file:///path.");
      return { kind: "local", url: text };
    default:
      throw invalid(`Repositories are not read over '${protocol}'. ${TAKEN}`);
  }
}

function invalid(message: string): ExecError {
  return new ExecError("InvalidSpec", message);
}
