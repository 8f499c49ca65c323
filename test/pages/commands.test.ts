/** Every command that a page names, and each of its options, is one of the table of commands. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { answerReadOnly, type Controlled } from "../../src/app/control.ts";
import type { CommandRow } from "../../src/cli/command-row.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { ENVIRONMENT } from "../support/command-words.ts";
import { blocksOf, codeIn, type Found, MANUAL, PAGES, page, ROOT, shown } from "./pages.ts";

/** `branchline`, `node branchline.js`, or the lab's; then the command and what stands behind it. */
const CALL = /(?:^|[\s(;|&])branchline(?:\.js)? +([a-z][\w-]*)((?: +[^\s#;&|)]+)*)/g;
/** Of branchline itself, and of every command. */
const EVERYWHERE = ["--help", "-h", "--version", "-V"];

/** What is called in a line, with its options that there aren't. */
function faultsIn(line: string): string[] {
  return [...line.replace(/(?:^| )#.*/, "").matchAll(CALL)].flatMap(([, name = "", rest = ""]) => {
    const row = COMMANDS.find((one) => one.name === name);
    if (row === undefined) return [`no command ${name}`];
    const options = rest.split(/\s+/).filter((word) => /^\[?--?[a-z]/.test(word));
    const known = [...EVERYWHERE, ...optionsOf(row)];
    const bare = options.map((option) => option.replace(/^\[|[\]=,].*$/g, ""));
    return bare.filter((option) => !known.includes(option)).map((option) => `${name} has no option ${option}`);
  });
}

const optionsOf = ({ options }: CommandRow) =>
  options.flatMap(({ name, letter }) => [`--${name}`, ...(letter === undefined ? [] : [`-${letter}`])]);

const lines: Found[] = MANUAL.flatMap((one) => [
  ...codeIn(one),
  ...blocksOf(one)
    .filter(({ language }) => language === "sh")
    .flatMap(({ page, line, text }) =>
      text
        .replace(/\\\n/g, " \n")
        .split("\n")
        .map((command, index) => ({ page, line: line + index, text: command })),
    ),
]);

test("every command that a page names exists, with its options", () => {
  expect(lines.filter(({ text }) => text.match(CALL) !== null).length).toBeGreaterThan(60);
  const wrong = lines.flatMap((one) => faultsIn(one.text).map((fault) => `${shown(one)}: ${fault}`));
  expect(wrong).toEqual([]);
});

describe("the check", () => {
  test.each([
    ["sudo branchline chek", "no command chek"],
    ["branchline status --jsn && branchline calls", "status has no option --jsn"],
    ["lab branchline init --yes --hear 0", undefined],
    ["node branchline.js run -c branchline.yaml", undefined],
    ["systemctl stop branchline    # writes", undefined],
    ["branchline doctor [--fix] [--json]", undefined],
  ])("%s", (line, fault) => {
    expect(faultsIn(line)).toEqual(fault === undefined ? [] : [fault]);
  });
});

test("the commands for which a member of the group gets an answer are those that the pages name", () => {
  const refusal = JSON.parse(answerReadOnly('{"command":"reload"}', {} as Controlled)) as { error: string };
  const names = (refusal.error.split("others: ")[1] ?? "").split(", ").map((name) => name.replace("drills", "drill"));
  expect(names).toContain("readiness");
  const words = ENVIRONMENT.find(({ name }) => name === "BRANCHLINE_MONITOR_SOCKET")?.words ?? "";
  const [, members = ""] = /\nMembers may use ([^.]*)\./.exec(page("deploy/monitoring.md").text) ?? [];
  expect(names.filter((name) => !words.includes(name) || !members.includes(`\`${name}\``))).toEqual([]);
  // `watch` asks for status, calls and traces.
  expect([...members.matchAll(/`([a-z]+)`/g)].map(([, name]) => name).sort()).toEqual([...names, "watch"].sort());
});

test("a page that the program names is there, and has the section that it names", () => {
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter((one) =>
    /\.ts$/.test(one),
  );
  const named = sources.flatMap((file) =>
    [...readFileSync(join(ROOT, "src", file), "utf8").matchAll(/(?:see ([A-Z]\w+) in )?\b(deploy\/[\w/-]+\.md)/g)].map(
      ([text, section, path = ""]) => ({ text, section, path }),
    ),
  );
  expect(named.filter(({ section }) => section !== undefined).length).toBeGreaterThan(0);
  const isThere = ({ section, path }: (typeof named)[number]) => {
    const found = PAGES.find((one) => one.path === path);
    return found !== undefined && (section === undefined || new RegExp(`^#+ ${section}$`, "m").test(found.text));
  };
  expect(named.filter((one) => !isThere(one)).map(({ text }) => text)).toEqual([]);
});
