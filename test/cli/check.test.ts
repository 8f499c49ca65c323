/** `branchline check`: which file it means, its verdict, its data. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeWith } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { branchline } from "../support/bundle.ts";
import { PROGRAM, wordsOf } from "../support/program.ts";

const LEAST = "listen: [udp:10.222.237.1]\nlocalnet: [10.222.237.0/24]\n";
const VALID = `${LEAST}upstream: {targets: [sip:198.51.100.10], may_dial_out: false}\n`;
const FAULTY = `${LEAST}upstrem: sip:198.51.100.10\ngateways: [sip:10.10.1.3:99999]\n`;
const SAMPLE = fileURLToPath(new URL("../../deploy/branchline.yaml", import.meta.url));

cleanUpAfterEach();

function fileOf(text: string, name = "branchline.yaml"): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

const lastLine = (text: string) => text.trimEnd().split("\n").at(-1);

describe("the file that is meant", () => {
  test.each([
    ["FILE", (file: string) => [file]],
    ["-c FILE", (file: string) => ["-c", file]],
    ["--config=FILE", (file: string) => [`--config=${file}`]],
  ])("is %s", (_how, words) => {
    const file = fileOf(VALID);
    const { status, stdout, stderr } = branchline(["check", ...words(file)]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Listens on udp:10\.222\.237\.1/);
    expect(lastLine(stdout)).toBe(`OK: ${file} is valid, 0 warnings`);
  });

  test("is perhaps not this machine's: check says so if the machine has none of its addresses", () => {
    const words = "This machine has none of the addresses of listen";
    const said = (...listen: readonly string[]) =>
      branchline(["check", fileOf(VALID.replace("udp:10.222.237.1", listen.join(", ")))]).stdout;
    expect(said("udp:10.222.237.1")).toContain(words);
    expect(said("udp:10.222.237.1", "udp:127.0.0.1")).not.toContain(words);
    expect(said("udp:10.222.237.1", "udp:lo")).not.toContain(words);
    expect(JSON.parse(branchline(["check", "--json", fileOf(VALID)]).stdout).does.join()).toContain(words);
  });

  test("is FILE, and not the one that BRANCHLINE_CONFIG names", () => {
    const [file, other] = [fileOf(FAULTY), fileOf(VALID)];
    const env = { BRANCHLINE_CONFIG: other };
    expect(branchline(["check", file], { env }).status).toBe(2);
    expect(branchline(["check"], { env })).toMatchObject({ status: 0, stdout: expect.stringContaining(other) });
  });

  test("is branchline.yaml here, if none is named", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "branchline.yaml"), VALID);
    const { status, stdout } = branchline(["check"], { cwd: folder });
    expect({ status, last: lastLine(stdout) }).toEqual({ status: 0, last: "OK: branchline.yaml is valid, 0 warnings" });
  });

  test.each([[["-"]], [["-c", "-"]], [["--config", "-"]]])("is standard input with %j", (words) => {
    const valid = branchline(["check", ...words], { input: VALID });
    expect({ status: valid.status, last: lastLine(valid.stdout) }).toEqual({
      status: 0,
      last: "OK: stdin is valid, 0 warnings",
    });
    const faulty = branchline(["check", ...words], { input: FAULTY });
    expect(faulty).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(/^stdin:3:1: /) });
  });

  test("is standard input to its end, however slowly it comes, and up to 256 kB", () => {
    const [first = "", ...rest] = VALID.split("\n");
    const script = `(echo '${first}'; sleep 0.5; echo '${rest.join("\n")}') | "$@"`;
    const slow = spawnSync("sh", ["-c", script, "sh", ...wordsOf(PROGRAM), "check", "-"], { encoding: "utf8" });
    expect({ status: slow.status, last: lastLine(slow.stdout) }).toEqual({
      status: 0,
      last: "OK: stdin is valid, 0 warnings",
    });
    const { status, stderr } = branchline(["check", "-"], { input: `${VALID}#${"-".repeat(256_000)}\n` });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^stdin: is longer than 256 kB/);
  });

  test("is one: two are refused", () => {
    const { status, stdout, stderr } = branchline(["check", "a.yaml", "-c", "b.yaml"]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("two files are named");
  });
});

test("sentences are wrapped at 80 columns", () => {
  const { stdout } = branchline(["check", "-"], { input: VALID });
  const lines = stdout.split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.filter((line) => line.startsWith("  ")).length).toBeGreaterThan(0);
});

describe("the verdict", () => {
  test("of a faulty file is its last line, behind a line for each fault with its place", () => {
    const file = fileOf(FAULTY);
    const { status, stdout, stderr } = branchline(["check", file]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    const lines = stderr.trimEnd().split("\n");
    expect(lines.pop()).toBe(`2 faults: ${file} is not used`);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/branchline\.yaml:\d+:\d+: \w/);
  });

  test("of one fault is in the singular, also where the file isn't there", () => {
    const missing = join(temporaryFolder(), "none.yaml");
    const { status, stderr } = branchline(["check", missing]);
    expect(status).toBe(2);
    expect(lastLine(stderr)).toBe(`1 fault: ${missing} is not used`);
  });

  test("of the sample is OK without a warning", () => {
    const { status, stdout, stderr } = branchline(["check", SAMPLE]);
    expect({ status, stderr, last: lastLine(stdout) }).toEqual({
      status: 0,
      stderr: "",
      last: `OK: ${SAMPLE} is valid, 0 warnings`,
    });
  });

  test("counts warnings, which standard error has", () => {
    const file = fileOf(VALID.replace("udp:10.222.237.1", "udp:loo:5060"));
    const { status, stdout, stderr } = branchline(["check", file]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/branchline\.yaml:1:\d+: warning: listen\[0\] names loo/);
    expect(lastLine(stdout)).toBe(`OK: ${file} is valid, 1 warning`);
  });
});

describe("emergency numbers", () => {
  const gateways = "gateways: [sip:10.10.1.3]\nhunt_groups: {}\n";
  const warningsOf = (text: string): { key: string; message: string }[] =>
    JSON.parse(branchline(["check", fileOf(text), "--json"]).stdout).warnings;

  test("that are missing where there is a gateway are warned of, with the cure", () => {
    const [warning, ...others] = warningsOf(VALID + gateways);
    expect(warning).toMatchObject({ key: "emergency", message: expect.stringContaining('emergency: ["112", "911"]') });
    expect(others).toEqual([]);
  });

  test.each([
    ["are named", `${VALID}${gateways}emergency: ["112"]\n`],
    ["are declined", `${VALID}${gateways}emergency: []\n`],
    ["would have no gateway to go to", VALID],
  ])("that %s aren't warned of", (_what, text) => {
    expect(warningsOf(text)).toEqual([]);
  });
});

test("a gateway without a hunt group is warned of, unless the file declines it", () => {
  const warned = (more: string) =>
    branchline(["check", "-q", fileOf(`${VALID}emergency: []\ngateways: [sip:10.10.1.3]\n${more}`)]).stderr;
  expect(warned("")).toMatch(/warning: hunt_groups is missing: a call from a gateway .* gets 404 /);
  expect(warned("hunt_groups: {}\n")).toBe("");
  expect(warned('hunt_groups: {default: {members: ["201"]}}\n')).toBe("");
});

describe("--json", () => {
  const json = (text: string) => {
    const file = fileOf(text);
    const { status, stdout, stderr } = branchline(["check", file, "--json"]);
    return { status, stderr, file, verdict: JSON.parse(stdout) as Record<string, unknown> };
  };

  test("has the verdict on a valid file, and what it will do", () => {
    const { status, stderr, file, verdict } = json(VALID);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(verdict).toMatchObject({ file, valid: true, faults: [], warnings: [] });
    expect(verdict["does"]).toContain("Serves the phones in 10.222.237.0/24.");
  });

  test("has each fault of another one with line, column, key and message", () => {
    const { status, stderr, verdict } = json(FAULTY);
    expect({ status, stderr }).toEqual({ status: 2, stderr: "" });
    expect(verdict).toMatchObject({
      valid: false,
      does: [],
      faults: [
        { line: 3, column: 1, key: "upstrem", message: expect.stringContaining("upstream") },
        { line: 4, column: expect.any(Number), key: "gateways[0]", message: expect.any(String) },
      ],
    });
  });

  test("is JSON too where the file can't be read", () => {
    const { status, stdout } = branchline(["check", join(temporaryFolder(), "none.yaml"), "--json"]);
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ valid: false, faults: [{ key: "", message: expect.any(String) }] });
  });

  test("counts a member at the gateway's own port among the warnings", () => {
    const members = 'hunt_groups: {default: {members: ["sip:205@10.10.1.3:5060"]}}\nemergency: ["112"]\n';
    const { verdict } = json(`${VALID}gateways: [sip:10.10.1.3]\n${members}`);
    expect(verdict["warnings"]).toEqual([
      { key: "", message: expect.stringMatching(/^Member sip:205@10\.10\.1\.3:5060 is at/) },
    ]);
    expect(JSON.stringify(verdict["does"])).not.toContain("Warning");
  });
});

describe("--quiet", () => {
  test("says nothing of a valid file without warnings", () => {
    expect(branchline(["check", "-q", fileOf(VALID)])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  test("says faults and warnings, and nothing else", () => {
    const file = fileOf(FAULTY);
    const loud = branchline(["check", file]).stderr.split("\n");
    const { status, stdout, stderr } = branchline(["check", "--quiet", file]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toEqual(loud.slice(0, 2));
    const warned = branchline(["check", "--quiet", fileOf(`${VALID}gateways: [sip:10.10.1.3]\nhunt_groups: {}\n`)]);
    expect(warned).toMatchObject({
      status: 0,
      stdout: "",
      stderr: expect.stringMatching(/^.*: warning: emergency .*\n$/),
    });
  });
});

describeWith(["namespaces"], "a PBX behind another interface than listen has", () => {
  test("is a warning with its cure, in words and as data", () => {
    const router = Namespace.create("router");
    const other = Namespace.create("headquarters");
    router.connect(["lan", "10.222.237.1/24"], Namespace.create("office"), ["lan", "10.222.237.2/24"]);
    router.connect(["wan", "203.0.113.2/24"], other, ["wan", "203.0.113.10/24"]);
    const file = fileOf(VALID.replace("198.51.100.10", "203.0.113.10"));
    const check = (...words: string[]) =>
      spawnSync("ip", ["netns", "exec", router.name, ...wordsOf(PROGRAM), "check", file, ...words], {
        encoding: "utf8",
      });
    const { status, stdout, stderr } = check();
    expect(status).toBe(0);
    expect(stderr).toContain(`${file}: warning: no listen address is on the way to upstream 203.0.113.10`);
    expect(stderr).toContain("add udp:203.0.113.2:5060 to listen");
    expect(lastLine(stdout)).toBe(`OK: ${file} is valid, 1 warning`);
    expect(JSON.parse(check("--json").stdout)).toMatchObject({
      valid: true,
      warnings: [{ message: expect.stringContaining("203.0.113.2") }],
    });
  });
});
