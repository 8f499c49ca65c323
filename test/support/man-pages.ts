/** Man pages made from the table of commands: man(7) source, as groff and mandoc read it. */
import { wrapped } from "../../src/base/ink.ts";
import { type CommandRow, GROUPS, type OptionRow } from "../../src/cli/command-row.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EXITS } from "../../src/cli/exit.ts";
import { exitsOf, HELP_OPTION, shownName, usageOf, VERSION_OPTION, wordsOf } from "../../src/cli/help.ts";
import { ENVIRONMENT, FILES } from "./command-words.ts";

/** When the form of the pages was last changed; their words have their date in git. */
const DATE = "2026-11-29";
/** mandoc warns of text lines that are longer than 80 octets. */
const LINE = 78;

/** File name → text: branchline.1, and branchline-COMMAND.1 for each command. */
export function manPages(): ReadonlyMap<string, string> {
  const pages = new Map([["branchline.1", overview()]]);
  for (const row of COMMANDS) pages.set(`branchline-${row.name}.1`, commandPage(row));
  return pages;
}

function overview(): string {
  const groups = GROUPS.map((group) => {
    const rows = COMMANDS.filter((row) => row.group === group);
    return `.SS ${group}\n${rows.map(({ name, help }) => tagged(reference(`branchline-${name}`), `${help}.`)).join("")}`;
  });
  return [
    head("branchline", "SIP proxy that keeps a branch office calling"),
    ".SH SYNOPSIS\n.B branchline\n.I COMMAND\n.RI [ OPTIONS ]\n",
    `.SH DESCRIPTION\n${text(
      "branchline is the outbound proxy of a branch's phones. A service runs it (branchline run); the other commands look " +
        "after it. Each command has a page of its own, and tells its options with --help.",
    )}`,
    `.SH COMMANDS\n${groups.join("")}`,
    options([HELP_OPTION, VERSION_OPTION]),
    statuses(EXITS),
    environment(),
    `.SH FILES\n${FILES.map(({ path, words }) => tagged(`.I ${escaped(path)}\n`, words)).join("")}`,
    seeAlso([...COMMANDS.map(({ name }) => `branchline-${name}(1)`), "branchline.yaml(5)"]),
  ].join("");
}

function commandPage(row: CommandRow): string {
  const [, , ...words] = usageOf(row).split(" ");
  const hasFile = row.options.some(({ name }) => name === "config");
  return [
    head(`branchline-${row.name}`, row.help),
    `.SH SYNOPSIS\n.B branchline ${row.name}\n${words.map((word) => `${synopsisWord(word)}\n`).join("")}`,
    `.SH DESCRIPTION\n${row.description.map(text).join(".PP\n")}`,
    row.arguments.length === 0
      ? ""
      : `.SH ARGUMENTS\n${row.arguments.map((one) => tagged(`.I ${escaped(shownName(one))}\n`, `${one.help}.`)).join("")}`,
    options([...row.options, HELP_OPTION]),
    row.examples.length === 0 ? "" : `.SH EXAMPLES\n${row.examples.map(example).join("")}`,
    statuses(exitsOf(row)),
    hasFile ? environment() : "",
    seeAlso([
      "branchline(1)",
      ...(row.seeAlso ?? []).map((name) => `branchline-${name}(1)`),
      ...(hasFile ? ["branchline.yaml(5)"] : []),
    ]),
  ].join("");
}

function head(name: string, words: string): string {
  const small = words.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  const title = `.TH ${escaped(name.toUpperCase())} 1 "${DATE}" "branchline" "branchline manual"\n`;
  return `.\\" Made from the table of commands by "npm run reference".\n${title}.SH NAME\n${escaped(name)} \\- ${escaped(small)}\n`;
}

function synopsisWord(word: string): string {
  if (word === "[OPTIONS]") return ".RI [ OPTIONS ]";
  const bare = /^\[(.*)\]$/.exec(word)?.[1];
  return bare === undefined ? `.I ${escaped(word)}` : `.RI [ ${escaped(bare)} ]`;
}

function options(rows: readonly OptionRow[]): string {
  const flags = ({ name, letter, value }: OptionRow) => {
    const all = [...(letter === undefined ? [] : [`-${letter}`]), `--${name}`];
    const bold = all.map((flag) => `\\fB${escaped(flag)}\\fR`).join(", ");
    return value === undefined ? `${bold}\n` : `${bold} \\fI${escaped(value)}\\fR\n`;
  };
  return `.SH OPTIONS\n${rows.map((row) => tagged(flags(row), `${wordsOf(row)}.`)).join("")}`;
}

function example({ line, does }: CommandRow["examples"][number]): string {
  return tagged(`.B "${escaped(line).replaceAll('"', '""')}"\n`, does);
}

function statuses(exits: Readonly<Record<number, string>>): string {
  return `.SH EXIT STATUS\n${Object.entries(exits)
    .map(([status, words]) => tagged(`.B ${status}\n`, `${words}.`))
    .join("")}`;
}

function environment(): string {
  return `.SH ENVIRONMENT\n${ENVIRONMENT.map(({ name, words }) => tagged(`.B ${escaped(name)}\n`, words)).join("")}`;
}

function seeAlso(pages: readonly string[]): string {
  const lines = pages.map((page) => reference(page.replace(/\(.*/, ""), /\((\d)\)/.exec(page)?.[1]).trimEnd());
  return `.SH SEE ALSO\n${lines.join(",\n")}\n`;
}

function reference(name: string, section = "1"): string {
  return `.BR ${escaped(name)} (${section})\n`;
}

/** @param tag a line, with its end */
function tagged(tag: string, words: string): string {
  return `.TP\n${tag}${text(words)}`;
}

/** Lines of running text: none of them may begin with what troff takes for a request. */
function text(words: string): string {
  const lines = wrapped(escaped(words), LINE, 0).split("\n");
  return lines.map((line) => `${line.replace(/^(?=[.'])/, "\\&")}\n`).join("");
}

function escaped(words: string): string {
  return words.replaceAll("\\", "\\e").replaceAll("-", "\\-");
}
