/** Commands about the program itself; some read the whole table. */
import { type CommandRow, command, JSON_OPTION } from "../command-row.ts";
import { completionOf, SHELLS } from "../completion.ts";
import { printHelp } from "../help.ts";
import { print } from "../paper.ts";
import { printVersion } from "../version.ts";

/** @param all gives the whole table, once it is there */
export function itselfRows(all: () => readonly CommandRow[]): readonly CommandRow[] {
  return [
    command({
      name: "completion",
      help: "Print a completion script for a shell",
      group: "Set up",
      description: [
        "The script completes commands, options, choices and files. The packages for Debian install it already.",
        `Elsewhere, in the shell's start file: eval "$(branchline completion bash)" for bash, the same with zsh after compinit; ` +
          "branchline completion fish | source for fish.",
      ],
      arguments: [{ name: "shell", help: "The shell that will read it", choices: SHELLS }],
      options: [],
      examples: [
        { line: 'eval "$(branchline completion bash)"', does: "Complete in this bash from now on" },
        { line: "branchline completion fish | source", does: "The same in fish" },
      ],
      action: ({ shell }) => print(completionOf(shell, all())),
    }),
    command({
      name: "version",
      help: "Show version, commit, Node and platform",
      group: "Look",
      description: ["What to say in a report about a fault."],
      arguments: [],
      options: [JSON_OPTION],
      examples: [{ line: "branchline version", does: "Which branchline is this?" }],
      action: ({ json }) => printVersion(json),
    }),
    command({
      name: "help",
      help: "Show how to use branchline, or one of its commands",
      group: "Look",
      description: ["The same as --help, alone or behind a command."],
      arguments: [{ name: "command", help: "The command", isOptional: true, completes: "command" }],
      options: [],
      examples: [{ line: "branchline help check", does: "How is check used?" }],
      action: ({ command: name }) => printHelp(all(), name),
    }),
  ];
}
