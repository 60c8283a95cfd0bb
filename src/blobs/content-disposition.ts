/** The header that has a browser save what it gets under this name (RFC 6266, RFC 8187). */
export function contentDisposition(fileName: string): string {
  const base = fileName.split(/[/\\]/).at(-1) ?? "";
  const name = [...base.toWellFormed()].filter((char) => char >= " " && char !== "\u007f").join("");
  const plain = name.replaceAll(/[^\u0020-\u007e]|["\\%]/g, "_") || "download";
  if (plain === name) return `attachment; filename="${plain}"`;
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*!]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded || "download"}`;
}
