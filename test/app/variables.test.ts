/** Variables in a configuration file, and files that it includes: what they make, and what is wrong with them. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the file, not of TypeScript
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import type { Sources } from "../../src/app/config/sources.ts";
import { stateFolderOf } from "../../src/app/config/state-folder.ts";
import { variablesIn } from "../../src/app/config/variables.ts";
import { LEAST } from "./files.ts";

type Texts = Readonly<Record<string, string>>;

/** @param files by path, as seen from the folder of the main file */
function sourcesOf(variables: Texts = {}, files: Texts = {}): Sources {
  return {
    variables: new Map(Object.entries(variables)),
    faults: [],
    id: "main",
    read: (path, from) => {
      const folder = from?.includes("/") === true ? `${from.slice(0, from.lastIndexOf("/"))}/` : "";
      const name = `${folder}${path}`;
      const text = name === "main" ? "" : files[name];
      return { name, id: name, text, why: "no such file" };
    },
  };
}

function loaded(text: string, variables: Texts = {}, files: Texts = {}) {
  const sources = sourcesOf(variables, files);
  return loadConfig(text, (path) => path, undefined, undefined, undefined, undefined, undefined, sources);
}

/** Each as "file:line:column path message". */
function faultsOf(...given: Parameters<typeof loaded>): string[] {
  return loaded(...given).problems.map(({ file = "main", line, column, path, message }) => {
    return `${file}:${line}:${column} ${path} ${message}`;
  });
}

function configOf(...given: Parameters<typeof loaded>) {
  const { config, problems, effective } = loaded(...given);
  expect(problems).toEqual([]);
  // The whole in one text says the same.
  const again = loadConfig(effective, (path) => path);
  expect(again.problems).toEqual([]);
  expect([...again.config.written]).toEqual([...config.written]);
  expect(again.config.site.upstream.targets).toEqual(config.site.upstream.targets);
  return { config, effective };
}

