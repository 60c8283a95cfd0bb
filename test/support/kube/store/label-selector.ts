/** Label selectors in the text form of query parameters: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. */
import { badRequest } from "../api-error.ts";
import type { KubeObject } from "../cluster-object.ts";

export type Selector = (object: KubeObject) => boolean;

const TERM =
  /^\s*(?:!\s*(?<absent>[\w./-]+)|(?<key>[\w./-]+)\s*(?:(?<op>==|=|!=)\s*(?<value>[\w.-]*)|\s(?<set>in|notin)\s*\((?<values>[^)]*)\))?)\s*(?:,|$)/;

export function labelSelector(text: string): Selector {
  const tests: ((labels: Readonly<Record<string, string>>) => boolean)[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const match = TERM.exec(rest);
    if (match?.groups === undefined || match[0] === "") {
      throw badRequest(
        `unable to parse requirement: found '${rest}', expected: in, notin, =, ==, !=, gt, lt`,
      );
    }
    tests.push(termTest(match.groups));
    rest = rest.slice(match[0].length).trim();
  }
  return ({ metadata }) => tests.every((test) => test(metadata.labels ?? {}));
}

function termTest(term: Readonly<Record<string, string | undefined>>) {
  const { absent, key = "", op, value, set } = term;
  const values = new Set((term.values ?? "").split(",").map((one) => one.trim()));
  return (labels: Readonly<Record<string, string>>): boolean => {
    if (absent !== undefined) return !(absent in labels);
    const has = labels[key];
    if (set === "in") return has !== undefined && values.has(has);
    if (set === "notin") return has === undefined || !values.has(has);
    if (op === "!=") return has !== value;
    if (op !== undefined) return has === value;
    return has !== undefined;
  };
}
