import { type Html, html } from "./html.ts";

/** A state as a word with its colour; the word alone says it. */
export function state(status: string, id?: string): Html {
  return id === undefined
    ? html`<span class="state ${status}">${status}</span>`
    : html`<span class="state ${status}" id="${id}">${status}</span>`;
}

export function duration(
  { startedAt, finishedAt }: { readonly startedAt?: number; readonly finishedAt?: number },
  now: number,
): string {
  if (startedAt === undefined) return "";
  const seconds = Math.max(0, ((finishedAt ?? now) - startedAt) / 1000);
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function since(at: number, now: number): Html {
  const minutes = Math.max(0, Math.floor((now - at) / 60_000));
  const words =
    minutes < 1
      ? "just now"
      : minutes < 60
        ? `${minutes} min ago`
        : minutes < 48 * 60
          ? `${Math.floor(minutes / 60)} h ago`
          : `${Math.floor(minutes / 1440)} days ago`;
  return html`<time datetime="${new Date(at).toISOString()}">${words}</time>`;
}
