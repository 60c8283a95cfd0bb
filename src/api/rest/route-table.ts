import type { ApiRoute } from "./route.ts";
import { artifactRoutes } from "./routes/artifact-routes.ts";
import { badgeRoutes } from "./routes/badge-routes.ts";
import { buildActionRoutes } from "./routes/build-action-routes.ts";
import { buildRoutes } from "./routes/build-routes.ts";
import { cacheRoutes } from "./routes/cache-routes.ts";
import { definitionRoutes } from "./routes/definition-routes.ts";
import { environmentRoutes } from "./routes/environment-routes.ts";
import { liveRoutes } from "./routes/live-routes.ts";
import { logRoutes } from "./routes/log-routes.ts";
import { projectRoutes } from "./routes/project-routes.ts";
import { queueRoutes } from "./routes/queue-routes.ts";
import { scheduleRoutes } from "./routes/schedule-routes.ts";
import { serverRoutes } from "./routes/server-routes.ts";
import { settingRoutes } from "./routes/setting-routes.ts";
import { tokenRoutes } from "./routes/token-routes.ts";
import { webhookRoutes } from "./routes/webhook-routes.ts";

/** Every route of the API, below `/api/v1` and `/api`: what is served, documented and typed for clients. */
export const ROUTES: readonly ApiRoute[] = [
  ...projectRoutes,
  ...definitionRoutes,
  ...buildRoutes,
  ...buildActionRoutes,
  ...logRoutes,
  ...artifactRoutes,
  ...liveRoutes,
  ...settingRoutes,
  ...environmentRoutes,
  ...webhookRoutes,
  ...scheduleRoutes,
  ...cacheRoutes,
  ...badgeRoutes,
  ...tokenRoutes,
  ...queueRoutes,
  ...serverRoutes,
];

export const API_PREFIXES = ["/api/v1", "/api"] as const;
