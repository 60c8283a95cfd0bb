// Secrets of every awkward kind, every way to print them that comes to mind, and every form of them that may appear nowhere.

/** By name. */
export const SECRETS: Readonly<Record<string, string>> = {
  PLAIN: "harbour-master-key-4711",
  SPECIAL: `p@ss"w0rd'$HOME\\ & <tag> %20!`,
  LINES: "first line of key\nsecond line of key\nthird line of key",
  JSON: '{\n  "user": "quay-owner",\n  "token": "tok-55-boat"\n}',
  SHORT: "q7!",
  UNICODE: "pässwört-港-🚢-key",
  PEM: "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAw\nAgEAAkEAq7BFUpkGp3\n-----END KEY-----\n",
};

/** What may appear nowhere: the values, their lines, and what programs make of them. */
export const FORBIDDEN: readonly (readonly [what: string, text: string])[] = Object.entries(SECRETS).flatMap(
  ([name, value]) => {
    const base64 = [0, 1, 2].map((skip) => {
      const encoded = Buffer.from("x".repeat(skip) + value).toString("base64");
      // The characters beside the neighbours' bytes are not the secret's alone.
      return encoded.slice(skip === 0 ? 0 : 4, -4);
    });
    const lines = value.split("\n").filter((line) => line.length > 8 && !line.includes("-----"));
    const forms = [
      value,
      ...lines,
      ...(value.length > 8 ? base64 : []),
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      value.replaceAll("'", "'\\''"),
      // Six digits may be anything: the hex of very short values is not looked for, as it would hide numbers.
      ...(value.length > 8 ? [Buffer.from(value).toString("hex")] : []),
    ];
    return [...new Set(forms)].filter((form) => form.length >= 3).map((form) => [name, form] as const);
  },
);

export const NAMES = Object.keys(SECRETS);
export const each = (text: (name: string) => string) => NAMES.map(text).join("\n");

/** A script; `$VALUE` in its lines stands for a shell variable that holds a secret, one after the other. */
export function printing(): string {
  const ways = `
printf '%s\\n' "$VALUE"
printf '%s' "$VALUE" | base64 -w0; echo
printf 'x%s' "$VALUE" | base64 -w0; echo
printf 'xy%s' "$VALUE" | base64; echo
printf '%q\\n' "$VALUE"
echo "\${VALUE@Q}"
printf '%s\\n' "$VALUE" | while IFS= read -r line; do echo "line: $line"; done
printf '%s\\n' "$VALUE" >&2
printf '%s' "\${VALUE:0:2}"; cat /dev/null; printf '%s\\n' "\${VALUE:2}"
node -e 'const v = process.env.VALUE;
  for (const text of [encodeURIComponent(v), JSON.stringify(v), JSON.stringify({ in: JSON.stringify(v) }),
    Buffer.from(v).toString("hex"), Buffer.from(v).toString("base64url"), escape(v)]) console.log(text);
  for (const byte of Buffer.from(v)) require("fs").writeSync(1, Buffer.of(byte)); console.log();'
echo "::warning title=$VALUE,file=$VALUE.c::$VALUE" | tr '\\n' ' '; echo
echo "::group::$VALUE" | tr '\\n' ' '; echo; echo "::endgroup::"
echo "::debug::$VALUE" | tr '\\n' ' '; echo
printf '# %s\\n' "$VALUE" >> "$GITHUB_STEP_SUMMARY"
printf 'out<<END_OF_IT\\n%s\\nEND_OF_IT\\n' "$VALUE" >> "$GITHUB_OUTPUT"
printf 'KEPT<<END_OF_IT\\n%s\\nEND_OF_IT\\n' "$VALUE" >> "$GITHUB_ENV"
"$VALUE" || true
cd "$VALUE" || true
set -x; : "$VALUE"; set +x`;
  return each((name) => `export VALUE="$${name}"\n${ways}`);
}

export function indent(text: string, by: number): string {
  return text.trim().replaceAll(/^/gm, " ".repeat(by));
}
