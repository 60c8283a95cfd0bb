import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { COMPLETION } from "../options/command-specs.ts";
import { parseOptions } from "../options/parse-options.ts";
import { UsageError } from "../usage-error.ts";

/**
 * The scripts know nothing of commands and options: they hand the words so far to `slipway __complete`, whose first
 * line says whether files are to be offered too, and offer the lines after it.
 */
const SCRIPTS: { readonly [shell: string]: string } = {
  bash: `_slipway() {
  local IFS=$'\\n' words kind
  words=$(slipway __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  kind=\${words%%$'\\n'*}
  COMPREPLY=()
  if [[ $words == *$'\\n'* ]]; then
    local word current=\${COMP_WORDS[COMP_CWORD]}
    for word in \${words#*$'\\n'}; do
      [[ \${word%%$'\\t'*} == "$current"* ]] && COMPREPLY+=("\${word%%$'\\t'*}")
    done
  fi
  case $kind in
    file) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
    folder) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
  esac
}
complete -F _slipway slipway
`,
  zsh: `#compdef slipway
_slipway() {
  local -a lines offers
  lines=("\${(@f)$(slipway __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  local kind=$lines[1] line
  for line in "\${(@)lines[2,-1]}"; do
    if [[ $line == *$'\t'* ]]; then
      offers+=("\${\${line%%$'\t'*}//:/\\:}:\${line#*$'\t'}")
    elif [[ -n $line ]]; then
      offers+=("\${line//:/\\:}")
    fi
  done
  (( $#offers )) && _describe slipway offers
  case $kind in
    file) _files ;;
    folder) _files -/ ;;
  esac
}
compdef _slipway slipway
`,
  fish: `function __slipway_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l lines (slipway __complete $words[2..-1] 2>/dev/null)
  test (count $lines) -gt 0; or return
  test (count $lines) -gt 1; and printf '%s\\n' $lines[2..-1]
  switch $lines[1]
    case file
      __fish_complete_path (commandline -ct)
    case folder
      __fish_complete_directories (commandline -ct)
  end
end
complete -c slipway -f -a '(__slipway_complete)'
`,
};

/** `slipway completion bash|zsh|fish`. */
export async function completion(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(COMPLETION, args);
  if (values.help) return (await import("./help.ts")).help([COMPLETION.name], io);
  const [shell] = positionals;
  const shells = Object.keys(SCRIPTS).join(", ");
  if (shell === undefined) throw new UsageError(`Which shell? ${shells}.`, "slipway completion bash");
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) throw new UsageError(`There is no completion for ${shell}, only for ${shells}.`);
  await io.stdout.write(script);
  return EXIT.ok;
}
