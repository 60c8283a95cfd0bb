import { join } from "node:path";
import type { ArtifactSubject } from "../env-files/artifact-subjects.ts";
import { createStepFiles, type StepFiles } from "../env-files/step-files.ts";

/** The script and the environment files of one step. */
export interface FileSlot {
  readonly files: StepFiles;
  /** Where the step's script is written. */
  scriptPath(extension: string): string;
}

/**
 * Files for the steps of one job. A slot serves again once its step has ended and left nothing running that could
 * still write into it: to make and remove files for each step gets slower with every step on some file systems (ext4).
 */
export class FileSlots {
  readonly #directory: string;
  readonly #declared: ReadonlyMap<string, ArtifactSubject>;
  readonly #free: FileSlot[] = [];
  #made = 0;

  /** `directory` is the job's; the files go with it. `declared` are the job's artifacts at any time. */
  constructor(directory: string, declared: ReadonlyMap<string, ArtifactSubject>) {
    this.#directory = directory;
    this.#declared = declared;
  }

  /** With empty files. Throws as `fs` does. */
  take(): FileSlot {
    const known = this.#free.pop();
    if (known === undefined) return this.#make(++this.#made);
    known.files.renew(this.#declared);
    return known;
  }

  giveBack(slot: FileSlot): void {
    this.#free.push(slot);
  }

  #make(number: number): FileSlot {
    const directory = join(this.#directory, "_runner_file_commands");
    return {
      files: createStepFiles(directory, number, this.#declared),
      scriptPath: (extension) => join(this.#directory, `script-${number}${extension}`),
    };
  }
}