describe("a variable", () => {
  test.each([
    ["by itself", "state: ${X}", { X: "/var/lib/a" }, "/var/lib/a"],
    ["within a text", "state: /var/${X}/lib", { X: "b c" }, "/var/b c/lib"],
    ["twice in a text", "state: ${X}${Y}", { X: "a", Y: "b" }, "ab"],
    ["in double quotes", 'state: "${X}"', { X: 'a"b\\n' }, 'a"b\\n'],
    ["in single quotes", "state: '${X}'", { X: "it's" }, "it's"],
    ["in a mapping between braces", "state: {interval: 1m, folder: ${X}}", { X: "a, b: {c}" }, "a, b: {c}"],
    ["in a block of text", "state: |-\n  ${X}", { X: "a: b" }, "a: b"],
    ["that is set, with a default", "state: ${X:-there}", { X: "here" }, "here"],
    ["that is empty, with a default", "state: ${X:-there}", { X: "" }, "there"],
    ["that isn't set, with a default", "state: {folder: ${X:-/a b: c, # d]}}", {}, "/a b: c, # d]"],
    ["whose value looks like a variable's token", "state: ${X}", { X: "a\ue000\ue100\ue001" }, "a\ue000\ue100\ue001"],
  ])("%s stands for its value", (_, line, variables, folder) => {
    const { config } = configOf(`${LEAST}${line}\n`, variables as Texts);
    expect(config.state.folder).toBe(folder);
    expect(stateFolderOf(`${LEAST}${line}\n`, sourcesOf(variables as Texts))).toBe(
      line.includes("|-") ? undefined : folder,
    );
  });

  test.each([
    "a: b",
    "a\nlog: debug",
    "a # b",
    "[a",
    "{a: b}",
    '"a',
    "- a",
    "*a",
    "&a",
    "!!int 3",
    "true",
    "~",
    "a\r\n---\nb",
  ])("that holds %j is one text, and adds no key", (value) => {
    const { config } = configOf(`${LEAST}state: \${X}\n`, { X: value });
    expect(config.state.folder).toBe(value);
    expect(config.logLevel).toBe("info");
    expect([...config.written.keys()]).toEqual(["listen", "localnet", "state"]);
  });

  test("may be a number, a choice, a duration, an item of a list and a key", () => {
    const text = `${LEAST}log: \${LOG}
upstream: {targets: [sip:\${PBX}, \${SECOND}], may_dial_out: false, fr_timer: \${FR}}
gateways: [{uri: sip:10.10.1.3, channels: \${CHANNELS}}]
hunt_groups: {\${NUMBER}: {members: [\${EXTENSION}]}}
`;
    const variables = {
      LOG: "debug",
      PBX: "pbx.example.com",
      SECOND: "sip:198.51.100.7",
      FR: "3s",
      CHANNELS: "4",
      NUMBER: "0301",
      EXTENSION: "0201",
    };
    const { config } = configOf(text, variables);
    expect(config.logLevel).toBe("debug");
    expect(config.site.upstream.targets.map((uri) => uri.text)).toEqual(["sip:pbx.example.com", "sip:198.51.100.7"]);
    expect(config.site.gateways[0]?.channels).toBe(4);
    expect(config.site.huntGroups.map(({ name, members }) => [name, members])).toEqual([["0301", ["0201"]]]);
  });

  test("in a comment is none", () => {
    expect(faultsOf(`# \${NOT_SET}\n${LEAST}log: info # \${NOT_SET}\n`)).toEqual([]);
  });

  test("that isn't set is a fault with its place and its cures, and nothing else is said of its value", () => {
    expect(faultsOf(`${LEAST}upstream: "sip:\${PBXX}"\nlog: \${LOG}\n`, { PBX: "10.0.0.1" })).toEqual([
      "main:3:16  the variable PBXX isn't set; did you mean PBX? Otherwise set it with --set PBXX=VALUE, in the environment or in the .env file beside this one, or write ${PBXX:-DEFAULT}",
      "main:4:6  the variable LOG isn't set; set it with --set LOG=VALUE, in the environment or in the .env file beside this one, or write ${LOG:-DEFAULT}",
    ]);
  });

  test("of another form is a placeholder that nothing fills in", () => {
    expect(faultsOf(`${LEAST}state: \${X.y}\n`, { X: "a" })[0]).toContain("main:3:8 state ${X.y} is a placeholder");
  });

  test("whose value can't be taken is named with the value", () => {
    expect(faultsOf(`${LEAST}log: \${LOG}\n`, { LOG: "loud\nx" })).toEqual([
      "main:3:6 log must be one of error, warn, info, debug (written as ${LOG})",
    ]);
    const [fault = ""] = faultsOf("listen: [udp:${A}]\nlocalnet: [10.0.0.0/8]\n", { A: "1\n2" });
    expect(fault).toContain('"udp:1\\n2" must be');
    expect(fault).not.toContain("\n");
  });

  test("is shown as it is written where the line isn't YAML", () => {
    const [fault = ""] = faultsOf(`${LEAST}upstream: {targets: [sip:\${PBX}}\n`, { PBX: "10.0.0.1" });
    expect(fault).toMatch(/^main:3:\d+ {2}/);
    expect(fault).not.toMatch(/[\ue000-\uf8ff]/);
  });
});

