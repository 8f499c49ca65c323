/** The bundle: what the proxy doesn't need is no code at its start. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { unpacked } from "../support/bundle-parts.ts";
import { PROGRAM } from "../support/program.ts";

const BUNDLE = fileURLToPath(new URL("../../dist/branchline.js", import.meta.url));

/** Words of commander, doctor and explain, as users see them. */
const WORDS_OF_COMMANDS = [
  ...["too many arguments", "Examine the network, and write", "would happen to a call"],
  ...["NOT REGISTERED", "for a first response", "Reload refused"],
];

/** The bundle's code, and the parts that are packed in it. */
function opened() {
  const bundle = readFileSync(BUNDLE, "latin1");
  const [, before = "", packed = "{}", after = ""] =
    /^([\s\S]*?held=function\(\)\{\/\*)(\{.*?\})(\*\/\}[\s\S]*)$/.exec(bundle) ?? [];
  const parts = Object.entries(JSON.parse(packed) as Record<string, string>);
  const texts = parts.map(([name, text]) => [name, unpacked(text)] as const);
  const part = (start: string) => texts.find(([name]) => name.startsWith(`./${start}-`))?.[1] ?? "";
  return { code: before + after, part };
}

test("commander and the commands are packed in the bundle, the proxy is code", () => {
  const { code, part } = opened();
  expect(code).toContain("SIP/2.0");
  for (const words of WORDS_OF_COMMANDS) {
    expect(part("cli")).toContain(words);
    expect(code).not.toContain(words);
  }
});

test("what a pair of routers needs is packed, too", () => {
  const { code, part } = opened();
  for (const words of ["BLC1", "it is heard, and hears us"]) {
    expect(part("pair")).toContain(words);
    expect(code).not.toContain(words);
  }
});

test("a command line that isn't the service's is read by commander, faults and all", () => {
  const ask = (...words: string[]) => spawnSync(PROGRAM.command, [...PROGRAM.first, ...words], { encoding: "utf8" });
  expect(ask("run", "--help").stdout).toContain("Run branchline in the foreground");
  expect(ask("run", "--config=/nowhere.yaml").stderr).toContain("/nowhere.yaml: no such file");
  expect(ask("run", "-c", "/nowhere.yaml").stderr).toContain("/nowhere.yaml: no such file");
  expect(ask("run", "-x")).toMatchObject({
    status: 2,
    stderr: "error: unknown option '-x'\nSee: branchline run --help\n",
  });
});
