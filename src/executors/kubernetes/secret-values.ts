import type { EnvVar } from "kubernetes-types/core/v1.js";

/** What stands in the job's own Secret: values of environments, which a pod's description must not show. */
export class SecretValues {
  readonly values: { [key: string]: string } = {};
  readonly #secret: string;
  #count = 0;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** An environment whose values are kept in the Secret; `whose` is part of the keys. */
  env(whose: string, env: { readonly [name: string]: string }): EnvVar[] {
    return Object.entries(env).map(([name, value]) => {
      this.#count += 1;
      const key = `env.${whose.replace(/[^A-Za-z0-9._-]+/g, "-")}.${this.#count}`;
      this.values[key] = value;
      return { name, valueFrom: { secretKeyRef: { name: this.#secret, key } } };
    });
  }

  set(key: string, value: string): void {
    this.values[key] = value;
  }
}
