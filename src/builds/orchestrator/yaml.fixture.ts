/** A job of one step with this script, which the fake executor performs; `more` are other keys of the job. */
export function jobYaml(script: string, more = ""): string {
  return `{ runs-on: ubuntu-latest, ${more === "" ? "" : `${more}, `}steps: [{ id: s, run: ${JSON.stringify(script)} }] }`;
}

/** A pipeline of these jobs; `head` goes before them. */
export function pipelineYaml(jobs: { readonly [id: string]: string }, head = "on: push"): string {
  const lines = Object.entries(jobs).map(([id, job]) => `  ${id}: ${job}`);
  return `${head}\njobs:\n${lines.join("\n")}\n`;
}
