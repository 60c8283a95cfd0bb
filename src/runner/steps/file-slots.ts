/**
 * Numbers for the script and the environment files of steps. A number serves again once its step has ended and left
 * nothing running that could still write into them: to make and remove files for each step gets slower with every
 * step on some file systems (ext4).
 */
export class FileSlots {
  readonly #free: number[] = [];
  #made = 0;

  take(): number {
    return this.#free.pop() ?? ++this.#made;
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }
}
