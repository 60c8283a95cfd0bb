import { type FastifyInstance, fastify } from "fastify";
import { BuildHub } from "../live/build-hub.ts";
import type { LiveParts } from "../live/live-parts.ts";
import { isLiveUpgrade, LiveSocket } from "../live/live-socket.ts";
import { ProjectHub } from "../live/project-hub.ts";
import { WatchRights } from "../live/watch-rights.ts";
import { docsRoutes } from "../openapi/docs-routes.ts";
import type { ApiDeps } from "./api-deps.ts";
import { handleFailures, KnownAddresses, sendProblem } from "./failures.ts";
import { mountHandlers } from "./mount-handlers.ts";
import { noteRequests } from "./note-requests.ts";
import { OpenConnections } from "./open-connections.ts";
import { pageRoutes } from "./page-routes.ts";
import { fastifyPath, registerRoute } from "./register-route.ts";
import { limitBodies, requestIdOf } from "./request-limits.ts";
import { rootRoutes } from "./root-routes.ts";
import type { ApiParts, ApiRoute } from "./route.ts";
import { API_PREFIXES, ROUTES } from "./route-table.ts";
import { liveBuild } from "./views/build-detail-view.ts";
import { buildView } from "./views/build-view.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const BODY_TIMEOUT_MS = 15_000;
const HEADERS_TIMEOUT_MS = 15_000;
const RECHECK_MS = 3_000;
const CLOSE_LIMIT_MS = 5_000;
const HEARTBEAT_MS = 20_000;
const BUILDS_OF_PROJECT = 30;

/**
 * The REST API, live events, the login page and what shares their port. Ready to `listen` or `inject`. `close` ends what
 * is followed with a word to come back, then waits for the answers under way.
 */
export async function createApi(deps: ApiDeps): Promise<FastifyInstance> {
  const { clock, logger, settings, mounts } = deps;
  const stopping = new AbortController();
  const live = livePartsOf(deps, stopping.signal);
  const parts: ApiParts = { ...deps, live };
  const addresses = new KnownAddresses();

  const app = fastify({
    logger: false,
    bodyLimit: settings.maxBodyBytes ?? MAX_BODY_BYTES,
    genReqId: ({ headers }) => requestIdOf(headers["x-request-id"], clock.now()),
    routerOptions: { maxParamLength: 1000 },
    forceCloseConnections: "idle",
    // Bodies have a time of their own here; uploads of jobs may take long.
    requestTimeout: 0,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Others that offer to upgrade (to HTTP/2, say) are answered as if they had not.
      shouldUpgradeCallback: isLiveUpgrade,
    },
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply, logger),
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    reply.header("x-content-type-options", "nosniff");
  });
  noteRequests(app, deps);
  handleFailures(app, addresses, logger);

  await app.register(async (scope) => {
    limitBodies(scope, clock, settings.bodyTimeoutMs ?? BODY_TIMEOUT_MS);
    const add = (url: string, route: ApiRoute) => {
      registerRoute(scope, url, route, parts);
      addresses.add(route.method, url);
    };
    const documented = [...ROUTES, ...docsRoutes(ROUTES, settings.version)];
    for (const prefix of API_PREFIXES) {
      for (const route of documented) add(`${prefix}${fastifyPath(route.path)}`, route);
    }
    for (const route of [...rootRoutes, ...pageRoutes]) add(fastifyPath(route.path), route);
  });
  mountHandlers(app, mounts);

  const socket = new LiveSocket(deps, live);
  socket.attach(app.server);
  const connections = new OpenConnections();
  connections.watch(app.server);
  app.addHook("preClose", async () => {
    stopping.abort(new Error("the server stops"));
    socket.close();
    connections.close(clock, settings.closeLimitMs ?? CLOSE_LIMIT_MS);
    live.builds.close();
    live.projects.close();
  });
  await app.ready();
  return app;
}

function livePartsOf(deps: ApiDeps, stopping: AbortSignal): LiveParts {
  const { executor, store, events, clock, logger, authenticator, settings } = deps;
  return {
    builds: new BuildHub({
      load: async (buildId) => liveBuild(await executor.getBuild(buildId), store.builds),
      events,
      clock,
      logger,
    }),
    projects: new ProjectHub({
      list: async (projectId) =>
        (await executor.listBuilds({ projectId }, { limit: BUILDS_OF_PROJECT })).items.map(buildView),
      load: async (buildId) => buildView(await store.builds.get(buildId)),
      events,
      clock,
    }),
    rights: new WatchRights({
      authenticate: (bearer) => authenticator.authenticate(bearer),
      clock,
      recheckMs: settings.recheckMs ?? RECHECK_MS,
    }),
    stopping,
    heartbeatMs: settings.heartbeatMs ?? HEARTBEAT_MS,
  };
}
