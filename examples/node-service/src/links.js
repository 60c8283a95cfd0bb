import { createHash } from "node:crypto";

/** Short names for long addresses. The same address always gets the same name. */
export class Links {
  #byName = new Map();

  /** @param {string} address an absolute http or https URL */
  add(address) {
    const url = new URL(address);
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      throw new TypeError(`Only http and https can be shortened, not ${url.protocol}`);
    }
    const digest = createHash("sha256").update(url.href).digest("base64url");
    for (let length = 6; length <= digest.length; length += 1) {
      const name = digest.slice(0, length);
      const taken = this.#byName.get(name);
      if (taken === undefined || taken === url.href) {
        this.#byName.set(name, url.href);
        return name;
      }
    }
    throw new Error("No free name is left");
  }

  /** @param {string} name */
  find(name) {
    return this.#byName.get(name);
  }

  get size() {
    return this.#byName.size;
  }
}
