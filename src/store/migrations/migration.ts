import type { Engine, Session } from "../engine/engine.ts";

/** One step of the schema. Never changed once released: a later step changes what it made. */
export interface Migration {
  /** Sorts after all before it. */
  readonly name: string;
  up(engine: Engine, session: Session): Promise<void>;
}
