import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ExecError } from "../../errors.ts";

const descriptionSchema = z.object({
  /** Slipway's own. */
  version: z.string(),
  arch: z.enum(["x64", "arm64"]),
  /** Of all that is in it, SHA-256: two kits with one of these are the same. */
  content: z.string().regex(/^[0-9a-f]{64}$/),
  node: z.string(),
  git: z.string(),
  busybox: z.string(),
  glibc: z.string(),
});

/** `kit.json`. */
export type KitDescription = z.infer<typeof descriptionSchema>;

/** Throws `NotFound` where the folder holds no kit. */
export async function readKitDescription(folder: string): Promise<KitDescription> {
  const path = join(folder, "kit.json");
  try {
    return descriptionSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new ExecError("NotFound", `There is no kit in ${folder}; npm run kit makes one.`, {
      cause,
    });
  }
}
