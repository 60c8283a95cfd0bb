const COLORS: Readonly<Record<string, string>> = {
  succeeded: "#1a7f37",
  failed: "#cf222e",
  cancelled: "#6e7781",
  unknown: "#6e7781",
};
const WORDS: Readonly<Record<string, string>> = {
  succeeded: "passing",
  failed: "failing",
  cancelled: "cancelled",
  unknown: "no builds",
};

/** Two words side by side, as badges look everywhere. `state` is a build's status, or `unknown`. */
export function badgeSvg(label: string, state: string): string {
  const word = WORDS[state] ?? state;
  const left = widthOf(label);
  const right = widthOf(word);
  const width = left + right;
  const title = escapeXml(`${label}: ${word}`);
  const text = (x: number, body: string) =>
    `<text x="${x}" y="15" fill="#000" fill-opacity=".3" aria-hidden="true">${escapeXml(body)}</text><text x="${x}" y="14">${escapeXml(body)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${title}"><title>${title}</title><clipPath id="r"><rect width="${width}" height="20" rx="3"/></clipPath><g clip-path="url(#r)"><path fill="#444" d="M0 0h${left}v20H0z"/><path fill="${COLORS[state] ?? COLORS.unknown}" d="M${left} 0h${right}v20H${left}z"/></g><g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">${text(left / 2, label)}${text(left + right / 2, word)}</g></svg>`;
}

/** About as wide as Verdana draws it at 11 pixels, with room on both sides. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of text)
    width += /[\u1100-\u{10ffff}]/u.test(char) ? 12 : /[fijlt.,:;'|!() ]/.test(char) ? 4.2 : 7.2;
  return Math.round(width) + 12;
}

function escapeXml(text: string): string {
  return text
    .replace(/\p{Cc}/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
