/** The state folder is found in files that nothing else can be done with. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { stateFolderIn } from "../../src/app/config/state-folder.ts";
import { SITE_YAML } from "../support/site.ts";

/** What the loader makes of the same lines. */
function loaded(lines: string): string | undefined {
  const { config, problems } = loadConfig(`${SITE_YAML}${lines}`, (path) => path);
  expect(problems).toEqual([]);
  return config.state.folder;
}

describe("as the loader has it, and in a file with faults", () => {
  test.each([
    ["a folder", "state: /var/lib/branchline", "/var/lib/branchline"],
    ["with a comment", "state: there # not here", "there"],
    ["a # within", "state: a#b", "a#b"],
    ["in double quotes", 'state: "a \\"b\\" c" # d', 'a "b" c'],
    ["in single quotes", "state: 'it''s: here'", "it's: here"],
    ["a quoted key", '"state": there', "there"],
    ["a mapping", "state:\n  interval: 1m\n\n  # remark\n  folder: there\n", "there"],
    ["a flow mapping", "state: {interval: 1m, folder: there}", "there"],
    ["a flow mapping with quotes", 'state: {"folder": "there"} # {folder: no}', "there"],
    ["spaces before the colon", "state : there", "there"],
    ["lines of Windows", "log: info\r\nstate: there\r\nstrangers: drop\r\n", "there"],
  ])("%s", (_, lines, folder) => {
    expect(loaded(lines)).toBe(folder);
    expect(stateFolderIn(lines)).toBe(folder);
    expect(stateFolderIn(`listen: [udp:\n\t- upstream:sip:x\n${lines}\n  ]: }{ \u0000`)).toBe(folder);
  });
});

test.each([
  ["nothing", ""],
  ["no such key", "states: there\nmy-state: there\n  state: inner\n"],
  ["half a key", "state"],
  ["a key without a value, and the next one", "state:\nlisten: [x]\n"],
  ["a mapping of another kind", "state: {interval: 1m}\n"],
  ["an alias", "state: *there\n"],
  ["an unclosed quote", 'state: "there\n'],
  ["random bytes", "\u0000\ufffd\u0007state\u0001: \u0002"],
])("%s says nothing", (_, text) => {
  expect(stateFolderIn(text)).toBeUndefined();
});
