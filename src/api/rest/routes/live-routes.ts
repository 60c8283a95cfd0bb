import { z } from "zod";
import { buildEvents } from "../../live/build-events.ts";
import { EVENT_STREAM_HEADERS, eventStream } from "../../live/event-stream.ts";
import { text } from "../inputs.ts";
import { route } from "../route.ts";

export const liveRoutes = [
  route({
    id: "watchBuild",
    method: "GET",
    path: "/builds/{build}/events",
    tag: "Live",
    summary: "A build as it changes, as server-sent events",
    description:
      "`snapshot` with the build as it is, then `change` with what is new or different (as over the WebSocket), then `end`. After a cut the stream begins with a fresh snapshot.",
    access: { of: "build", permission: "project:read" },
    params: z.object({ build: text(300) }),
    responses: { 200: { description: "Events.", contentType: "text/event-stream" } },
    async handle(_input, { build }, { live, clock }) {
      return {
        status: 200,
        headers: EVENT_STREAM_HEADERS,
        live: true,
        stream: (signal) =>
          eventStream(buildEvents(build.id, live.builds, signal), { clock, heartbeatMs: live.heartbeatMs }),
      };
    },
  }),
];
