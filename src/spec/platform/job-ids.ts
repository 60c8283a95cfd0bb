/**
 * A legal job id for each step name, in order: letters, digits, `-` and `_`, not beginning with a digit or `-`, and
 * no two the same without regard to case. Names that are legal stay as they are.
 */
export function jobIdsFor(names: readonly string[]): string[] {
  const taken = new Set<string>();
  const legal = names.map((name) => (isLegal(name) ? name : undefined));
  for (const name of legal) if (name !== undefined) taken.add(name.toLowerCase());
  const kept = new Set<string>();
  return names.map((name, index) => {
    if (isLegal(name) && !kept.has(name.toLowerCase())) {
      kept.add(name.toLowerCase());
      return name;
    }
    const id = unusedId(legalized(name) || `step-${index + 1}`, taken);
    taken.add(id.toLowerCase());
    return id;
  });
}

function isLegal(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/.test(name);
}

function legalized(name: string): string {
  const id = name
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 90);
  return /^[0-9]/.test(id) ? `_${id}` : id;
}

function unusedId(wanted: string, taken: ReadonlySet<string>): string {
  let id = wanted;
  for (let count = 2; taken.has(id.toLowerCase()); count += 1) id = `${wanted}-${count}`;
  return id;
}
