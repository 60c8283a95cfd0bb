import { anchorOf, PROBLEMS, type ProblemCode } from "../problem.ts";
import { type Html, html, page } from "../rest/pages/html.ts";

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: {
    readonly [status: string]: { readonly description: string; readonly content?: Content };
  };
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}
type Content = { readonly [type: string]: { readonly schema: Schema } };
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly default?: unknown;
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly format?: string;
}
/** As much of an OpenAPI document as the page shows. */
export interface Documented {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: Schema } };
}

/** The reference of the API as one page: whole without JavaScript, searchable with it. */
export function docsPage({ info, paths, components }: Documented): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? "Other");
  const main = html`<h1>${info.title} API</h1>
<p class="quiet">Version ${info.version}, below <code>/api/v1</code>; as a file: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1)</p>
${marked(info.description)}
<label for="search" hidden>Search (press <kbd>/</kbd>)</label><input id="search" type="search" autocomplete="off" hidden><p id="count" class="quiet" role="status"></p>
<nav aria-label="Contents"><ul>${[...groups.keys()].map((tag) => html`<li><a href="#${slug(tag)}">${tag}</a></li>`)}<li><a href="#problems">Problems</a></li><li><a href="#schemas">Schemas</a></li></ul></nav>
${[...groups].map(
  ([tag, entries]) =>
    html`<section data-group aria-labelledby="${slug(tag)}"><h2 id="${slug(tag)}">${tag}</h2>${entries.map(
      ({ path, method, operation }) =>
        html`<details data-entry id="${operation.operationId}"><summary><span class="method">${method}</span> <code>${path}</code> <span class="quiet">${operation.summary}</span></summary>${operationBody(operation)}</details>`,
    )}</section>`,
)}
<section data-group aria-labelledby="problems"><h2 id="problems">Problems</h2><div class="scroll"><table><thead><tr><th scope="col">code</th><th scope="col">status</th><th scope="col">means</th></tr></thead><tbody>${Object.entries(
    PROBLEMS,
  ).map(
    ([code, [status, title]]) =>
      html`<tr data-entry id="${anchorOf(code as ProblemCode)}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td></tr>`,
  )}</tbody></table></div></section>
<section data-group aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>${Object.entries(
    components.schemas,
  ).map(
    ([name, schema]) =>
      html`<details data-entry id="schema-${name}"><summary><code>${name}</code></summary>${fields(schema)}</details>`,
  )}</section>`;
  return page({ title: "API", main, script: "/assets/docs.js" });
}

function operationBody({ description, parameters = [], requestBody, responses }: Operation): Html {
  return html`${marked(description)}
${
  parameters.length === 0
    ? undefined
    : html`<h3>Parameters</h3><div class="scroll"><table><tbody>${parameters.map(
        (parameter) =>
          html`<tr><td><code>${parameter.name}</code>${parameter.required ? " *" : ""}</td><td class="quiet">${parameter.in}</td><td>${typeOf(parameter.schema)}</td><td>${inline(parameter.description ?? "")}</td></tr>`,
      )}</tbody></table></div>`
}
${requestBody === undefined ? undefined : html`<h3>Body${requestBody.required ? "" : " (optional)"}</h3>${contentOf(requestBody.content)}`}
<h3>Answers</h3>${Object.entries(responses).map(
    ([status, { description: text, content }]) =>
      html`<p><code>${status}</code> ${text}</p>${content === undefined || status === "default" ? undefined : contentOf(content)}`,
  )}`;
}

function contentOf(content: Content): readonly Html[] {
  return Object.entries(content).map(([type, { schema }]) =>
    type === "application/json" ? fields(schema) : html`<p class="quiet">${type}</p>`,
  );
}

function fields(schema: Schema): Html {
  if (schema.properties === undefined) return html`<p>${typeOf(schema)}</p>`;
  const rows = Object.entries(schema.properties).map(
    ([name, property]) =>
      html`<tr><td><code>${name}</code>${schema.required?.includes(name) ? " *" : ""}</td><td>${typeOf(property)}</td><td>${inline(property.description ?? "")}</td></tr>`,
  );
  return html`<div class="scroll"><table><tbody>${rows}</tbody></table></div>`;
}

function typeOf(schema: Schema): Html {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.anyOf !== undefined) {
    return html`${schema.anyOf.map((each, index) => html`${index === 0 ? "" : " or "}${typeOf(each)}`)}`;
  }
  if (schema.enum !== undefined) {
    return html`${schema.enum.map((value, index) => html`${index === 0 ? "" : ", "}<code>${String(value)}</code>`)}`;
  }
  if (schema.const !== undefined) return html`<code>${String(schema.const)}</code>`;
  if (schema.items !== undefined) return html`list of ${typeOf(schema.items)}`;
  if (schema.properties !== undefined) return fields(schema);
  if (typeof schema.additionalProperties === "object")
    return html`map to ${typeOf(schema.additionalProperties)}`;
  const bounds = [
    schema.minimum !== undefined && schema.minimum > Number.MIN_SAFE_INTEGER ? `from ${schema.minimum}` : "",
    schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER ? `to ${schema.maximum}` : "",
    schema.maxLength === undefined ? "" : `at most ${schema.maxLength} characters`,
    schema.default === undefined ? "" : `${JSON.stringify(schema.default)} where absent`,
  ].filter(Boolean);
  const type =
    schema.format ?? (typeof schema.type === "string" ? schema.type : (schema.type?.join(" or ") ?? "any"));
  return html`${type}${bounds.length === 0 ? "" : `, ${bounds.join(", ")}`}`;
}

const slug = (text: string) => text.toLowerCase().replaceAll(/\W+/g, "-");

function marked(text: string): readonly Html[] {
  return text.split("\n\n").map((paragraph) => html`<p>${inline(paragraph)}</p>`);
}

/** As much of Markdown as the texts use: code and bold. */
function inline(text: string): readonly Html[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (/^`.*`$/.test(part)) return html`<code>${part.slice(1, -1)}</code>`;
    return /^\*\*.*\*\*$/.test(part) ? html`<strong>${part.slice(2, -2)}</strong>` : html`${part}`;
  });
}
