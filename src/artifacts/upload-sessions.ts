import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { ExecError } from "../errors.ts";
import { StagedUpload } from "./staged-upload.ts";

export interface UploadSession {
  readonly id: string;
  /** Backend id of the job that uploads. */
  readonly owner: string;
  readonly staged: StagedUpload;
}

/** The uploads that are not finished, by id. They are gone with the process: an unfinished upload is never resumed. */
export class UploadSessions {
  readonly #parent: string;
  readonly #sessions = new Map<string, UploadSession>();

  /** `parent`: a folder of this process alone, on the disk the content ends on, so that finishing it is a rename. */
  constructor(parent: string) {
    this.#parent = parent;
  }

  async begin(owner: string, maxBytes: number): Promise<UploadSession> {
    const session = {
      id: randomBytes(16).toString("hex"),
      owner,
      staged: await StagedUpload.open(this.#parent, maxBytes),
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  get(id: string): UploadSession {
    const session = this.#sessions.get(id);
    if (!session) throw new ExecError("NotFound", "this upload is finished, was dropped or never was");
    return session;
  }

  async end(session: UploadSession): Promise<void> {
    this.#sessions.delete(session.id);
    await session.staged.discard();
  }

  async endAllOf(owner: string): Promise<void> {
    const own = [...this.#sessions.values()].filter((session) => session.owner === owner);
    await Promise.all(own.map((session) => this.end(session)));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => this.end(session)));
    await rm(this.#parent, { recursive: true, force: true }).catch(() => undefined);
  }
}
