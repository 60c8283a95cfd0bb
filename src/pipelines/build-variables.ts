import { ExecError } from "../errors.ts";
import type { ProjectStore } from "../store/project-store.ts";

/** The project's variables, and before them those given with the request. Names are kept in upper case. */
export async function buildVariables(
  projects: Pick<ProjectStore, "listSettings">,
  projectId: string,
  given: { readonly [name: string]: string } = {},
): Promise<{ readonly [name: string]: string }> {
  const wrong = Object.keys(given).filter(
    (name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || /^GITHUB_/i.test(name),
  );
  if (wrong.length > 0) {
    throw new ExecError(
      "InvalidSpec",
      `Names of variables are letters, digits and _, without a digit in front and without GITHUB_: ${wrong.join(", ")}`,
    );
  }
  const own = await projects.listSettings(projectId, "variable");
  return Object.fromEntries([
    ...own.map(({ name, value }) => [name, value] as const),
    ...Object.entries(given).map(([name, value]) => [name.toUpperCase(), value] as const),
  ]);
}
