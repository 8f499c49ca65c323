/** Commands about the program itself; some read the whole table. */
import { type CommandRow, command, JSON_OPTION } from "../command-row.ts";
import { completionOf, SHELLS } from "../completion.ts";
import { printHelp } from "../help.ts";
import { printData } from "../paper.ts";
import { printVersion } from "../version.ts";

/** @param all gives the whole table, once it is there */
export function itselfRows(all: () => readonly CommandRow[]): readonly CommandRow[] {
  return [
    command({
      name: "completion",
      help: "Print a completion script for a shell",
      group: "Set up",
      description: [
        "The script completes commands, options, choices and files. The package for Debian installs it already.",
        `On other systems, add a line to the start file of the shell. bash: eval "$(branchline completion bash)". zsh: the same ` +
          "with zsh, after compinit. fish: branchline completion fish | source.",
      ],
      arguments: [{ name: "shell", help: "The shell that reads the script", choices: SHELLS }],
      options: [],
      examples: [
        { line: 'eval "$(branchline completion bash)"', does: "Complete in this bash" },
        { line: "branchline completion fish | source", does: "The same in fish" },
      ],
      action: ({ shell }) => printData(completionOf(shell, all())),
    }),
    command({
      name: "version",
      help: "Show version, commit, engine and platform",
      group: "Look",
      description: ["Send this output when you report a fault."],
      arguments: [],
      options: [JSON_OPTION],
      examples: [{ line: "branchline version", does: "Which branchline is this?" }],
      action: ({ json }) => printVersion(json),
    }),
    command({
      name: "help",
      help: "Show how to use branchline, or one of its commands",
      group: "Look",
      description: ["Show the same as --help, alone or after a command."],
      arguments: [{ name: "command", help: "The command", isOptional: true, completes: "command" }],
      options: [],
      examples: [{ line: "branchline help check", does: "How do I use check?" }],
      action: ({ command: name }) => printHelp(all(), name),
    }),
  ];
}
