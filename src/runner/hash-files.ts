/**
 * `hashFiles(patterns…)`: sha256 over the sha256 of each matched file, in the order of the search; "" where nothing
 * matched. A first pattern `--follow-symbolic-links` follows links. Throws `ExecError` (`InvalidSpec`) for a bad pattern.
 */
export function hashFiles(_workspace: string, _patterns: readonly string[], _home?: string): string {
  throw new Error("not built yet");
}
