import { open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { newId } from "../new-id.ts";
import type { Store } from "../store/store.ts";

export interface RecordsCopy {
  readonly sizeBytes: number;
  readonly body: Readable;
}

/** Makes copies of records in a file as they are now, to be read once; undefined where their engine has a way of its own. */
export function recordsCopier(
  store: Pick<Store, "copyTo">,
  file: string,
  now: () => number,
): (() => Promise<RecordsCopy>) | undefined {
  if (store.copyTo === undefined) return undefined;
  const copyTo = store.copyTo.bind(store);
  const beside = `${file}.copy-`;
  let copying: Promise<unknown> = Promise.resolve();
  const copy = async (): Promise<RecordsCopy> => {
    // Of a process that was killed while it copied: nobody else copies now.
    for (const name of await readdir(dirname(file)))
      if (name.startsWith(basename(beside))) await rm(join(dirname(file), name), { force: true });
    const target = `${beside}${newId(now())}`;
    try {
      await copyTo(target);
      const handle = await open(target);
      const { size } = await handle.stat();
      return { sizeBytes: size, body: handle.createReadStream() };
    } finally {
      // Whoever reads it has it open: it is gone with them, however they end.
      await rm(target, { force: true });
    }
  };
  return () => {
    const next = copying.then(copy, copy);
    copying = next.catch(() => undefined);
    return next;
  };
}
