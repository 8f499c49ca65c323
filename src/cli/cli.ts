/** The command line, made from the table of commands: the only file that knows the library which reads it. */
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { ArgumentRow, CommandRow, OptionRow } from "./command-row.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT_DONE, EXIT_USAGE } from "./exit.ts";
import { commandHelp, flagsOf, HELP_OPTION, helpWidth, programHelp, shownName, VERSION_OPTION } from "./help.ts";
import { complain, nameCommands, print } from "./paper.ts";
import { typing } from "./typed-commands.ts";
import { versionText } from "./version.ts";

type Value = string | boolean | readonly string[] | undefined;

/** @param argv with Node and the program's file in front */
export async function runCli(argv: readonly string[]): Promise<void> {
  nameCommands(typing(COMMANDS.map(({ name }) => name)));
  const program = new Command("branchline")
    .configureOutput({ writeOut: print, writeErr: complain, outputError: (text, write) => write(refusalWords(text)) })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE))
    .addHelpCommand(false)
    .helpOption(flagsOf(HELP_OPTION))
    .allowExcessArguments(false)
    .showSuggestionAfterError();
  for (const row of COMMANDS) addCommand(program, row);
  // Behind the commands, which inherit what stands above.
  program
    .version(versionText(), flagsOf(VERSION_OPTION))
    .configureHelp({ formatHelp: () => programHelp(COMMANDS, helpWidth()) })
    .showHelpAfterError("See: branchline --help");
  await program.parseAsync([...argv]);
}

function addCommand(program: Command, row: CommandRow): void {
  const command = program
    .command(row.name)
    .configureHelp({ formatHelp: () => commandHelp(row, helpWidth()) })
    .showHelpAfterError(`See: branchline ${row.name} --help`);
  for (const argument of row.arguments) command.addArgument(argumentOf(argument));
  for (const option of row.options) command.addOption(optionOf(option));
  command.action((...given: unknown[]) => row.action(valuesOf(row, given, command.opts()) as never));
}

function argumentOf({ isOptional, ...row }: ArgumentRow): Argument {
  const name = row.choices === undefined ? shownName(row) : row.name.toUpperCase();
  const argument = new Argument(isOptional ? `[${name}]` : `<${name}>`);
  if (row.choices !== undefined) argument.choices([...row.choices]);
  else if (row.fault !== undefined) argument.argParser(readerOf(row.fault));
  return argument;
}

function optionOf(row: OptionRow): Option {
  const { name, value, choices, fault } = row;
  const option = new Option(value === undefined ? flagsOf(row) : flagsOf({ ...row, value: `<${value}>` }));
  if (row.default !== undefined) option.default(row.default);
  if (choices !== undefined) option.choices([...choices]);
  else if (row.isRepeatable === true) option.argParser(listReaderOf(fault)).default([], "none");
  else if (fault !== undefined) option.argParser(readerOf(fault));
  // The name that values are found by is the row's, not the one that the library makes of it.
  option.attributeName = () => name;
  return option;
}

/** The library's words for a value that isn't taken: "error: STATE can't be 'sideways'. Allowed choices are up, down, auto." */
function refusalWords(text: string): string {
  const refusal = (_: string, what: string, value: string, next: string) => {
    return `error: ${what} can't be '${value}'${/[A-Z]/.test(next) ? "." : ":"} ${next}`;
  };
  return text
    .replace(/^error: option '([^']*)' argument '([\s\S]*)' is invalid\. (.)/, refusal)
    .replace(
      /^error: command-argument value '([\s\S]*)' is invalid for argument '([^']*)'\. (.)/,
      (all, value, what, next) => refusal(all, what, value, next),
    );
}

function readerOf(faultOf: (value: string) => string | undefined) {
  return (value: string) => {
    const fault = faultOf(value);
    if (fault !== undefined) throw new InvalidArgumentError(fault);
    return value;
  };
}

function listReaderOf(faultOf: (value: string) => string | undefined = () => undefined) {
  const read = readerOf(faultOf);
  return (value: string, before: readonly string[]) => [...before, read(value)];
}

/** The values by their names in the row; a switch that isn't given is false, anything else that isn't given is left out. */
function valuesOf(row: CommandRow, given: readonly unknown[], options: Record<string, Value>): Record<string, Value> {
  const values: Record<string, Value> = {};
  row.arguments.forEach(({ name }, index) => {
    const word = given[index];
    if (typeof word === "string") values[name] = word;
  });
  for (const { name, value } of row.options) {
    const found = options[name];
    if (value === undefined) values[name] = found === true;
    else if (found !== undefined) values[name] = found;
  }
  return values;
}
