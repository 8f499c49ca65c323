/** Completion scripts for shells, made from the table of commands. They need branchline itself for nothing. */
import type { ArgumentRow, CommandRow, OptionRow } from "./command-row.ts";
import { HELP_OPTION, VERSION_OPTION } from "./help.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** What completes a value: words, files, or nothing. */
type Offer = readonly string[] | "files" | undefined;

/** The whole script, with a line end. */
export function completionOf(shell: Shell, commands: readonly CommandRow[]): string {
  const scripts: Readonly<Record<Shell, (commands: readonly CommandRow[]) => string>> = {
    bash: bashScript,
    zsh: zshScript,
    fish: fishScript,
  };
  return scripts[shell](commands);
}

function offerOf({ choices, completes }: ArgumentRow | OptionRow, commands: readonly CommandRow[]): Offer {
  if (choices !== undefined) return choices;
  if (typeof completes === "object") return completes;
  if (completes === "command") return commands.map(({ name }) => name);
  return completes === "file" ? "files" : undefined;
}

function flags({ name, letter }: OptionRow): string[] {
  return [...(letter === undefined ? [] : [`-${letter}`]), `--${name}`];
}

/** In single quotes, as all three shells have them. @param quote what stands for a single quote inside */
function quoted(text: string, quote = "'\\''"): string {
  return `'${text.replace(/'/g, () => quote)}'`;
}

function bashScript(commands: readonly CommandRow[]): string {
  const pattern = (row: CommandRow, option: OptionRow) =>
    flags(option)
      .map((flag) => `"${row.name} ${flag}"`)
      .join(" | ");
  const offer = (found: Offer) => {
    if (found === undefined) return ";;";
    return found === "files" ? "files=yes ;;" : `offered="${found.join(" ")}" ;;`;
  };
  const withValue = commands.flatMap((row) =>
    row.options.filter(({ value }) => value !== undefined).map((option) => ({ row, option })),
  );
  const values = withValue.map(({ row, option }) => `    ${pattern(row, option)}) ${offer(offerOf(option, commands))}`);
  const options = commands.map((row) => {
    const all = [...row.options, HELP_OPTION].flatMap(flags).join(" ");
    return `          ${row.name}) offered="${all}" ;;`;
  });
  const places = commands.flatMap((row) =>
    row.arguments.map((one, index) => `          "${row.name} ${index}") ${offer(offerOf(one, commands))}`),
  );
  return `# bash completion for branchline, made by \`branchline completion bash\`.
_branchline() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= place=0 offered= files= i
  COMPREPLY=()
  # bash cuts --config=FILE at the sign.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
    ${withValue.map(({ row, option }) => pattern(row, option)).join(" | \\\n      ")})
      [[ \${COMP_WORDS[i + 1]} == = ]] && ((i++))
      ((i++))
      ;;
    " "[!-]*) command=\${COMP_WORDS[i]} ;;
    *" -"?*) ;;
    *) ((place++)) ;;
    esac
  done
  case "$command $before" in
${values.join("\n")}
    *)
      if [[ $word == -* ]]; then
        case $command in
${options.join("\n")}
          *) offered="${[HELP_OPTION, VERSION_OPTION].flatMap(flags).join(" ")}" ;;
        esac
      else
        case "$command $place" in
          " 0") offered="${commands.map(({ name }) => name).join(" ")}" ;;
${places.join("\n")}
        esac
      fi
      ;;
  esac
  if [[ -n $files ]]; then
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$word"))
  else
    COMPREPLY=($(compgen -W "$offered" -- "$word"))
  fi
}
complete -F _branchline branchline
`;
}

function zshScript(commands: readonly CommandRow[]): string {
  const described = (text: string) => text.replace(/[[\]:\\]/g, (sign) => `\\${sign}`);
  const action = (row: ArgumentRow | OptionRow) => {
    const offer = offerOf(row, commands);
    if (offer === undefined) return " ";
    return offer === "files" ? "_files" : `(${offer.join(" ")})`;
  };
  const optionSpec = (option: OptionRow) => {
    const value = option.value === undefined ? "" : `:${described(option.value)}:${action(option)}`;
    const words = quoted(`[${described(option.help)}]${value}`);
    const [first = "", second] = flags(option);
    return second === undefined ? `${first}${words}` : `'(${first} ${second})'{${first},${second}}${words}`;
  };
  const argumentSpec = (one: ArgumentRow) =>
    quoted(`${one.isOptional ? "::" : ":"}${described(one.help)}:${action(one)}`);
  const cases = commands.map((row) => {
    const specs = [...[...row.options, HELP_OPTION].map(optionSpec), ...row.arguments.map(argumentSpec)];
    return `    ${row.name})\n      _arguments -s ${specs.join(" \\\n        ")}\n      ;;`;
  });
  return `#compdef branchline
# zsh completion for branchline, made by \`branchline completion zsh\`.
_branchline() {
  local -a commands
  commands=(
${commands.map(({ name, help }) => `    ${quoted(`${name}:${described(help)}`)}`).join("\n")}
  )
  if ((CURRENT == 2)); then
    if [[ $words[2] == -* ]]; then
      _arguments ${[HELP_OPTION, VERSION_OPTION].map(optionSpec).join(" ")}
    else
      _describe -t commands command commands
    fi
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _branchline ]]; then
  _branchline "$@"
elif (($+functions[compdef])); then
  compdef _branchline branchline
fi
`;
}

function fishScript(commands: readonly CommandRow[]): string {
  const words = (text: string) => quoted(text.replace(/\\/g, "\\\\"), "\\'");
  const line = (condition: string, rest: string) => `complete -c branchline -n ${quoted(condition)} ${rest}`;
  const offer = (row: ArgumentRow | OptionRow, nothing: string, only: string) => {
    const found = offerOf(row, commands);
    if (found === undefined) return nothing;
    return found === "files" ? " -F" : `${only} -a ${words(found.join(" "))}`;
  };
  const option = (condition: string, row: OptionRow) => {
    const letter = row.letter === undefined ? "" : ` -s ${row.letter}`;
    const value = row.value === undefined ? "" : ` -r${offer(row, "", " -f")}`;
    return line(condition, `${letter.trim()} -l ${row.name}${value} -d ${words(row.help)}`.trim());
  };
  const first = "__fish_use_subcommand";
  return `# fish completion for branchline, made by \`branchline completion fish\`.
complete -c branchline -f
${commands.map(({ name, help }) => line(first, `-a ${name} -d ${words(help)}`)).join("\n")}
${[HELP_OPTION, VERSION_OPTION].map((row) => option(first, row)).join("\n")}
${commands
  .flatMap((row) => {
    const condition = `__fish_seen_subcommand_from ${row.name}`;
    const places = row.arguments.map((one) => offer(one, "", "").trim()).filter((text) => text !== "");
    return [
      ...[...row.options, HELP_OPTION].map((one) => option(condition, one)),
      ...places.map((one) => line(condition, one)),
    ];
  })
  .join("\n")}
`;
}
