/**
 * `github.repository` of a project: its name where that is `owner/name`, else below the owner `local`; actions take no
 * repository that is not of two parts.
 */
export function repositoryName(projectName: string): { readonly owner: string; readonly name: string } {
  const slash = projectName.lastIndexOf("/");
  if (slash < 0) return { owner: "local", name: projectName };
  return { owner: projectName.slice(0, slash), name: projectName.slice(slash + 1) };
}
