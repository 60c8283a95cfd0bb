// The plain form of the Helm chart, for `kubectl apply`. Rendering needs Helm, so that it is done only where something that
// goes into it has changed; that the text is what Helm says is a test's to check (test/deploy-kubernetes.test.ts).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { provideHelm } from "../test/support/parts/helm-program.ts";

export const CHART = "deploy/helm/slipway";
export const PLAIN_FORM = "deploy/kubernetes/slipway.yaml";
const PLAIN_VALUES = "deploy/kubernetes/values.yaml";
/** What charts are rendered for; no cluster is asked. */
export const KUBERNETES_VERSION = "1.36.0";

const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata:
  name: slipway
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

/** Texts by path. */
export function kubernetesFiles(root: string, checkOnly: boolean): Readonly<Record<string, string>> {
  const inputs = digest(
    [...globSync(`${CHART}/**/*`, { cwd: root }), PLAIN_VALUES, "scripts/generate-kubernetes.ts"]
      .filter((path) => statSync(join(root, path)).isFile() && !path.endsWith(".md"))
      .sort()
      .map((path) => `${path}\n${readFileSync(join(root, path), "utf8")}`)
      .join("\n"),
  );
  const present = textOf(join(root, PLAIN_FORM));
  const body = present.slice(present.indexOf("---\n"));
  const asPresent = withHeader(inputs, body);
  if (present === asPresent || checkOnly) return { [PLAIN_FORM]: asPresent };
  return { [PLAIN_FORM]: withHeader(inputs, renderPlainForm(root, provideHelm())) };
}

/** The plain form without its header, from the chart as it is now. */
export function renderPlainForm(root: string, helm: string): string {
  const rendered = execFileSync(
    helm,
    [
      ...["template", "slipway", CHART, "--namespace", "slipway", "--no-hooks"],
      ...["--kube-version", KUBERNETES_VERSION, "--values", PLAIN_VALUES],
    ],
    { cwd: root, encoding: "utf8" },
  );
  // Helm has no part in what is applied without it.
  const own = rendered
    .split("\n")
    .filter((line) => !/^# Source: |^\s+(app\.kubernetes\.io\/managed-by|helm\.sh\/chart): /.test(line));
  return `---\n${NAMESPACE}${own.join("\n")}`;
}

/** A text that was changed by hand has another digest than its header says. */
function withHeader(inputs: string, body: string): string {
  return `# Made from ${CHART} with ${PLAIN_VALUES} by npm run generate; edit those.
# How to use it: docs/guides/kubernetes.md. Made of ${inputs}, text ${digest(body)}.
${body}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
