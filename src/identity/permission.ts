/** What a caller may do. `admin` includes every other, `project:write` includes `project:read`. */
export type Permission = "project:read" | "project:write" | "admin";

export const PERMISSIONS: readonly Permission[] = ["project:read", "project:write", "admin"];
