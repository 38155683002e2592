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
import { entriesOf, type Entry, familiesOf, membersOf, ownWord } from "./family.ts";
import { shellQuote } from "./words.ts";

export function completionScript(shell: "bash" | "zsh", commands: readonly Command[]): string {
  return shell === "bash" ? bashScript(commands) : zshScript(commands);
}

/** What a positional of this name is completed with; one with choices is completed with those. */
const PLACES: Readonly<Record<string, "groups" | "secrets" | "files">> = {
  file: "files",
  group: "groups",
  groups: "groups",
  secret: "secrets",
  subject: "secrets",
};

const HELP: Flag = {
  name: "help",
  letter: undefined,
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
      flags
        .map(({ name, letter }) => ` --${name}${letter === undefined ? "" : ` -${letter}`}`)
        .join("");
    const [first] = positionals;
    const place = first === undefined ? "" : (PLACES[first.name] ?? "");
    const values = options
      .filter(({ choices }) => choices.length > 0)
      .map(({ name, choices }) => `\n      [ "$3" != --${name} ] || values='${choices.join(" ")}'`);
    return `    ${shellQuote(command.name)})${values.join("")}
      options='${words([...options, HELP])}' valued='${words(options.filter(({ takesValue }) => takesValue))} '
      place='${place}' choices='${first?.choices.join(" ") ?? ""}' ;;`;
  });
  const families = familiesOf(commands).map((family) => {
    const names = membersOf(family, commands).map(ownWord);
    return `    ${family.name})
      if [ "$COMP_CWORD" -eq 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W '${[...names, "--help"].join(" ")}' -- "$word")
        return
      fi
      command+=" \${COMP_WORDS[2]}" ;;
`;
  });
  const names = entriesOf(commands).map(({ name }) => name);
  return `# bash completion of postern, made by: postern completion bash
_postern() {
  local word=$2 run=\${POSTERN_RUN:-/run/postern}
  local command=\${COMP_WORDS[1]} options valued values= place choices file name
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W '${[...names, "--help", "--version"].join(" ")}' -- "$word")
    return
  fi
  case $command in
${families.join("")}  esac
  case $command in
${cases.join("\n")}
    *) return ;;
  esac
  if [ -n "$values" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
  elif [[ $valued == *" $3 "* ]]; then
    compopt -o default
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [ -n "$choices" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
  elif [ "$place" = files ]; then
    compopt -o default
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
  const cases = commands.map((command) => {
    const definition = definitionOf(command);
    const specs = [
      ...[...definition.options, HELP].flatMap(zshOption),
      ...zshPositionals(definition),
    ];
    return `    ${shellQuote(command.name)})\n      _arguments ${specs.map(shellQuote).join(" \\\n        ")} ;;`;
  });
  const families = familiesOf(commands).map((family) => {
    const members = membersOf(family, commands);
    return `    ${family.name})
      if (( CURRENT == 2 )); then
${zshNames(members.map((member) => ({ ...member, name: ownWord(member) })))}
        return
      fi
      shift words
      (( CURRENT-- ))
      command+=" $words[1]" ;;
`;
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
${zshNames(entriesOf(commands))}
    return
  fi
  shift words
  (( CURRENT-- ))
  local command=$words[1]
  case $command in
${families.join("")}  esac
  case $command in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] = _postern ]]; then _postern "$@"; else compdef _postern postern; fi
`;
}

function zshNames(entries: readonly Entry[]): string {
  const described = entries.map(({ name, summary }) => shellQuote(`${name}:${summary}`));
  return `    local -a names=(
      ${described.join("\n      ")}
    )
    _describe command names`;
}

function zshOption({ name, letter, describe, takesValue, choices }: Flag): readonly string[] {
  const text = describe.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
  const values = choices.length > 0 ? `(${choices.join(" ")})` : "_files";
  const long = takesValue ? `--${name}=[${text}]:value:${values}` : `--${name}[${text}]`;
  if (letter === undefined) return [long];
  const either = `(-${letter} --${name})`;
  const short = takesValue ? `-${letter}+[${text}]:value:${values}` : `-${letter}[${text}]`;
  return [`${either}${short}`, `${either}${long}`];
}

function zshPositionals({ positionals }: Definition): readonly string[] {
  return positionals.map(({ name, choices, repeatable }) => {
    const place = PLACES[name];
    const listed = place === "files" ? "_files" : place ? `_postern_${place}` : "";
    const action = choices.length > 0 ? `(${choices.join(" ")})` : listed;
    return `${repeatable ? "*" : ""}:${name}:${action}`;
  });
}
