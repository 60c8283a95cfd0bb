import { z } from "zod";
import type { Problem } from "../problem.ts";
import type { LiveBuild } from "../rest/views/build-detail-view.ts";
import type { BuildSummary } from "../rest/views/build-view.ts";
import type { LiveChange } from "./build-changes.ts";

const id = z.string().min(1).max(100);
const name = z.string().min(1).max(300);

/** What a client says over the WebSocket. */
export const clientMessage = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("subscribe"), id, build: name.optional(), project: name.optional() }),
  z.strictObject({ type: z.literal("unsubscribe"), id }),
  z.strictObject({ type: z.literal("resync"), id }),
  z.strictObject({ type: z.literal("ping") }),
]);

export type ClientMessage = z.output<typeof clientMessage>;

/** What the server says. `seq` counts the messages of a subscription from 1; one that is missing was left out. */
export type ServerMessage =
  | { readonly type: "hello"; readonly heartbeatMs: number }
  | { readonly type: "snapshot"; readonly id: string; readonly seq: number; readonly build: LiveBuild }
  | {
      readonly type: "snapshot";
      readonly id: string;
      readonly seq: number;
      readonly builds: readonly BuildSummary[];
    }
  | ({ readonly type: "change"; readonly id: string; readonly seq: number } & LiveChange)
  | {
      readonly type: "change";
      readonly id: string;
      readonly seq: number;
      readonly builds: readonly BuildSummary[];
    }
  | { readonly type: "ended"; readonly id: string; readonly seq: number }
  | { readonly type: "error"; readonly id?: string; readonly problem: Omit<Problem, "instance"> }
  | { readonly type: "heartbeat"; readonly at: string }
  | { readonly type: "pong" };

/** Why the server ends a connection. */
export const CLOSE = {
  /** The server stops: come back, to it or to another. */
  comeBack: 1012,
  tooManyMistakes: 1008,
  /** The token was revoked or has expired. */
  unauthorized: 4401,
  /** Nothing was heard of the client for two heartbeats. */
  silent: 4408,
} as const;
