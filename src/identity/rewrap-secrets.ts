import type { Store } from "../store/store.ts";
import type { SecretVault } from "./secret-vault.ts";

const PAGE = 100;

/**
 * Brings everything sealed in the records under the vault's newest master key: secrets of projects, and signing keys of
 * webhooks (`webhookContext` must be what they were sealed with). To be run once all servers have the new key first and
 * the old one after it; when it has ended, the old key may go. May be run again at any time. Gives how many were changed.
 */
export async function rewrapSecrets(
  store: Pick<Store, "projects" | "webhooks">,
  vault: SecretVault,
  webhookContext: (webhookId: string) => string,
): Promise<number> {
  let changed = 0;
  let cursor: string | undefined;
  do {
    const page = await store.projects.listProjects({
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { id } of page.items) {
      changed += await vault.rewrapProject(id);
      for (const webhook of await store.webhooks.listWebhooks(id)) {
        const secret = vault.rewrap(webhook.secret, webhookContext(webhook.id));
        if (secret === undefined) continue;
        await store.webhooks.putWebhook({ ...webhook, secret });
        changed++;
      }
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return changed;
}
