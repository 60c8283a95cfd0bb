/** A copy of plain JSON, all the way down. Several times as fast as `structuredClone`, which thousands of pods would feel. */
export function plainCopy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plainCopy) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) copy[key] = plainCopy(item);
  return copy as T;
}
