/** Pages name the versions that CI tests: they must be those that are installed here. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { EMULATED, NPM_MAJORS } from "../lanes/lanes.ts";
import { describeWith, pathOf } from "../peers/support/peers.ts";
import { page } from "./pages.ts";

/** What `program` says of itself; SIPp ends with 99 then. */
function versionOf(program: string): string {
  const { stdout, stderr } = spawnSync(pathOf(program), ["-v"], { encoding: "utf8" });
  const version = /(\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1];
  if (version === undefined) throw new Error(`${program} doesn't say its version:\n${stdout}${stderr}`);
  return version;
}

describeWith(["kamailio", "sipp"], "versions", () => {
  test.each([
    ["kamailio", "deploy/pbx.md", "ested in CI with "],
    ["kamailio", "deploy/pbx.md", "ested in CI, "],
    ["kamailio", "deploy/migrate-from-kamailio.md", "Debian's "],
    ["sipp", "deploy/gateway.md", "automatic tests use SIPp "],
  ])("%s in %s is the one that is installed: '%s'", (program, path, before) => {
    expect(page(path).text.replace(/\s+/g, " ")).toContain(before + versionOf(program));
  });
});

test("deploy/README.md: processors and Nodes are those that the lanes test", () => {
  const [, section = ""] = page("deploy/README.md").text.split("## Processors on which branchline is tested\n");
  const rows = [...section.matchAll(/^\| ([\w-]+)(?:, big-endian)? \| ([\d., ]+) \|/gm)].map(([, name, nodes]) => [
    name,
    nodes,
  ]);
  const majors = (nodes = "") => nodes.split(", ").map((node) => Number.parseInt(node, 10));
  expect(rows.map(([name, nodes]) => [name, majors(nodes)])).toEqual([
    ...EMULATED.map(({ architecture, major }) => [architecture, [major]]),
    ["x86-64", [...NPM_MAJORS]],
  ]);
});
