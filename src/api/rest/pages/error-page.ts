import type { Problem } from "../../problem.ts";
import { html, page } from "./html.ts";

/** A problem for people. */
export function errorPage({ status, title, detail, requestId }: Problem): string {
  const signIn =
    status === 401
      ? html`<p>Pages need a session. It begins with a one-time link: the server prints one at its first start, and <code>slipway login --link</code> makes another.</p>`
      : undefined;
  const main = html`<h1>${title}</h1><p>${detail}</p>${signIn}<p class="quiet">Status ${status}, request ${requestId}</p>`;
  return page({ title, main });
}
