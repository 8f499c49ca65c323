/** Help, made from the table of commands. */
import { strong, twoColumns, wrapped } from "../base/ink.ts";
import { type ArgumentRow, type CommandRow, GROUPS, type OptionRow } from "./command-row.ts";
import { EXIT_USAGE, EXITS, type ExitStatus } from "./exit.ts";
import { fail, print, width } from "./paper.ts";

export const ABOUT = "Outbound SIP proxy that keeps a branch office calling when the link to its PBX is cut.";
/** The page of deploy/ that is made from the same table. */
export const PAGE = "deploy/commands.md";

export const HELP_OPTION: OptionRow = { name: "help", letter: "h", help: "Show help" };
export const VERSION_OPTION: OptionRow = {
  name: "version",
  letter: "V",
  help: "Show version, commit, engine and platform",
};

const EXAMPLES = [
  ["sudo branchline init", "write a configuration file"],
  ["branchline check new.yaml", "check a file before it is used"],
  ["branchline explain 201 5551234 --down", "where does this call go in an outage?"],
] as const;

/** Help is for reading: wider lines aren't easier to read. */
const WIDEST = 80;

/** As wide as the terminal is, 80 columns at most. */
export function helpWidth(): number {
  return Math.min(width(), WIDEST);
}

/** Prints the help of a command, or without a name of all. */
export function printHelp(commands: readonly CommandRow[], name?: string): void {
  const row = commands.find((one) => one.name === name);
  if (name === undefined) print(programHelp(commands, helpWidth()));
  else if (row !== undefined) print(commandHelp(row, helpWidth()));
  else fail(`error: unknown command '${name}'\nSee: branchline --help`, EXIT_USAGE);
}

/** All commands by group, examples and exit statuses. @param width columns */
export function programHelp(commands: readonly CommandRow[], width: number): string {
  const longest = Math.max(...commands.map(({ name }) => name.length));
  const groups = GROUPS.map((group) => {
    const rows = commands.filter((one) => one.group === group);
    return section(
      group,
      twoColumns(
        rows.map(({ name, help }) => [name.padEnd(longest), help] as const),
        width,
      ),
    );
  });
  return [
    `Usage: branchline COMMAND [OPTIONS]\n\n${wrapped(ABOUT, width, 0)}\n`,
    ...groups,
    section("Options", twoColumns([HELP_OPTION, VERSION_OPTION].map(optionRow), width)),
    section("Examples", twoColumns(EXAMPLES, width)),
    section("Exit status", exitRows(EXITS, width)),
    `Help on a command: branchline COMMAND --help\nMore: ${PAGE}, man branchline\n`,
  ].join("\n");
}

/** One command: its description, arguments, options, examples and exit statuses. @param width columns */
export function commandHelp(row: CommandRow, width: number): string {
  const examples = row.examples.map(({ line, does }) => `  ${line}\n      ${does}\n`);
  const parts = [
    `Usage: ${usageOf(row)}\n\n${row.help}.\n`,
    ...row.description.map((paragraph) => `${wrapped(paragraph, width, 0)}\n`),
    ...(row.arguments.length === 0 ? [] : [section("Arguments", twoColumns(row.arguments.map(argumentRow), width))]),
    section("Options", twoColumns([...row.options, HELP_OPTION].map(optionRow), width)),
    ...(examples.length === 0 ? [] : [section("Examples", examples.join(""))]),
    section("Exit status", exitRows(exitsOf(row), width)),
    `More: ${PAGE}, man branchline-${row.name}\n`,
  ];
  return parts.join("\n");
}

/** Such as "branchline explain FROM NUMBER [OPTIONS]". */
export function usageOf({ name, arguments: words }: CommandRow): string {
  const named = words.map((one) => (one.isOptional ? `[${shownName(one)}]` : shownName(one)));
  return ["branchline", name, ...named, "[OPTIONS]"].join(" ");
}

/** Such as "-c, --config FILE". */
export function flagsOf({ name, letter, value }: OptionRow): string {
  const short = letter === undefined ? "" : `-${letter}, `;
  return `${short}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** More choices than fit into half a line have to stand in the argument's help. */
const CHOICES_WIDEST = 40;

/** What an argument is called in texts: "FILE", or its choices. */
export function shownName({ name, choices }: ArgumentRow): string {
  const all = choices?.join("|") ?? "";
  return all === "" || all.length > CHOICES_WIDEST ? name.toUpperCase() : all;
}

/** Every status of a command with its meaning there, in the order of `EXITS`. */
export function exitsOf({ exits }: CommandRow): Readonly<Record<ExitStatus, string>> {
  return { ...EXITS, ...exits };
}

/** What help, man pages and deploy/commands.md say of an option beside its flags. */
export function wordsOf({ help, choices, default: standard, defaultWords, value }: OptionRow): string {
  const isShown = choices !== undefined && value !== undefined && value !== choices.join("|");
  const notes = [
    ...(isShown ? [`one of ${choices.join(", ")}`] : []),
    ...((defaultWords ?? standard) ? [`default: ${defaultWords ?? standard}`] : []),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`;
}

function optionRow(option: OptionRow): readonly [string, string] {
  // Here the machine is known: what the default is counts for more than where it comes from.
  const { defaultWords, ...rest } = option;
  const here = option.default === undefined ? option : rest;
  return [(option.letter === undefined ? "    " : "") + flagsOf(option), wordsOf(here)];
}

function argumentRow(argument: ArgumentRow): readonly [string, string] {
  return [shownName(argument), argument.help];
}

function exitRows(exits: Readonly<Record<ExitStatus, string>>, width: number): string {
  return twoColumns(Object.entries(exits), width);
}

function section(title: string, lines: string): string {
  return `${strong(`${title}:`)}\n${lines}`;
}
