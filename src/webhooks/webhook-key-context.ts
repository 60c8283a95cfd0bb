/** What a webhook's signing key is sealed for: a sealed one of another webhook does not open. */
export function webhookKeyContext(webhookId: string): string {
  return `webhook ${webhookId}`;
}
