/**
 * Splits a command line as .NET does for the processes of GitHub's runner: at spaces and tabs; double quotes keep a
 * part together and `""` in them is a quote; a backslash counts only before a quote; single quotes mean nothing.
 */
export function splitArguments(line: string): string[] {
  const args: string[] = [];
  let at = 0;
  while (at < line.length) {
    while (line[at] === " " || line[at] === "\t") at++;
    if (at >= line.length) break;
    let arg = "";
    let quoted = false;
    for (; at < line.length; at++) {
      let backslashes = 0;
      while (line[at] === "\\") {
        backslashes++;
        at++;
      }
      const character = line[at] ?? "";
      if (character !== '"') {
        arg += "\\".repeat(backslashes);
        if (!quoted && (character === " " || character === "\t")) break;
        arg += character;
        continue;
      }
      arg += "\\".repeat(backslashes >> 1);
      if (backslashes % 2 === 1) {
        arg += '"';
      } else if (quoted && line[at + 1] === '"') {
        arg += '"';
        at++;
      } else {
        quoted = !quoted;
      }
    }
    args.push(arg);
  }
  return args;
}
