import type { Permission } from "./permission.ts";

/** Who asks: an API token, another part of Slipway, or the program itself. */
export interface Principal {
  readonly kind: "token" | "service" | "system";
  /** Stable; of a token its id. */
  readonly id: string;
  /** For people: `BuildRecord.actor`, an approval's `by`. */
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Absent: every project. */
  readonly projectId?: string;
}
