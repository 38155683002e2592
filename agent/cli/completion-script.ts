/**
 * Completion scripts, made from the commands' definitions.
 *
 * A script holds every word it needs and lists the run directory itself: a prompt never waits for Node.
 * Names of secrets come from a bucket, so they are quoted before they reach the command line.
 *
 * @see https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
 * @see https://zsh.sourceforge.io/Doc/Release/Completion-System.html
 * @module
 */
import type { Command } from "./command.ts";
import { definitionOf, type Definition, type Flag } from "./definition.ts";
import { shellQuote } from "./words.ts";

export function completionScript(shell: "bash" | "zsh", commands: readonly Command[]): string {
  return shell === "bash" ? bashScript(commands) : zshScript(commands);
}

/** What a positional of this name is completed with; one with choices is completed with those. */
const PLACES: Readonly<Record<string, "groups" | "secrets">> = {
  group: "groups",
  groups: "groups",
  secret: "secrets",
  subject: "secrets",
};

const HELP: Flag = {
  name: "help",
  describe: "show help",
  takesValue: false,
  repeatable: false,
  fallback: undefined,
  choices: [],
};

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const { options, positionals } = definitionOf(command);
    const words = (flags: readonly Flag[]): string =>
      flags.map(({ name }) => ` --${name}`).join("");
    const [first] = positionals;
    const place = first === undefined ? "" : (PLACES[first.name] ?? "");
    return `    ${command.name})
      options='${words([...options, HELP])}' valued='${words(options.filter(({ takesValue }) => takesValue))} '
      place='${place}' choices='${first?.choices.join(" ") ?? ""}' ;;`;
  });
  return `# bash completion of postern, made by: postern completion bash
_postern() {
  local word=$2 run=\${POSTERN_RUN:-/run/postern}
  local options valued place choices file name
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W '${[...commands.map(({ name }) => name), "--help", "--version"].join(" ")}' -- "$word")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
    *) return ;;
  esac
  if [[ $valued == *" $3 "* ]]; then
    compopt -o default
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [ -n "$choices" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
  elif [ -n "$place" ]; then
    for file in "$run/$place/$word"*; do
      [ -e "$file" ] || continue
      printf -v name %q "\${file#"$run/$place/"}"
      [ "$place" = secrets ] && [ -d "$file" ] && name+=/
      COMPREPLY+=("$name")
    done
    if [ "\${#COMPREPLY[@]}" -eq 1 ] && [[ \${COMPREPLY[0]} == */ ]]; then compopt -o nospace; fi
  fi
}
complete -F _postern postern
`;
}

function zshScript(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => shellQuote(`${name}:${summary}`));
  const cases = commands.map((command) => {
    const definition = definitionOf(command);
    const specs = [...[...definition.options, HELP].map(zshOption), ...zshPositionals(definition)];
    return `    ${command.name})\n      _arguments ${specs.map(shellQuote).join(" \\\n        ")} ;;`;
  });
  return `#compdef postern
# zsh completion of postern, made by: postern completion zsh
_postern_groups() {
  local -a names=(\${POSTERN_RUN:-/run/postern}/groups/*(N/:t))
  compadd -a names
}
_postern_secrets() {
  _path_files -W "\${POSTERN_RUN:-/run/postern}/secrets"
}
_postern() {
  if (( CURRENT == 2 )); then
    local -a names=(
      ${described.join("\n      ")}
    )
    _describe command names
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] = _postern ]]; then _postern "$@"; else compdef _postern postern; fi
`;
}

function zshOption({ name, describe, takesValue }: Flag): string {
  const text = describe.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
  return takesValue ? `--${name}=[${text}]:value:_files` : `--${name}[${text}]`;
}

function zshPositionals({ positionals }: Definition): readonly string[] {
  return positionals.map(({ name, choices, repeatable }) => {
    const place = PLACES[name];
    const action = choices.length > 0 ? `(${choices.join(" ")})` : place ? `_postern_${place}` : "";
    return `${repeatable ? "*" : ""}:${name}:${action}`;
  });
}
