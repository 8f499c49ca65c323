/** The bundle: what the proxy doesn't need is no code at its start. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const BUNDLE = fileURLToPath(new URL("../../dist/branchline.js", import.meta.url));

/** Words of commander, doctor and explain, as users see them. */
const WORDS_OF_COMMANDS = [
  ...["too many arguments", "look around, ask the rest", "would become of a call"],
  ...["NOT REGISTERED", "for a first response", "Reload refused"],
];

test("commander and the commands are a text in the bundle, the proxy is code", () => {
  const bundle = readFileSync(BUNDLE, "latin1");
  const [code = "", texts = ""] = bundle.split("(function(){var texts=");
  expect(code).toContain("SIP/2.0");
  for (const words of WORDS_OF_COMMANDS) {
    expect(texts).toContain(words);
    expect(code).not.toContain(words);
  }
});

test("a command line that isn't the service's is read by commander, faults and all", () => {
  const ask = (...words: string[]) => spawnSync(process.execPath, [BUNDLE, ...words], { encoding: "utf8" });
  expect(ask("run", "--help").stdout).toContain("Run the proxy in the foreground");
  expect(ask("run", "--config=/nowhere.yaml").stderr).toContain("/nowhere.yaml: no such file");
  expect(ask("run", "-c", "/nowhere.yaml").stderr).toContain("/nowhere.yaml: no such file");
  expect(ask("run", "-x")).toMatchObject({
    status: 2,
    stderr: "error: unknown option '-x'\nSee: branchline run --help\n",
  });
});
