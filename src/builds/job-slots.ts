/** How many jobs may run at once. Those that wait are let in in the order they came. */
export class JobSlots {
  readonly #limit: number;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls `enter` once there is room, maybe at once. The returned function gives up waiting, or gives the place back. */
  take(enter: () => void): () => void {
    let state: "waiting" | "in" | "left" = "waiting";
    const letIn = () => {
      state = "in";
      this.#taken += 1;
      enter();
    };
    const leave = () => {
      if (state === "in") {
        this.#taken -= 1;
        this.#fill();
      }
      state = "left";
      this.#waiting.delete(letIn);
    };
    this.#waiting.add(letIn);
    this.#fill();
    return leave;
  }

  /** For a job that runs already: it counts, also beyond the limit. The returned function gives the place back. */
  occupy(): () => void {
    this.#taken += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#taken -= 1;
      this.#fill();
    };
  }

  #fill(): void {
    for (const letIn of this.#waiting) {
      if (this.#taken >= this.#limit) return;
      this.#waiting.delete(letIn);
      letIn();
    }
  }
}
