/**
 * What a row of the table of commands (`commands.ts`) is made of. The command line, its help, completion, the man pages and
 * deploy/commands.md are all made from these rows.
 */
import { NAMED_FILE, STANDARD_FILE } from "./config-file.ts";
import type { ExitStatus } from "./exit.ts";
import { setFault } from "./sources.ts";

/** In the order of help. */
export const GROUPS = ["Run", "Look", "Change", "Set up"] as const;

export type Group = (typeof GROUPS)[number];

/** A word behind the command, by its place. */
export interface ArgumentRow {
  /** In small letters: the action gets its value by this name. Help shows it in capitals. */
  readonly name: string;
  /** One line in the imperative or a noun, without a full stop. */
  readonly help: string;
  /** True: it may be left out. All others behind it too, then. */
  readonly isOptional?: true;
  /** The only values that are taken; completion offers them. */
  readonly choices?: readonly string[];
  /** What completion offers where there are no choices: words, where others are taken as well. */
  readonly completes?: "file" | "command" | readonly string[];
  /** Why a value is refused, such as "must be a whole number"; undefined when it is fine. */
  readonly fault?: (value: string) => string | undefined;
}

export interface OptionRow extends Omit<ArgumentRow, "isOptional"> {
  /** `-c` for "c". */
  readonly letter?: string;
  /** What stands for its value in help, such as "FILE"; an option without it is a switch, and its value is true or false. */
  readonly value?: string;
  readonly default?: string;
  /** It may be given several times: its value is a list, empty where it isn't given. */
  readonly isRepeatable?: true;
  /** What pages say of the default, where it depends on the machine. */
  readonly defaultWords?: string;
}

export interface Example {
  /** Without the prompt; short enough for a line of 76 characters. */
  readonly line: string;
  readonly does: string;
}

/** A row as those see it who make something of the table. */
export interface CommandRow {
  readonly name: string;
  /** One line in the imperative, without a full stop, 56 characters at most. */
  readonly help: string;
  readonly group: Group;
  /** Paragraphs, plain text without markup: for the command's own help, its man page and deploy/commands.md. */
  readonly description: readonly string[];
  readonly arguments: readonly ArgumentRow[];
  readonly options: readonly OptionRow[];
  readonly examples: readonly Example[];
  /** Where a status says more than `EXITS`. */
  readonly exits?: Readonly<Partial<Record<ExitStatus, string>>>;
  /** Pages of the manual beside branchline(1) and branchline.yaml(5): names of other commands. */
  readonly seeAlso?: readonly string[];
  /** Gets the values of arguments and options by their names. Prints by `paper.ts`, and ends with a status of `exit.ts`. */
  action(values: never): void | Promise<void>;
}

type Text<R> = R extends { choices: readonly (infer C)[] } ? C : string;
type IsSwitch<R> = R extends { value: string } ? false : true;
type IsList<R> = R extends { isRepeatable: true } ? true : false;

/** Optional where no default and no need to name it make sure of a value. */
type ArgumentValues<A extends ArgumentRow> = {
  readonly [R in A as R extends { isOptional: true } ? never : R["name"]]: Text<R>;
} & {
  readonly [R in A as R extends { isOptional: true } ? R["name"] : never]?: Text<R>;
};
type OptionValues<O extends OptionRow> = {
  readonly [R in O as IsSwitch<R> extends true ? R["name"] : never]: boolean;
} & {
  readonly [R in O as IsList<R> extends true ? R["name"] : never]: readonly string[];
} & {
  readonly [R in O as IsSwitch<R> | IsList<R> extends false
    ? R extends { default: string }
      ? R["name"]
      : never
    : never]: Text<R>;
} & {
  readonly [R in O as IsSwitch<R> | IsList<R> extends false
    ? R extends { default: string }
      ? never
      : R["name"]
    : never]?: Text<R>;
};

interface Written<A extends readonly ArgumentRow[], O extends readonly OptionRow[]>
  extends Omit<CommandRow, "arguments" | "options" | "action"> {
  readonly arguments: A;
  readonly options: O;
  readonly action: (values: ArgumentValues<A[number]> & OptionValues<O[number]>) => void | Promise<void>;
}

/** Makes a row whose action knows the names and types of its arguments and options. */
export function command<const A extends readonly ArgumentRow[], const O extends readonly OptionRow[]>(
  row: Written<A, O>,
): CommandRow {
  return row;
}

const FILE_WORDS = "the file that BRANCHLINE_CONFIG names, as packages do; else branchline.yaml";

/** Which calls are meant. */
export const MATCH_ARGUMENT = {
  name: "match",
  help: "Only calls of this extension, number, address or Call-ID (its beginning will do)",
  isOptional: true,
  fault: (text: string) => (text.trim() === "" ? "must not be empty" : undefined),
} as const;

/** `-c FILE`, for every command that needs the configuration. */
export const CONFIG_OPTION = {
  name: "config",
  letter: "c",
  value: "FILE",
  help: "Configuration file",
  default: STANDARD_FILE,
  defaultWords: FILE_WORDS,
  completes: "file",
} as const satisfies OptionRow;

/** The same for a command that has to know whether the option was given. */
export const CONFIG_OPTION_WITHOUT_DEFAULT = {
  name: "config",
  letter: "c",
  value: "FILE",
  help: "Configuration file; - is standard input",
  defaultWords: FILE_WORDS,
  completes: "file",
} as const satisfies OptionRow;

const OUTPUT_DEFAULT: { readonly default?: string } = NAMED_FILE === undefined ? {} : { default: NAMED_FILE };

/** `-c FILE` of `init`. */
export const OUTPUT_OPTION = {
  name: "config",
  letter: "c",
  value: "FILE",
  help: "File to write (- for stdout)",
  ...OUTPUT_DEFAULT,
  defaultWords: "the file that BRANCHLINE_CONFIG names; else where this kind of router has it",
  completes: "file",
} as const satisfies OptionRow;

/** `--set NAME=value`. */
export const SET_OPTION = {
  name: "set",
  value: "NAME=VALUE",
  help: "Set a variable of the file; may be given several times",
  isRepeatable: true,
  fault: setFault,
} as const satisfies OptionRow;

export const JSON_OPTION = { name: "json", help: "Print JSON" } as const satisfies OptionRow;
