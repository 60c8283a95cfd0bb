/** Where in an expression a path of properties is read (`needs.build`, `needs['build']`); undefined: not found. */
export function locatePath(
  source: string,
  path: readonly string[],
): { start: number; end: number } | undefined {
  const [context = "", ...properties] = path;
  const steps = properties.map((name) => {
    const index = quoted(name.replaceAll("'", "''"));
    return `\\s*(?:\\.\\s*${quoted(name)}(?![\\w-])|\\[\\s*'${index}'\\s*\\])`;
  });
  const match = new RegExp(`(?<![\\w.'-])${quoted(context)}\\s*${steps.join("")}`, "i").exec(source);
  return match ? { start: match.index, end: match.index + match[0].length } : undefined;
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
