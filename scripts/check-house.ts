// House rules that no other tool holds: file length, names of files, what may read the environment, the lock file.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const MAX_LINES = 500;
/** Where the outside world may be read: the composition roots. */
const ROOTS = [
  /^src\/cli\/entry\.ts$/,
  /^src\/executors\/local\/runner-main\.ts$/,
  /^src\/executors\/container\/(?:container-runner|gate)-main\.ts$/,
  /^src\/server\.ts$/,
  /^src\/bundled-actions\//,
];
/** Made by `npm run generate`. */
const GENERATED = /^src\/api\/(grpc|client)\/gen\//;
const VAGUE = /(^|\/)(utils?|helpers?|common|misc|types)(\.ts|\/)/;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter(Boolean);
const problems: string[] = [];

const written = (name: string) =>
  /^(src|test|bench|scripts|web)\/.*\.tsx?$/.test(name) && !GENERATED.test(name);
for (const file of files.filter(written)) {
  const text = readFileSync(join(root, file), "utf8");
  const lines = text.split("\n").length - 1;
  if (lines > MAX_LINES) problems.push(`${file}: ${lines} lines; a file past ${MAX_LINES} is two files`);
  if (VAGUE.test(file)) problems.push(`${file}: the name says nothing; name what it holds`);
  if (/[A-Z]/.test(file)) problems.push(`${file}: file names are kebab-case`);
  if (
    file.startsWith("src/") &&
    !/\.(test|conformance|fixture)\.ts$|\/(testing|conformance)\//.test(file) &&
    !ROOTS.some((allowed) => allowed.test(file))
  ) {
    if (/\bprocess\.env\b/.test(text))
      problems.push(`${file}: reads process.env; only the composition roots do`);
  }
  if (/\b(it|test|describe)\.(skip|only|todo)\b/.test(text))
    problems.push(`${file}: a test is skipped, alone or to do`);
}

interface LockEntry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const lock: { packages: Record<string, LockEntry> } = JSON.parse(
  readFileSync(join(root, "package-lock.json"), "utf8"),
);
for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.resolved?.startsWith("http"))
    problems.push(`package-lock.json: ${path} records a download address`);
  // A registry that lacks a package of another platform makes npm leave it out, and then refuse the lock file itself.
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages))
      problems.push(
        `package-lock.json: ${name}, which ${path} may need, has no entry: npm ci will refuse it`,
      );
  }
}

for (const problem of problems) console.error(problem);
console.log(`${files.length} files looked at, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
