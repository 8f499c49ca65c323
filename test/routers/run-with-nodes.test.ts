/** deploy/run.sh with Nodes of many years: all take its flags, and branchline starts with each. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { hostPort, Subnet } from "../peers/support/addresses.ts";
import { Branchline } from "../peers/support/branchline.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { installNode } from "../peers/support/node-from-npm.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";

const RUN = fileURLToPath(new URL("../../deploy/run.sh", import.meta.url));
const isLong = process.env["BRANCHLINE_LONG"] === "1";
const MAJORS = isLong ? [12, 14, 16, 18, 20, 22, 24] : [12, 24];
const net = new Subnet(80);

cleanUpAfterEach();

for (const major of MAJORS) {
  const node = installNode(major);
  afterAll(node.remove);

  describeUnless(node.missing === undefined ? [] : [node.missing], `run.sh with Node ${major}`, () => {
    test(`run.sh with Node ${major}: branchline starts, without a complaint about flags, and ends by SIGTERM`, async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "bin"));
      copyFileSync(Branchline.bundle, join(folder, "bin/branchline.js"));
      copyFileSync(RUN, join(folder, "bin/run.sh"));
      const config = join(folder, "branchline.yaml");
      writeFileSync(config, `listen: [udp:${hostPort(net.at(1))}]\nlocalnet: [${net.network(16)}]\n`);
      const child = new Child("/bin/sh", [join(folder, "bin/run.sh"), config], { env: { BRANCHLINE_NODE: node.path } });
      defer(() => child.stop("SIGKILL"));
      await child.line(/^<6>started /);
      expect(child.lines.filter((line) => !line.startsWith("<6>"))).toEqual([]);
      expect(readFileSync(`/proc/${child.pid}/environ`, "utf8")).toContain("MALLOC_ARENA_MAX=1");
      execFileSync(process.execPath, [Branchline.bundle, "status", "-c", config]);
      child.signal("SIGTERM");
      expect(await child.ended).toBe(0);
    });
  });
}
