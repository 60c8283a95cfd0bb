/**
 * Makes one line of a step's output safe to put anywhere on a terminal: whatever moves the cursor, changes a mode, a
 * title or the clipboard is taken out. `\r` means what it meant to its writer: the line starts over.
 */
// CSI; OSC, DCS, APC, PM, SOS up to their end; other two-byte escapes; the C1 forms of the same.
const ESCAPES =
  /\x1b\[[0-?]*[ -/]*(?:[@-~]|$)|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]/g;
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g;
// Bidirectional overrides could make a line read as something else.
const BIDI = /[\u202a-\u202e\u2066-\u2069]/g;
const SGR = /^\x1b\[[0-9;:]*m$/;
const TAB = 8;

/** Text alone, without any styling. */
export function plainScreenText(line: string): string {
  return clean(line, () => "");
}

/** Text with its colours. The caller ends it with `\x1b[0m`. */
export function coloredScreenText(line: string): string {
  return clean(line, (code) => (SGR.test(code) ? code : ""));
}

function clean(line: string, keep: (code: string) => string): string {
  if (/^[\x20-\x7e]*$/.test(line)) return line;
  const last = afterCarriageReturn(line);
  const parts: string[] = [];
  let from = 0;
  for (const match of last.matchAll(ESCAPES)) {
    parts.push(strip(last.slice(from, match.index)), keep(match[0]));
    from = match.index + match[0].length;
  }
  parts.push(strip(last.slice(from)));
  return expandTabs(parts.join(""));
}

function strip(text: string): string {
  // A name may have several lines; what is shown of it may not.
  return text
    .replace(/\s*\n\s*/g, " ")
    .replace(CONTROLS, "")
    .replace(BIDI, "");
}

/** What a terminal would show at the end of a line that overwrote itself (a progress bar). */
function afterCarriageReturn(line: string): string {
  const trimmed = line.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}

function expandTabs(text: string): string {
  if (!text.includes("\t")) return text;
  let column = 0;
  let result = "";
  for (const character of text) {
    if (character === "\t") {
      const spaces = TAB - (column % TAB);
      result += " ".repeat(spaces);
      column += spaces;
    } else {
      result += character;
      column++;
    }
  }
  return result;
}
