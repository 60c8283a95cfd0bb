/**
 * `github.repository` of a project: its name where that is `owner/name`, else below the owner `local`. Actions, the
 * checkout among them, take no repository that is not of two parts.
 */
export function repositoryName(projectName: string): string {
  return projectName.includes("/") ? projectName : `local/${projectName}`;
}
