/** How transactions are begun and ended. Every one of them throws where it fails. */
export interface TransactionSteps {
  begin(): void;
  commit(): void;
  rollback(): void;
  /** Of a transaction within the one that is on. */
  save(): void;
  keep(): void;
  takeBack(): void;
  /** False: an error has ended the transaction by itself (a full disk). */
  isOpen(): boolean;
}

interface Task {
  readonly work: () => Promise<unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  /** It was in a group that failed: it is done again, by itself. */
  alone: boolean;
}

const MAX_GROUP = 64;

/**
 * Runs transactions one after the other, and commits those that are asked for in the same turn of the event loop, or wait
 * for each other, together: a commit costs more than what is in it. Each is told its result only once it is committed, and
 * fails by itself. A group whose commit fails is done again one by one, so that `work` may be called more than once.
 */
export class CommitGroups {
  readonly #steps: TransactionSteps;
  readonly #waiting: Task[] = [];
  #draining: Promise<void> | undefined;
  #isOn = false;

  constructor(steps: TransactionSteps) {
    this.#steps = steps;
  }

  /** True: a transaction is on. */
  get busy(): boolean {
    return this.#isOn;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject, alone: false });
      this.#draining ??= this.#drain();
    });
  }

  /** Nothing is on and nothing waits. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const first = this.#waiting.shift();
      if (first === undefined) break;
      this.#isOn = true;
      await this.#group(first);
      this.#isOn = false;
    }
    this.#draining = undefined;
  }

  async #group(first: Task): Promise<void> {
    const { begin, commit } = this.#steps;
    const done: { readonly task: Task; readonly result: never }[] = [];
    try {
      begin();
    } catch (error) {
      first.reject(error);
      return;
    }
    for (let task: Task | undefined = first; task !== undefined; task = this.#next(first, done.length)) {
      try {
        done.push({ task, result: await this.#attempt(task, done.length > 0) });
      } catch (error) {
        task.reject(error);
        if (this.#steps.isOpen() && done.length > 0) continue;
        this.#end();
        this.#again(done.map((each) => each.task));
        return;
      }
    }
    try {
      commit();
    } catch (error) {
      this.#end();
      if (first.alone || done.length === 1) first.reject(error);
      else this.#again(done.map(({ task }) => task));
      return;
    }
    for (const { task, result } of done) task.resolve(result);
  }

  #next(first: Task, count: number): Task | undefined {
    if (first.alone || count >= MAX_GROUP || this.#waiting[0]?.alone) return undefined;
    return this.#waiting.shift();
  }

  async #attempt(task: Task, within: boolean): Promise<never> {
    if (!within) return (await task.work()) as never;
    this.#steps.save();
    try {
      const result = await task.work();
      this.#steps.keep();
      return result as never;
    } catch (error) {
      if (this.#steps.isOpen()) this.#steps.takeBack();
      throw error;
    }
  }

  #again(tasks: readonly Task[]): void {
    for (const task of tasks) task.alone = true;
    this.#waiting.unshift(...tasks);
  }

  #end(): void {
    try {
      if (this.#steps.isOpen()) this.#steps.rollback();
    } catch {
      // What failed first is what is told; the next transaction will find out whether it was more than that.
    }
  }
}
