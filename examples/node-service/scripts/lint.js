// A linter small enough to read: syntax, tabs, trailing blanks, forgotten debugging. Mistakes are printed as
// workflow commands, so that they become annotations at their file and line.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const RULES = [
  [/\t/, "tab"],
  [/\s+$/, "blank at the end of the line"],
  [/\bdebugger\b/, "forgotten debugger statement"],
];

let mistakes = 0;
const files = ["src", "test"].flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
for (const file of files) {
  execFileSync(process.execPath, ["--check", file]);
  readFileSync(file, "utf8")
    .split("\n")
    .forEach((line, index) => {
      for (const [pattern, message] of RULES) {
        const at = line.search(pattern);
        if (at < 0) continue;
        mistakes += 1;
        console.log(`::error file=${file},line=${index + 1},col=${at + 1}::${message}`);
      }
    });
}
console.log(`${files.length} files, ${mistakes} mistakes`);
process.exitCode = mistakes > 0 ? 1 : 0;
