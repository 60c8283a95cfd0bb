/**
 * The property paths an expression reads from contexts, as far as they are literal: `steps.build.outputs.x` is
 * `["steps", "build", "outputs", "x"]`, `steps[env.id].outputs` is `["steps"]`, `steps.*.outcome` is `["steps", "*",
 * "outcome"]`. An expression that does not parse has none.
 */
export function referencedPaths(_source: string): string[][] {
  return [];
}
