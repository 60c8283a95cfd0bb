/**
 * The path here of a file in the workspace that a step in a container may name as it stands there: below `elsewhere`.
 * Absent: there are no such steps.
 */
export function ownPath(file: string, workspace: string, elsewhere: string | undefined): string {
  if (elsewhere === undefined || elsewhere === "") return file;
  if (file === elsewhere) return workspace;
  return file.startsWith(`${elsewhere}/`) ? `${workspace}${file.slice(elsewhere.length)}` : file;
}
