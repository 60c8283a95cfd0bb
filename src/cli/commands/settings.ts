import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { SECRET, VARIABLE } from "../options/remote-options.ts";
import { chooseProject } from "../remote/choose-project.ts";
import { connect } from "../remote/connect.ts";
import { ago, say, show } from "../remote/show.ts";
import { splitNameValue } from "../settings/name-value.ts";
import { UsageError } from "../usage-error.ts";

interface SettingAnswer {
  readonly name: string;
  readonly value?: string;
  readonly updatedAt: string;
}

/** `slipway secret`. */
export async function secret(args: readonly string[], io: Io): Promise<ExitCode> {
  return await setting("secret", args, io);
}

/** `slipway variable`. */
export async function variable(args: readonly string[], io: Io): Promise<ExitCode> {
  return await setting("variable", args, io);
}

async function setting(kind: "secret" | "variable", args: readonly string[], io: Io): Promise<ExitCode> {
  const command = kind === "secret" ? SECRET : VARIABLE;
  const { values, positionals } = parseOptions(command, args);
  if (values.help) return (await import("./help.ts")).help([command.name], io);
  const [verb = "list", argument] = positionals;
  if (!["list", "set", "delete"].includes(verb)) {
    throw new UsageError(`There is no "slipway ${kind} ${verb}".`, "There are: list, set, delete.");
  }
  const remote = await connect(values, io);
  const project = await chooseProject(values.project, remote, io);
  const base = `/projects/${project.id}/${kind}s`;
  if (verb === "list") {
    const items = await remote.list<SettingAnswer>(base);
    const now = io.clock.now();
    const rows = items.map(({ name, value, updatedAt }) => [
      name,
      ...(kind === "variable" ? [value ?? ""] : []),
      ago(updatedAt, now),
    ]);
    await show(io, values.json, items, ["name", ...(kind === "variable" ? ["value"] : []), "set"], rows);
    return EXIT.ok;
  }
  if (argument === undefined) throw new UsageError(`Which ${kind}?`, `slipway ${kind} ${verb} NAME`);
  if (verb === "delete") {
    await remote.send("DELETE", `${base}/${encodeURIComponent(argument)}`);
    await say(io, values.json, { name: argument }, `Deleted the ${kind} ${argument} of ${project.name}.`);
    return EXIT.ok;
  }
  const { name, value } = kind === "variable" ? given(argument) : await asked(argument, io);
  await remote.send("PUT", `${base}/${encodeURIComponent(name)}`, { body: { value } });
  await say(io, values.json, { name }, `Set the ${kind} ${name} of ${project.name}.`);
  return EXIT.ok;
}

function given(argument: string): { readonly name: string; readonly value: string } {
  const { name, value } = splitNameValue(argument, "variable set");
  if (value === undefined)
    throw new UsageError(`The variable ${name} has no value.`, `slipway variable set ${name}=VALUE`);
  return { name, value };
}

async function asked(name: string, io: Io): Promise<{ readonly name: string; readonly value: string }> {
  if (name.includes("=")) {
    throw new UsageError(
      "A secret's value is not given on the command line, where others can see it.",
      "Type it when asked, or: slipway secret set NAME < file",
    );
  }
  const value = io.stdin.isTTY
    ? await io.stdin.readHidden(`Value of the secret ${name} (not shown): `)
    : // A file ends with a line break that is none of the value's.
      (await io.stdin.readAll()).replace(/\r?\n$/, "");
  if (value === undefined || value === "") throw new UsageError("No value was given.");
  return { name, value };
}
