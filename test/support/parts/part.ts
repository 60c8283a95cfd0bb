/** A real server that tests run against. One of each is started for a run, with the first test that asks for it. */
export type PartName = "postgres" | "rabbit" | "s3" | "docker";

/** A started server: enough to use it, as plain JSON. */
export type PartInfo = { readonly [name: string]: string };

export interface StartedPart {
  readonly info: PartInfo;
  stop(): Promise<void>;
}

/** Starts a server with everything it writes below `folder`, on loopback. */
export type StartPart = (folder: string) => Promise<StartedPart>;
