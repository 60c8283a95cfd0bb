import type { FastifyRequest } from "fastify";
import type { Principal } from "../../identity/principal.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { ProjectRecord } from "../../store/project-record.ts";
import { noBuild, type Scope } from "./access.ts";
import type { Call } from "./call.ts";
import { idempotencyKey } from "./idempotency.ts";

/** A request of Fastify's, allowed, as routes see it. */
export class RequestCall implements Call {
  readonly principal: Principal;
  readonly bearer: string | undefined;
  readonly #request: FastifyRequest;
  readonly #scope: Scope;

  constructor(request: FastifyRequest, principal: Principal, bearer: string | undefined, scope: Scope) {
    this.#request = request;
    this.principal = principal;
    this.bearer = bearer;
    this.#scope = scope;
  }

  get requestId(): string {
    return this.#request.id;
  }

  get method(): string {
    return this.#request.method;
  }

  get projectId(): string {
    return of(this.#scope.projectId);
  }

  /** Of the path, if it names one. */
  get watchedProject(): string | undefined {
    return this.#scope.projectId;
  }

  get project(): ProjectRecord {
    return of(this.#scope.project);
  }

  get build(): BuildRecord {
    return of(this.#scope.build);
  }

  get idempotencyKey(): string | undefined {
    return idempotencyKey(this.#request.headers["idempotency-key"]);
  }

  requireIn(projectId: string): void {
    if (projectId !== this.projectId) throw noBuild();
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return typeof value === "string" ? value : value?.join(", ");
  }
}

function of<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the route reads what its path does not name");
  return value;
}
