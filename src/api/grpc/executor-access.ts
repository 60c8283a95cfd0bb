import type { ExecutorService } from "../../builds/service/executor-service.ts";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Permission } from "../../identity/permission.ts";
import type { Principal } from "../../identity/principal.ts";
import { requirePermission } from "../../identity/require-permission.ts";
import type { CallContext } from "./call-context.ts";

export interface ExecutorAccessOptions {
  readonly executor: Pick<ExecutorService, "getBuild">;
  readonly clock: Clock;
  /** For tokens of one project. Rejects with `NotFound`. */
  readonly projectOfStep: (stepId: string) => Promise<string>;
}

/** How often the right to watch is looked at again while something is watched. */
const RECHECK_MS = 5_000;

/** Which calls of the executor service a caller may make: the service itself leaves that to those who offer it. */
export class ExecutorAccess {
  readonly #options: ExecutorAccessOptions;

  constructor(options: ExecutorAccessOptions) {
    this.#options = options;
  }

  /** A build's project is looked up only for those who have no right over the whole server. */
  async ofBuild(caller: Principal, permission: Permission, buildId: string): Promise<void> {
    if (isServerWide(caller, permission)) return;
    await this.#inProject(caller, permission, async () => {
      const { build } = await this.#options.executor.getBuild(buildId);
      return build.projectId;
    });
  }

  async ofStep(caller: Principal, permission: Permission, stepId: string): Promise<void> {
    if (isServerWide(caller, permission)) return;
    await this.#inProject(caller, permission, () => this.#options.projectOfStep(stepId));
  }

  /**
   * The same messages, ending with an error once the caller's token is good no more, or not for this: also while there are
   * none. `open` must end them when its signal is aborted. That it cannot be known now is no reason to end them.
   */
  async *whileAllowed<T>(
    open: (signal: AbortSignal) => AsyncIterable<T>,
    call: CallContext,
    cut: AbortSignal,
    check: (caller: Principal) => Promise<void>,
  ): AsyncGenerator<T> {
    await check(call.caller);
    const { clock } = this.#options;
    const forbidden = new AbortController();
    let stop = () => {};
    let checking: Promise<void> | undefined;
    const later = () => {
      checking = undefined;
      stop = clock.after(RECHECK_MS, look);
    };
    const look = () => {
      checking = call
        .again()
        .then(check)
        .then(later, (error: unknown) => {
          if (error instanceof ExecError && !error.retryable) forbidden.abort(error);
          else later();
        });
    };
    later();
    try {
      for await (const message of open(AbortSignal.any([cut, forbidden.signal]))) {
        await checking;
        if (forbidden.signal.aborted) break;
        yield message;
      }
    } finally {
      await checking;
      stop();
    }
    if (forbidden.signal.aborted) throw forbidden.signal.reason;
  }

  /** What is not there looks like what one may not see. */
  async #inProject(caller: Principal, permission: Permission, find: () => Promise<string>): Promise<void> {
    const hidden = new ExecError("NotFound", "There is no such build or step, or you may not see it.");
    let projectId: string;
    try {
      projectId = await find();
    } catch (error) {
      throw error instanceof ExecError && error.code === "NotFound" ? hidden : error;
    }
    try {
      requirePermission(caller, permission, projectId);
    } catch (error) {
      throw error instanceof ExecError && error.code === "NotFound" ? hidden : error;
    }
  }
}

/** Whose name a decision or a re-run carries: a token speaks only for its holder. */
export function speaker(caller: Principal, named: string): string {
  if (caller.kind !== "token" && named !== "") return named;
  if (named === "" || named === caller.name) return caller.name;
  throw new ExecError("Forbidden", `${caller.name} cannot act in the name of ${named}.`);
}

function isServerWide(caller: Principal, permission: Permission): boolean {
  try {
    requirePermission(caller, permission);
    return true;
  } catch {
    return false;
  }
}
