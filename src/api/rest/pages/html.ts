/** HTML that is safe to put into HTML. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | undefined | readonly Part[];

/** A template of HTML: what is put in is escaped, unless it is `Html` itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.map((text, index) => text + (index < parts.length ? render(parts[index]) : "")).join(""),
  );
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return part.map(render).join("");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Nothing from elsewhere, nothing inline but what the server's own files hold. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

export interface PageParts {
  readonly title: string;
  readonly main: Html;
  /** Path of a script of the server's own. */
  readonly script?: string;
  /** Where the page belongs: name and path. */
  readonly trail?: readonly (readonly [name: string, path: string])[];
}

export function page({ title, main, script, trail = [] }: PageParts): string {
  const crumbs = trail.map(
    ([name, path]) => html` <span aria-hidden="true">/</span> <a href="${path}">${name}</a>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Slipway</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/pages.css">
${script === undefined ? undefined : html`<script src="${script}" defer></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header><nav aria-label="Where you are"><a href="/"><strong>Slipway</strong></a>${crumbs}</nav><a href="/api/docs">API</a></header>
<main id="main">
${main}
</main>
</body>
</html>
`.text;
}
