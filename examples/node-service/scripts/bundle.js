// Joins the service into one file that starts with nothing but Node, dist/service.mjs, and says what it made.
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const builtIns = new Set();
const parts = ["links", "stamp", "service", "main"].map((name) => {
  const source = readFileSync(`src/${name}.js`, "utf8");
  return source
    .split("\n")
    .filter((line) => {
      if (/^import .* from "node:/.test(line)) builtIns.add(line);
      return !line.startsWith("import ");
    })
    .join("\n")
    .replaceAll(/^export (?=class|function|const)/gm, "");
});
const bundle = `${[...builtIns].join("\n")}\nprocess.env.VERSION ??= ${JSON.stringify(version)};\n${parts.join("\n")}`;
mkdirSync("dist", { recursive: true });
writeFileSync("dist/service.mjs", bundle);

const digest = createHash("sha256").update(bundle).digest("hex");
console.log(`dist/service.mjs ${bundle.length} bytes sha256:${digest}`);
if (process.env.GITHUB_OUTPUT)
  appendFileSync(process.env.GITHUB_OUTPUT, `version=${version}\ndigest=${digest}\n`);
