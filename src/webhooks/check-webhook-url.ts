import { isIP } from "node:net";
import { ExecError } from "../errors.ts";
import { isMetadataAddress, isPrivateAddress } from "./private-address.ts";

export interface WebhookUrlRules {
  /** May it be an address of this machine or of a private network? */
  readonly allowPrivate: boolean;
}

/** What is never called, and what only where that is allowed. `address` is an IP address. */
export function mayCall(address: string, { allowPrivate }: WebhookUrlRules): boolean {
  return !isMetadataAddress(address) && (allowPrivate || !isPrivateAddress(address));
}

/**
 * The address of a webhook: http or https, without user and password. A name is looked up when it is called; what it
 * stands for then must be allowed too. Throws `InvalidSpec`, in words that hold no password.
 */
export function checkWebhookUrl(url: string, rules: WebhookUrlRules): URL {
  if (!URL.canParse(url)) throw new ExecError("InvalidSpec", "The address of the webhook is no URL.");
  const parsed = new URL(url);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw new ExecError(
      "InvalidSpec",
      `The address of the webhook begins with '${parsed.protocol}', not with 'http:' or 'https:'.`,
    );
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new ExecError("InvalidSpec", "The address of the webhook must hold no user and no password.");
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  const isLocalName = host === "localhost" || host.endsWith(".localhost");
  if ((isLocalName && !rules.allowPrivate) || (isIP(host) !== 0 && !mayCall(host, rules))) {
    throw new ExecError("InvalidSpec", privateRefused(host));
  }
  return parsed;
}

export function privateRefused(host: string): string {
  return `Webhooks may not call ${host}: it is an address of this machine or of a private network.`;
}
