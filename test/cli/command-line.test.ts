/** What the command line takes, refuses and says of itself, for every row of the table of commands. */
import { expect, test } from "vitest";
import type { CommandRow } from "../../src/cli/command-row.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EXITS } from "../../src/cli/exit.ts";
import { commandHelp, exitsOf, programHelp } from "../../src/cli/help.ts";
import { branchline } from "../support/bundle.ts";
import { engineOf, PROGRAM } from "../support/program.ts";

const rows = COMMANDS.map((row) => [row.name, row] as const);
const NAMES = COMMANDS.map(({ name }) => name);
const longerThan = (text: string, columns: number) => text.split("\n").filter((line) => line.length > columns);
const withoutMarks = (text: string) => text.replace(/[\ue000-\uf8ff]/g, "");
/** One word for each argument that a command takes. */
const enough = ({ arguments: words }: CommandRow) => words.map(({ choices }) => choices?.[0] ?? "word");

test.each(rows)("%s refuses a word too many with exit status 2, and does nothing", (name, row) => {
  const { status, stdout, stderr } = branchline([name, ...enough(row), "surplus"]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(`error: too many arguments for '${name}'`);
  expect(stderr).toContain(`See: branchline ${name} --help`);
});

test.each(rows)("%s refuses an unknown option with exit status 2", (name, row) => {
  const { status, stdout, stderr } = branchline([name, ...enough(row), "--no-such-option"]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("error: unknown option '--no-such-option'");
});

test("explain refuses --up and --down at once", () => {
  const { status, stdout, stderr } = branchline(["explain", "201", "5551234", "--up", "--down"]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("error: give either --up or --down");
});

test.each(rows)("%s has help that fits 80 columns, is in the imperative, and has an example", (_name, row) => {
  const help = withoutMarks(commandHelp(row, 80));
  expect(longerThan(help, 80)).toEqual([]);
  expect(help).toMatch(new RegExp(`^Usage: branchline ${row.name}( .*)? \\[OPTIONS\\]\n`));
  expect(help).toContain("deploy/commands.md");
  expect(row.help.length).toBeLessThanOrEqual(56);
  // "Show", "Print", "List", and not "Shows", nor "shows …".
  expect(row.help).toMatch(/^(?!\w+s )[A-Z][a-z]+ .*[^.]$/);
  // Plain text, for pages of all kinds. "Show …", and not "Shows …": a sentence has a subject, or is an imperative.
  for (const paragraph of row.description)
    expect(paragraph).not.toMatch(/`|(?:^|\. )(?:Shows|Says|Lists|Looks|Starts) /);
  expect(row.description[0]).not.toMatch(/^(?:Takes|Has|Prints|Reads|Writes|Finds|Asks|Makes|Sends|Tells) /);
  for (const { help: words } of [...row.options, ...row.arguments]) expect(words).toMatch(/^[A-Z].*[^.]$/);
  expect(row.examples.length).toBeGreaterThan(0);
  expect(row.description.length).toBeGreaterThan(0);
  for (const [status, words] of Object.entries(exitsOf(row)))
    expect(help).toContain(`  ${status}  ${words.slice(0, 40)}`);
});

test.each(rows)("help %s says the same as %s --help", (name) => {
  const { status, stdout } = branchline([name, "--help"]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Usage: branchline /);
  expect(branchline(["help", name])).toMatchObject({ status: 0, stdout });
  expect(branchline([name, "-h"])).toMatchObject({ status: 0, stdout });
});

test.each(rows)("pages of the manual beside that of %s are there", (_name, row) => {
  for (const other of row.seeAlso ?? []) expect(NAMES).toContain(other);
});

test("help names every command in its group, the exit statuses and the page, and fits 80 columns", () => {
  const { status, stdout } = branchline(["--help"]);
  expect(status).toBe(0);
  expect(stdout).toBe(withoutMarks(programHelp(COMMANDS, 80)));
  expect(longerThan(stdout, 80)).toEqual([]);
  for (const group of ["Run:", "Look:", "Change:", "Set up:", "Examples:"]) expect(stdout).toContain(`\n${group}\n`);
  for (const { name, help } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} +${help.slice(0, 20)}`, "m"));
  for (const [number, words] of Object.entries(EXITS)) expect(stdout).toContain(`  ${number}  ${words}`);
  expect(stdout).toContain("deploy/commands.md");
});

test("a narrow terminal's help is as narrow", () => {
  for (const row of COMMANDS) {
    const words = withoutMarks(commandHelp(row, 60)).replace(/Usage: .*|\nExamples:[\s\S]*?\n\n/g, "");
    expect(longerThan(words, 60)).toEqual([]);
  }
});

test("nothing at all: help on standard error, exit status 2", () => {
  const { status, stdout, stderr } = branchline([]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("Usage: branchline COMMAND");
});

test.each([
  [["chek"], "unknown command 'chek'\n(Did you mean check?)"],
  [["stauts"], "unknown command 'stauts'\n(Did you mean status?)"],
  [["status", "--jsn"], "unknown option '--jsn'\n(Did you mean --json?)"],
  [["help", "chek"], "unknown command 'chek'"],
  [["force", "dwon"], "error: STATE can't be 'dwon'. Allowed choices are up, down, auto."],
  [["force", "$1 'a'"], "error: STATE can't be '$1 'a''. Allowed choices are up, down, auto."],
  [["calls", "-n", "x"], "error: -n, --count <COUNT> can't be 'x': must be a whole number"],
  [["doctor", "--only", "x"], "error: --only <CHECKS> can't be 'x'. There is no check x."],
  [["force"], "missing required argument 'STATE'"],
  [["check", "-c"], "option '-c, --config <FILE>' argument missing"],
])("%j is told what may be meant, exit status 2", (words, said) => {
  const { status, stdout, stderr } = branchline(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(said);
  expect(stderr).toMatch(/\nSee: branchline( \w+)? --help\n$/);
});

test("version, --version and -V say version, commit, Node and platform", () => {
  const { status, stdout } = branchline(["version"]);
  expect(status).toBe(0);
  const [, engine = ""] =
    /^branchline \d+\.\d+\.\d+\S* \(commit (?:[0-9a-f]{12}\+?|unknown) of \d{4}-\d\d-\d\dT[\d:]+Z\), (\w+ [\d.-]+), \w+ \w+\n$/.exec(
      stdout,
    ) ?? [];
  expect(engine).toMatch(engineOf(PROGRAM));
  expect(stdout).toContain(`, ${engine}, ${process.platform} ${process.arch}\n`);
  for (const how of ["--version", "-V"]) expect(branchline([how])).toMatchObject({ status: 0, stdout });
  const facts: unknown = JSON.parse(branchline(["version", "--json"]).stdout);
  expect(facts).toMatchObject({
    engine,
    platform: process.platform,
    arch: process.arch,
  });
});
