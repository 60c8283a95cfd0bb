/** Shorter cores of base64 and hex would be found in text that has nothing to do with the secret. */
const SHORTEST_CORE = 6;
const SHORTEST_POWERSHELL_PART = 6;

/**
 * Every text a secret value is likely to be printed as: itself, and what programs make of it on the way. The list of
 * GitHub's runner (base64 in its three alignments, command line, expression, JSON, URI, XML, trimmed quotes,
 * PowerShell) and more: base64 that goes on before or after the value, URL-safe or wrapped in lines; hex; JSON as other
 * languages write it; form and lower-case URI escapes; shell quoting; line ends of the other kind.
 */
export function valueEncodings(value: string): Set<string> {
  const found = new Set<string>([value]);
  for (const encode of ENCODERS) for (const text of encode(value)) found.add(text);
  found.delete("");
  return found;
}

type Encoder = (value: string) => Iterable<string>;

const ENCODERS: readonly Encoder[] = [
  base64,
  hex,
  json,
  uri,
  xml,
  shell,
  powerShell,
  (value) => [value.replaceAll("'", "''")],
  (value) => (value.length > 8 && value.startsWith('"') && value.endsWith('"') ? [value.slice(1, -1)] : []),
  (value) => [value.replaceAll(/\r\n|\r/g, "\n"), value.replaceAll(/\r\n|\r|\n/g, "\r\n")],
];

/**
 * Base64 of a text in which the value begins at a byte of number 0, 1 or 2 (mod 3). What the value alone decides is its
 * core; the characters beside it depend on its neighbours too, and GitHub's list has them only for a value that ends
 * the text.
 */
function base64(value: string): string[] {
  const bytes = Buffer.from(value);
  const texts: string[] = [];
  for (const skipped of [0, 1, 2]) {
    const rest = bytes.length > skipped ? bytes.subarray(skipped) : bytes;
    texts.push(rest.toString("base64"));
    const core = base64Core(bytes, skipped);
    if (core.length >= SHORTEST_CORE) texts.push(core);
  }
  for (const width of [76, 64]) texts.push(...wrapped(base64Core(bytes, 0), width));
  return texts.flatMap((text) => {
    const urlSafe = text.replaceAll("+", "-").replaceAll("/", "_");
    return [text, urlSafe, urlSafe.replace(/=+$/, "")].filter((form) => form === text || form.length >= 4);
  });
}

/** `before`: how many bytes of others stand before the value in its first group of three. */
function base64Core(bytes: Buffer, before: number): string {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  const firstWhole = Math.ceil((before * 8) / 6);
  const endOfWhole = Math.floor((padded.length * 8) / 6);
  return padded.toString("base64").slice(firstWhole, endOfWhole);
}

/** The lines of a text that was cut every `width` characters. */
function wrapped(text: string, width: number): string[] {
  if (text.length <= width) return [];
  const lines = text.match(new RegExp(`.{1,${width}}`, "g")) ?? [];
  return lines.filter((line) => line.length >= SHORTEST_CORE);
}

function hex(value: string): string[] {
  const text = Buffer.from(value).toString("hex");
  return text.length >= 2 * SHORTEST_CORE ? [text, text.toUpperCase()] : [];
}

function json(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const ascii = escapeEach(plain, /[^\0-\x7e]/g);
  const html = escapeEach(plain, /[<>&]/g);
  return [
    plain,
    // Python and others: ASCII only. Go: safe in HTML. PHP: slashes too. .NET: all of it.
    ascii,
    html,
    plain.replaceAll("/", "\\/"),
    escapeEach(ascii.replaceAll('\\"', "\\u0022"), /[<>&'+`]/g).replaceAll(
      /\\u[0-9a-f]{4}/g,
      upperCaseEscape,
    ),
    // JSON in JSON, as a text in a payload.
    JSON.stringify(plain).slice(1, -1),
  ];
}

function escapeEach(text: string, characters: RegExp): string {
  return text.replaceAll(characters, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function upperCaseEscape(escaped: string): string {
  return `\\u${escaped.slice(2).toUpperCase()}`;
}

function uri(value: string): string[] {
  const component = encodeURIComponent(value.toWellFormed());
  const strict = component.replaceAll(/[!'()*]/g, percent);
  const form = strict.replaceAll("%20", "+").replaceAll("~", "%7E").replaceAll("%2A", "*");
  const forms = [component, strict, strict.replaceAll("%20", "+"), form, encodeURI(value.toWellFormed())];
  return forms.flatMap((text) => [
    text,
    text.replaceAll(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase()),
  ]);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function xml(value: string): string[] {
  const amp = value.replaceAll("&", "&amp;");
  const tags = amp.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const quotes = tags.replaceAll('"', "&quot;");
  return [
    tags,
    quotes,
    quotes.replaceAll("'", "&apos;"),
    quotes.replaceAll("'", "&#39;"),
    quotes.replaceAll("'", "&#x27;"),
    tags.replaceAll('"', "&#34;").replaceAll("'", "&#39;"),
  ];
}

/** As bash writes it (`set -x`, `printf %q`, `${x@Q}`), and as people and libraries quote it. */
function shell(value: string): string[] {
  const dollar = value
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return [
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll('"', '\\"'),
    value.replaceAll(/["\\$`]/g, "\\$&"),
    value.replaceAll(/["\\$`!]/g, "\\$&"),
    value.replaceAll(/[^\w@%+=:,./\-\u0080-\uffff]/g, "\\$&"),
    value.replaceAll(/[^\w@%+=:./\-\u0080-\uffff]/g, "\\$&"),
    value.replaceAll(/[\s!"#$&'()*,;<=>?[\\\]^`{|}~]/g, "\\$&"),
    dollar,
  ];
}

/** An error of PowerShell colours one letter beside an `&` of its command, which cuts the value in two. */
function powerShell(value: string): string[] {
  const plus = value.indexOf("&+");
  const cut = plus >= 0 ? plus + 2 : value.lastIndexOf("&") + 1;
  if (cut === 0) return [];
  const parts = [value.slice(0, cut), value.slice(plus >= 0 ? cut + 1 : cut)];
  return parts.filter((part) => part.length >= SHORTEST_POWERSHELL_PART);
}
