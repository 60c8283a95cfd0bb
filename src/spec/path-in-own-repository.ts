/**
 * The path that `./path` and `$/path` name; undefined for every other `uses`.
 *
 * For a called workflow both mean the calling file's own repository, at its own commit. For an action only `$/` does:
 * `./` is the workspace, whatever is there when the step runs.
 */
export function pathInOwnRepository(uses: string): string | undefined {
  return /^[.$]\/(.*)$/s.exec(uses)?.[1]?.replace(/^\/+/, "");
}
