/** A workflow command, as a line of output carries it. */
export interface ActionCommand {
  /** As written; compared without regard to case. */
  readonly name: string;
  /** Names in lower case. */
  readonly properties: Map<string, string>;
  readonly data: string;
}

const PREFIX = "::";
const LEGACY_PREFIX = "##[";

type Escapes = readonly (readonly [escaped: string, character: string])[];

// The percent sign comes last, so that "%250A" is "%0A" and not a line end.
const DATA_ESCAPES: Escapes = [
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%25", "%"],
];
const PROPERTY_ESCAPES: Escapes = [["%3A", ":"], ["%2C", ","], ...DATA_ESCAPES];
const LEGACY_ESCAPES: Escapes = [["%3B", ";"], ["%5D", "]"], ...DATA_ESCAPES];

/**
 * Reads `::name key=value,key=value::data`, with nothing but space before it, or the older
 * `##[name key=value;key=value]data` anywhere in a line. Undefined: the line is no command, or not one of `known`.
 */
export function parseActionCommand(
  line: string,
  known: (name: string) => boolean,
): ActionCommand | undefined {
  return parseCurrent(line.trimStart(), known) ?? parseLegacy(line, known);
}

function parseCurrent(line: string, known: (name: string) => boolean): ActionCommand | undefined {
  if (!line.startsWith(PREFIX)) return undefined;
  const end = line.indexOf(PREFIX, PREFIX.length);
  if (end < 0) return undefined;
  const [name, properties] = splitOnce(line.slice(PREFIX.length, end), " ");
  if (!known(name)) return undefined;
  return {
    name,
    properties: parseProperties(properties.trim(), ",", PROPERTY_ESCAPES),
    data: unescapeText(line.slice(end + PREFIX.length), DATA_ESCAPES),
  };
}

function parseLegacy(line: string, known: (name: string) => boolean): ActionCommand | undefined {
  const start = line.indexOf(LEGACY_PREFIX);
  if (start < 0) return undefined;
  const end = line.indexOf("]", start);
  if (end < 0) return undefined;
  const [name, properties] = splitOnce(line.slice(start + LEGACY_PREFIX.length, end), " ");
  if (!known(name)) return undefined;
  return {
    name,
    properties: parseProperties(properties, ";", LEGACY_ESCAPES),
    data: unescapeText(line.slice(end + 1), LEGACY_ESCAPES),
  };
}

/** A property without a value is not there at all; equals signs before the name or the value are dropped (as in .NET). */
function parseProperties(text: string, separator: string, escapes: Escapes): Map<string, string> {
  const properties = new Map<string, string>();
  for (const part of text.split(separator)) {
    const [, name, value] = /^=*([^=]+)=+(.+)$/s.exec(part) ?? [];
    if (name !== undefined && value !== undefined) {
      properties.set(name.toLowerCase(), unescapeText(value, escapes));
    }
  }
  return properties;
}

function unescapeText(text: string, escapes: Escapes): string {
  if (!text.includes("%")) return text;
  return escapes.reduce((result, [escaped, character]) => result.replaceAll(escaped, character), text);
}

function splitOnce(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
