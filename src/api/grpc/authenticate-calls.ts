import { decodeBinaryHeader, type Interceptor } from "@connectrpc/connect";
import { ExecError } from "../../errors.ts";
import type { Principal } from "../../identity/principal.ts";
import { CALL_CONTEXT } from "./call-context.ts";
import { callerFromBytes } from "./messages/pipeline-messages.ts";

/** Says who a bearer is: a service by the shared secret, or the holder of an API token. Rejects with `Unauthorized`. */
export interface GrpcCredentials {
  authenticate(bearer: string | undefined): Promise<Principal>;
}

/** The header in which a service says for whom it calls. */
export const CALLER_HEADER = "slipway-caller-bin";

/** What may be asked without credentials: load balancers and probes have none. */
const OPEN = new Set(["grpc.health.v1.Health"]);

/** Every call but those of health needs a bearer. */
export function authenticateCalls(credentials: GrpcCredentials): Interceptor {
  return (next) => async (request) => {
    if (OPEN.has(request.service.typeName)) return next(request);
    const bearer = /^Bearer +(\S+) *$/i.exec(request.header.get("authorization") ?? "")?.[1];
    const behalf = request.header.get(CALLER_HEADER);
    const again = async () => onBehalf(await credentials.authenticate(bearer), behalf);
    request.contextValues.set(CALL_CONTEXT, { caller: await again(), again });
    return next(request);
  };
}

function onBehalf(principal: Principal, behalf: string | null): Principal {
  if (behalf === null) return principal;
  if (principal.kind !== "service") {
    throw new ExecError("Forbidden", `Only services call for others (${CALLER_HEADER}).`);
  }
  return callerFromBytes(decodeBinaryHeader(behalf));
}
