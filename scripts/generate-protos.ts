// TypeScript from proto/, by buf and the local plugin protoc-gen-es: nothing is fetched.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const OUT = "src/api/grpc/gen";

/** Generated files by their path from the root. Throws where a .proto file is wrong or not formatted. */
export function generateProtos(root: string): Readonly<Record<string, string>> {
  const buf = (...args: string[]) => {
    const bin = join(root, "node_modules", ".bin");
    const result = spawnSync(process.execPath, [join(root, "node_modules/@bufbuild/buf/bin/buf"), ...args], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` },
    });
    if (result.status !== 0) throw new Error(`buf ${args.join(" ")}:\n${result.stdout}${result.stderr}`);
  };
  buf("lint");
  buf("format", "--exit-code", "--diff");
  const folder = mkdtempSync(join(tmpdir(), "slipway-protos-"));
  try {
    buf("generate", "--output", folder);
    const made = join(folder, OUT);
    return Object.fromEntries(
      readdirSync(made, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .sort()
        .map((name) => [`${OUT}/${name}`, readFileSync(join(made, name), "utf8")]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
