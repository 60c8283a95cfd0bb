import { realpath } from "node:fs/promises";
import { ExecError } from "../../errors.ts";
import { createGit, type Git } from "../git/git.ts";
import { patientGit } from "../git/patient-git.ts";
import { checkoutClone } from "./checkout-clone.ts";
import type { CheckoutContext, CheckoutResult } from "./checkout-context.ts";
import { type CheckoutSettings, checkoutSettings } from "./checkout-settings.ts";
import { checkoutPlainFolder, checkoutProjectFolder, checkoutWorktree } from "./checkout-worktree.ts";
import { withdrawAccess } from "./credentials.ts";
import { readSourceRepository } from "./source-repository.ts";

export type { CheckoutContext, CheckoutResult } from "./checkout-context.ts";

/**
 * The built-in `actions/checkout`. `inputs` is the step's evaluated `with`; defaults are filled in here.
 * Rejects with `ExecError`; what a user did wrong is `InvalidSpec`, `NotFound` or `Unauthorized`.
 */
export async function runCheckout(
  inputs: { readonly [name: string]: string },
  context: CheckoutContext,
): Promise<CheckoutResult> {
  const git = patientGit(createGit(context.env, context.git), { log: context.log, ...context.patience });
  const settings = checkoutSettings(inputs, context);
  try {
    context.log(`Syncing repository: ${settings.repository}`);
    const result = settings.own
      ? await checkoutOwn(git, settings, context)
      : await checkoutClone(git, settings, context, urlOf(settings, context));
    if (result.outputs.commit !== "") context.log(`Checked out ${result.outputs.commit}`);
    return result;
  } catch (error) {
    if (context.signal.aborted)
      throw new ExecError("Cancelled", "The checkout was cancelled.", { cause: error });
    if (error instanceof ExecError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExecError("Permanent", `The checkout failed: ${reason}`, { cause: error });
  }
}

/** The post step: takes persisted credentials away again. */
export async function cleanUpCheckout(
  state: { readonly [name: string]: string },
  context: Pick<CheckoutContext, "env" | "git" | "signal" | "log">,
): Promise<void> {
  context.log("Removing auth");
  await withdrawAccess(createGit(context.env, context.git), state, context.signal);
}

async function checkoutOwn(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
): Promise<CheckoutResult> {
  const { source, bound } = context.source;
  if (bound && settings.atRoot) return await leaveBound(git, settings, context);
  if (source.kind === "git") {
    const ofSource =
      settings.tokenGiven || source.token === undefined ? {} : { token: source.token, tokenGiven: true };
    return await checkoutClone(git, { ...settings, ...ofSource }, context, source.url);
  }
  const repository = await readSourceRepository(git, source.path, context.signal);
  if (repository === undefined) return await checkoutPlainFolder(git, settings, context, source.path);
  if (repository === "bare") return await checkoutClone(git, settings, context, source.path);
  if ((await realpath(source.path)) !== (await realpath(repository.top)))
    return await checkoutProjectFolder(git, settings, context, source.path);
  return await checkoutWorktree(git, settings, context, repository);
}

/** The workspace is the work tree: nothing is checked out over what the user is working on. */
async function leaveBound(
  git: Git,
  settings: CheckoutSettings,
  context: CheckoutContext,
): Promise<CheckoutResult> {
  const { log, warn, signal, workspace, github } = context;
  log(`The workspace is bound to '${workspace}': nothing is checked out, the files are used where they are.`);
  const repository = await readSourceRepository(git, workspace, signal);
  const head = repository === undefined || repository === "bare" ? undefined : repository.head;
  const ref = typeof github.ref === "string" ? github.ref : "";
  const asked =
    settings.ref !== "" && ![ref, head, ref.replace(/^refs\/(heads|tags)\//, "")].includes(settings.ref);
  if (asked) warn(`The ref '${settings.ref}' is not checked out: the workspace is bound to your work tree.`);
  return { outputs: { ref: settings.ref || ref, commit: head ?? "" } };
}

function urlOf(settings: CheckoutSettings, { source }: CheckoutContext): string {
  const server = (settings.serverUrl || source.serverUrl).replace(/\/+$/, "");
  if (settings.sshKey === "") return `${server}/${settings.repository}`;
  const host = /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)/i.exec(server)?.[1];
  if (host === undefined)
    throw new ExecError("InvalidSpec", `Input 'ssh-key' cannot be used with '${server}'.`);
  return `${settings.sshUser}@${host}:${settings.repository}.git`;
}
