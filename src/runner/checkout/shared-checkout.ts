import { mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { runCheckout } from "./checkout.ts";
import type { CheckoutContext, CheckoutResult } from "./checkout-context.ts";
import { SHARED_LOCK } from "./prepare-directory.ts";

/** Holds the commit once it is checked out. */
const GIT_MARK = ".git/slipway-checkout";
const PLAIN_MARK = ".slipway-checkout";
const BEAT_MS = 1_000;
/** Whoever has shown no sign of life for so long is gone. */
const GONE_MS = 20_000;
const LOOK_MS = 100;

/**
 * A checkout into a workspace that several jobs of a build share, perhaps at the same time and on several machines: one of them
 * does it, once. The others wait for that and leave what stands there, whatever steps have made of it since.
 */
export async function sharedCheckout(
  inputs: { readonly [name: string]: string },
  context: CheckoutContext,
  clock: Clock,
  checkout: typeof runCheckout = runCheckout,
): Promise<CheckoutResult> {
  const { workspace, log, signal } = context;
  await mkdir(workspace, { recursive: true });
  const before = await checkedOut(context);
  if (before !== undefined) return before;
  const lock = await takeLock(join(workspace, SHARED_LOCK), clock, signal, log);
  try {
    const meanwhile = await checkedOut(context);
    if (meanwhile !== undefined) return meanwhile;
    const result = await checkout(inputs, context);
    await writeFile(await markOf(workspace), result.outputs.commit);
    return result;
  } finally {
    await lock.free();
  }
}

async function checkedOut({ workspace, log, github }: CheckoutContext): Promise<CheckoutResult | undefined> {
  for (const mark of [GIT_MARK, PLAIN_MARK]) {
    const commit = await readFile(join(workspace, mark), "utf8").catch(() => undefined);
    if (commit === undefined) continue;
    log("The workspace is shared, and the commit stands in it: it is left as other steps left it.");
    return { outputs: { ref: typeof github.ref === "string" ? github.ref : "", commit } };
  }
  return undefined;
}

/** Where nothing that a step does to the files of the repository touches it; of a plain folder there is no such place. */
async function markOf(workspace: string): Promise<string> {
  const git = await stat(join(workspace, ".git")).catch(() => undefined);
  return join(workspace, git?.isDirectory() === true ? GIT_MARK : PLAIN_MARK);
}

/** A folder that only one can make. Its time is moved on as long as whoever made it lives; clocks are not compared. */
async function takeLock(
  lock: string,
  clock: Clock,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<{ free(): Promise<void> }> {
  let seen: { readonly beat: number; readonly at: number } | undefined;
  while (!(await made(lock))) {
    if (signal.aborted) throw new ExecError("Cancelled", "The checkout was cancelled.");
    const beat = await stat(lock).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (seen === undefined) log("Another step is checking the commit out into the shared workspace.");
    if (beat !== undefined && beat !== seen?.beat) seen = { beat, at: clock.monotonic() };
    else if (seen !== undefined && beat !== undefined && clock.monotonic() - seen.at > GONE_MS)
      await rm(lock, { recursive: true, force: true });
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
  let stop = () => {};
  const beat = () => {
    stop = clock.after(BEAT_MS, () => {
      const now = new Date(clock.now());
      void utimes(lock, now, now).catch(() => {});
      beat();
    });
  };
  beat();
  return {
    free: async () => {
      stop();
      await rm(lock, { recursive: true, force: true });
    },
  };
}

async function made(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
