import { existsSync } from "node:fs";
import { OutputPipes } from "../../runner/process/output-pipes.ts";
import { KIT } from "../kit/kit-layout.ts";

/** Pipes that the kit's busybox makes: an image need not have an `mkfifo`. */
export function kitPipes(): OutputPipes {
  return existsSync(KIT.busybox)
    ? new OutputPipes(undefined, undefined, [KIT.busybox, "mkfifo"])
    : new OutputPipes();
}