describe("an included file", () => {
  const common =
    'upstream: {targets: [sip:10.9.9.9], hold: 2m, may_dial_out: false}\nlog: warn\nemergency: ["112", 0911]\n';

  test("says what the including file leaves out; mappings are merged, lists aren't", () => {
    const text = `include: common.yaml\n${LEAST}upstream: {targets: [sip:10.8.8.8]}\nlog: debug\n`;
    const { config, effective } = configOf(text, {}, { "common.yaml": common });
    expect(config.logLevel).toBe("debug");
    expect(config.site.upstream.targets.map((uri) => uri.text)).toEqual(["sip:10.8.8.8"]);
    expect(config.site.upstream.hold_ms).toBe(120_000);
    expect(config.site.emergency.numbers).toEqual(["112", "0911"]);
    expect(effective).not.toContain("include");
  });

  test("that comes later counts before one that comes earlier, and may include others, relative to itself", () => {
    const files = {
      "a.yaml": "log: warn\nstate: a\n",
      "sub/b.yaml": "include: c.yaml\nlog: error\n",
      "sub/c.yaml": "state: c\n",
    };
    const text = `include: [a.yaml, sub/b.yaml]\n${LEAST}`;
    const { config } = configOf(text, {}, files);
    expect([config.logLevel, config.state.folder]).toEqual(["error", "c"]);
    expect(stateFolderOf(text, sourcesOf({}, files))).toBe("c");
    expect(stateFolderOf(`include:\n- a.yaml\n${LEAST}`, sourcesOf({}, files))).toBe("a");
    expect(stateFolderOf(`include: "a.yaml" # b\nlisten: [\n`, sourcesOf({}, files))).toBe("a");
  });

  test("has variables, aliases of its own, and may be chosen by a variable", () => {
    const files = {
      "berlin.yaml": 'emergency: &them ["112"]\nhunt_groups: {default: {members: *them}}\nlog: ${LOG}\n',
    };
    const { config } = configOf(`include: \${SITE}.yaml\n${LEAST}`, { SITE: "berlin", LOG: "warn" }, files);
    expect(config.site.huntGroups[0]?.members).toEqual(["112"]);
    expect(config.logLevel).toBe("warn");
  });

  test("with faults is named with line, column and cure, behind the faults of the file itself", () => {
    const files = { "common.yaml": "\nupstrem: sip:10.9.9.9\nlog: [\nstate: ${STATE}\n" };
    expect(faultsOf(`include: common.yaml\n${LEAST}strangers: shoot\n`, {}, files)).toEqual([
      "main:4:12 strangers must be one of auto, drop, reject",
      "common.yaml:2:1 upstrem is not a key that branchline knows; did you mean upstream?",
      "common.yaml:3:6  this [ is never closed; add ]",
      expect.stringContaining("common.yaml:4:8  the variable STATE isn't set"),
    ]);
  });

  test("that is missing, that is no text, or that leads back is a fault", () => {
    expect(faultsOf(`include: [no.yaml, {a: b}]\n${LEAST}`)).toEqual([
      "main:1:11 include no.yaml: no such file",
      "main:1:20 include[1] must be the path of a file, such as common.yaml",
    ]);
    const files = { "a.yaml": "include: b.yaml\n", "b.yaml": "log: info\ninclude:\n  - a.yaml\n" };
    expect(faultsOf(`include: a.yaml\n${LEAST}`, {}, files)).toEqual([
      "b.yaml:3:5 include includes a.yaml, which is this file or includes it; remove it",
    ]);
    expect(faultsOf(`include: main\n${LEAST}`)).toEqual([
      "main:1:10 include includes main, which is this file or includes it; remove it",
    ]);
    expect(stateFolderOf("include: a.yaml\n", sourcesOf({}, files))).toBeUndefined();
  });

  test("is one of 32 at the most, however they include each other", () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`${at}.yaml`, `include: [${at + 1}.yaml, ${at + 1}.yaml]\n`]),
    );
    const faults = faultsOf(`include: 0.yaml\n${LEAST}`, {}, { ...files, "20.yaml": "log: info\n" });
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every((fault) => fault.includes("more than 32 files"))).toBe(true);
  });

  test("may be empty, but not binary", () => {
    expect(faultsOf(`include: a.yaml\n${LEAST}`, {}, { "a.yaml": "# nothing yet\n" })).toEqual([]);
    expect(faultsOf(`include: a.yaml\n${LEAST}`, {}, { "a.yaml": "\u0000\u0001x" })).toEqual([
      "a.yaml:1:1  is no text file; a configuration is text in UTF-8",
    ]);
  });

  test("with aliases of aliases is refused, and doesn't fill the memory", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (let at = 1; at < 9; at++) {
      const [here, before] = ["abcdefghi"[at], "abcdefghi"[at - 1]];
      bomb.push(`${here}: &${here} [${`*${before}, `.repeat(8)}*${before}]`);
    }
    const text = `include: a.yaml\n${LEAST}localnet: 10.0.0.0/8\n`;
    expect(faultsOf(text, {}, { "a.yaml": `${bomb.join("\n")}\nnames: *i\n` }).length).toBeGreaterThan(0);
  });
});

test("the file in effect hides passwords, and shows them where they are wanted", () => {
  const { printed } = loaded(`${LEAST}http: {listen: 127.0.0.1:8080, password: "\${PW}"}\n`, { PW: "geheim: 12" });
  expect(printed(true)).toContain('password: "********"');
  expect(printed(true)).not.toContain("geheim");
  expect(printed(false)).toContain('password: "geheim: 12"');
});

test("a file of variables has a value a line", () => {
  const { values, faults } = variablesIn(
    "\ufeff# site\nA=1\r\n export B = x\nC='a b' \nD=\"x\nE=\nexport F= y=z # w\n",
  );
  expect([...values]).toEqual([
    ["A", "1"],
    ["C", "a b"],
    ["D", '"x'],
    ["E", ""],
    ["F", "y=z # w"],
  ]);
  expect(faults).toEqual([{ line: 3, message: "must be NAME=value, or a comment that begins with #" }]);
});
