/** deploy/commands.md, made from the table of commands. */
import { type CommandRow, GROUPS, type OptionRow } from "../../src/cli/command-row.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EXITS } from "../../src/cli/exit.ts";
import { flagsOf, HELP_OPTION, shownName, usageOf, VERSION_OPTION, wordsOf } from "../../src/cli/help.ts";
import { ENVIRONMENT } from "./command-words.ts";

export function commandsPage(): string {
  const groups = GROUPS.map((group) => {
    const rows = COMMANDS.filter((row) => row.group === group);
    const lines = rows.map(({ name, help }) => `| [\`${name}\`](#branchline-${name}) | ${cell(help)} |\n`);
    return `**${group}**\n\n| command | what it does |\n|---|---|\n${lines.join("")}`;
  });
  return [
    "<!-- Made from the table of commands by `npm run reference`. -->\n# Commands\n",
    "`--help` shows the options of each command. Each command has a man page, such as `man branchline-status`.\n",
    ...groups,
    `## Options of branchline itself\n\n${optionTable([HELP_OPTION, VERSION_OPTION])}`,
    `## Exit status\n\n${statusTable(EXITS)}\nThe section of a command says more, if the command has other meanings.\n`,
    `## Environment\n\n| variable | what it does |\n|---|---|\n${ENVIRONMENT.map(({ name, words }) => `| \`${name}\` | ${cell(words)} |\n`).join("")}`,
    "## Completion\n",
    "The package for Debian installs completion for bash, zsh and fish. On other systems, `branchline completion SHELL` prints the script: see\n" +
      "[its section](#branchline-completion).\n",
    ...COMMANDS.map(section),
  ].join("\n");
}

function section(row: CommandRow): string {
  const { exits } = row;
  const args = row.arguments.map((one) => `| \`${cell(shownName(one))}\` | ${cell(one.help)} |\n`);
  const examples = row.examples.map(({ line, does }) => `# ${does}\n${line}\n`);
  return [
    `## branchline ${row.name}\n\n${row.help}.\n\n\`\`\`\n${usageOf(row)}\n\`\`\`\n`,
    ...row.description.map((paragraph) => `${paragraph}\n`),
    ...(args.length === 0 ? [] : [`| argument | what it is |\n|---|---|\n${args.join("")}`]),
    optionTable([...row.options, HELP_OPTION]),
    ...(examples.length === 0 ? [] : [`\`\`\`sh\n${examples.join("")}\`\`\`\n`]),
    ...(exits === undefined ? [] : [`Exit status:\n\n${statusTable(exits)}`]),
  ].join("\n");
}

function optionTable(rows: readonly OptionRow[]): string {
  const lines = rows.map((row) => `| \`${cell(flagsOf(row))}\` | ${cell(wordsOf(row))} |\n`);
  return `| option | what it does |\n|---|---|\n${lines.join("")}`;
}

function statusTable(exits: Readonly<Partial<Record<number, string>>>): string {
  const lines = Object.entries(exits).map(([status, words]) => `| ${status} | ${cell(words ?? "")} |\n`);
  return `| status | meaning |\n|---|---|\n${lines.join("")}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
