import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { TOKEN } from "../options/remote-options.ts";
import { connect } from "../remote/connect.ts";
import { ago, say, show } from "../remote/show.ts";
import { UsageError } from "../usage-error.ts";

interface TokenAnswer {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
  readonly projectId?: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
}

const UNITS: { readonly [unit: string]: number } = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `slipway token`. */
export async function token(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(TOKEN, args);
  if (values.help) return (await import("./help.ts")).help([TOKEN.name], io);
  const [verb = "list", argument] = positionals;
  const remote = await connect(values, io);
  switch (verb) {
    case "list": {
      const { items } = await remote.get<{ items: readonly TokenAnswer[] }>("/tokens");
      const projects = new Map(
        (await remote.list<{ id: string; name: string }>("/projects")).map(({ id, name }) => [id, name]),
      );
      const now = io.clock.now();
      const rows = items.map((each) => [
        each.id,
        each.name,
        each.permissions.join(","),
        each.projectId === undefined ? "every project" : (projects.get(each.projectId) ?? each.projectId),
        ago(each.createdAt, now),
        each.lastUsedAt === undefined ? "never" : ago(each.lastUsedAt, now),
        each.expiresAt?.slice(0, 10) ?? "never",
      ]);
      await show(io, values.json, items, ["id", "name", "may", "project", "made", "used", "ends"], rows);
      return EXIT.ok;
    }
    case "create": {
      if (argument === undefined)
        throw new UsageError("What is the token called?", "slipway token create NAME");
      if (values.permission.length === 0)
        throw new UsageError("What may the token do?", "--permission project:read, project:write or admin");
      const expiresAt =
        values.expires === undefined
          ? undefined
          : new Date(io.clock.now() + lifetime(values.expires)).toISOString();
      const body = {
        name: argument,
        permissions: values.permission,
        ...(values.project === undefined ? {} : { project: values.project }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      const made = await remote.send<TokenAnswer & { token: string }>("POST", "/tokens", { body });
      // Alone on standard output, so that a script can take it.
      if (!values.json) io.stderr.write(`Token ${made.name} (${made.id}), shown only now:\n`);
      await say(io, values.json, made, made.token);
      return EXIT.ok;
    }
    case "revoke":
      if (argument === undefined)
        throw new UsageError("Which token?", "slipway token revoke ID (see: slipway token list)");
      await remote.send("DELETE", `/tokens/${encodeURIComponent(argument)}`);
      await say(io, values.json, { id: argument }, `Revoked ${argument}.`);
      return EXIT.ok;
    default:
      throw new UsageError(`There is no "slipway token ${verb}".`, "There are: list, create, revoke.");
  }
}

function lifetime(text: string): number {
  const match = /^(\d{1,6})([mhd])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined)
    throw new UsageError(`--expires ${text} is no duration.`, "Such as 12h or 90d.");
  return Number(match[1]) * unit;
}
