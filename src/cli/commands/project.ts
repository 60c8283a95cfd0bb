import { statSync } from "node:fs";
import { resolve } from "node:path";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { PROJECT_COMMAND } from "../options/remote-options.ts";
import { chooseProject, comparable } from "../remote/choose-project.ts";
import { connect } from "../remote/connect.ts";
import type { Remote } from "../remote/remote.ts";
import { say, show, showFacts } from "../remote/show.ts";
import { UsageError } from "../usage-error.ts";

interface ProjectAnswer {
  readonly id: string;
  readonly name: string;
  readonly repositoryUrl: string;
  readonly defaultBranch: string;
  readonly settings: { readonly [name: string]: unknown };
}

type Values = ReturnType<typeof parseOptions<(typeof PROJECT_COMMAND)["options"]>>["values"];

/** `slipway project`. */
export async function project(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(PROJECT_COMMAND, args);
  if (values.help) return (await import("./help.ts")).help([PROJECT_COMMAND.name], io);
  const [verb = "list", argument] = positionals;
  const remote = await connect(values, io);
  switch (verb) {
    case "list":
      return await list(remote, values, io);
    case "add":
      return await add(argument, remote, values, io);
    case "show":
      return await print(await chosen(argument, remote, values, io), values.json, io);
    case "set": {
      const { id } = await chosen(argument, remote, values, io);
      const body = changes(values);
      if (Object.keys(body).length === 0)
        throw new UsageError("What is to be set?", "See: slipway project --help");
      return await print(
        await remote.send<ProjectAnswer>("PATCH", `/projects/${id}`, { body }),
        values.json,
        io,
      );
    }
    case "remove": {
      // Too much is lost by it to guess which one is meant.
      const named = argument ?? values.project;
      if (named === undefined) throw new UsageError("Which project?", "slipway project remove NAME");
      const { id, name } = await chooseProject(named, remote, io);
      await remote.send("DELETE", `/projects/${id}`);
      await say(io, values.json, { id, name }, `Removed ${name} with its builds.`);
      return EXIT.ok;
    }
    default:
      throw new UsageError(
        `There is no "slipway project ${verb}".`,
        "There are: list, add, show, set, remove.",
      );
  }
}

async function list(remote: Remote, { json }: Values, io: Io): Promise<ExitCode> {
  const projects = await remote.list<ProjectAnswer>("/projects");
  const rows = projects.map(({ name, defaultBranch, repositoryUrl }) => [name, defaultBranch, repositoryUrl]);
  await show(io, json, projects, ["project", "branch", "repository"], rows);
  return EXIT.ok;
}

async function add(
  repository: string | undefined,
  remote: Remote,
  values: Values,
  io: Io,
): Promise<ExitCode> {
  if (repository === undefined) throw new UsageError("Which repository?", "slipway project add PATH-OR-URL");
  const path = resolve(io.cwd, repository);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const repositoryUrl = isFolder ? path : repository;
  const name =
    values.name ??
    comparable(repositoryUrl)
      .split("/")
      .slice(isFolder ? -1 : -2)
      .join("/");
  const body = { repositoryUrl, ...changes({ ...values, name }) };
  const added = await remote.send<ProjectAnswer>("POST", "/projects", { body });
  await say(
    io,
    values.json,
    added,
    `Added ${added.name} (${added.repositoryUrl}, ${added.defaultBranch}). Start a build: slipway trigger --project ${added.name}`,
  );
  return EXIT.ok;
}

async function chosen(
  argument: string | undefined,
  remote: Remote,
  values: Values,
  io: Io,
): Promise<ProjectAnswer> {
  const { id } = await chooseProject(argument ?? values.project, remote, io);
  return await remote.get<ProjectAnswer>(`/projects/${id}`);
}

function changes(values: Pick<Values, "name" | "branch" | "max-builds" | "max-jobs" | "max-build-minutes">): {
  [name: string]: unknown;
} {
  const { name, branch } = values;
  const settings = Object.fromEntries(
    (["max-builds", "max-jobs", "max-build-minutes"] as const).flatMap((option) => {
      const text = values[option];
      if (text === undefined) return [];
      if (!/^[1-9]\d{0,8}$/.test(text))
        throw new UsageError(`--${option} ${text} is not a number from 1 on.`);
      return [[option.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), Number(text)]];
    }),
  );
  return {
    ...(name === undefined ? {} : { name: name.toLowerCase() }),
    ...(branch === undefined ? {} : { defaultBranch: branch }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  };
}

async function print(answer: ProjectAnswer, json: boolean, io: Io): Promise<ExitCode> {
  await showFacts(io, json, answer, [
    ["name", answer.name],
    ["id", answer.id],
    ["repository", answer.repositoryUrl],
    ["branch", answer.defaultBranch],
    ...Object.entries(answer.settings).map(([name, value]) => [name, String(value)] as const),
  ]);
  return EXIT.ok;
}
