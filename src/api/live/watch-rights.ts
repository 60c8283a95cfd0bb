import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Principal } from "../../identity/principal.ts";
import { requirePermission } from "../../identity/require-permission.ts";

export interface WatchRightsOptions {
  readonly authenticate: (bearer: string | undefined) => Promise<Principal>;
  readonly clock: Clock;
  readonly recheckMs: number;
}

/** Whether those who watch may still do so: looked at again and again, once for all watchers with the same token. */
export class WatchRights {
  readonly #options: WatchRightsOptions;
  readonly #recent = new Map<string, { readonly at: number; readonly principal: Promise<Principal> }>();

  constructor(options: WatchRightsOptions) {
    this.#options = options;
  }

  /** Rejects with `Unauthorized`, `Forbidden` or `NotFound`. That it cannot be known now is no reason to end a watch. */
  async check(bearer: string | undefined, projectId: string | undefined): Promise<void> {
    try {
      const principal = await this.#principal(bearer ?? "");
      if (projectId !== undefined) requirePermission(principal, "project:read", projectId);
    } catch (error) {
      if (error instanceof ExecError && !error.retryable) throw error;
    }
  }

  /** Calls `lost` once the right is gone; gives what ends the looking. */
  watch(
    bearer: string | undefined,
    projectId: string | undefined,
    lost: (error: unknown) => void,
  ): () => void {
    let cancel = () => {};
    let over = false;
    const again = () => {
      cancel = this.#options.clock.after(this.#options.recheckMs, () => {
        this.check(bearer, projectId).then(
          () => over || again(),
          (error: unknown) => {
            if (!over) lost(error);
          },
        );
      });
    };
    again();
    return () => {
      over = true;
      cancel();
    };
  }

  #principal(bearer: string): Promise<Principal> {
    const now = this.#options.clock.monotonic();
    const known = this.#recent.get(bearer);
    if (known !== undefined && now - known.at < this.#options.recheckMs / 2) return known.principal;
    if (this.#recent.size > 1000) this.#recent.clear();
    const principal = this.#options.authenticate(bearer);
    this.#recent.set(bearer, { at: now, principal });
    return principal;
  }
}
