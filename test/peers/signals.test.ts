/** Signals that come while branchline still starts: on a router that takes seconds, and who sends them can't know. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { PROGRAM } from "../support/program.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(81);

cleanUpAfterEach();

/** Begins to read its bindings from a pipe, and so doesn't listen before `goOn`. */
async function startHalfway() {
  const folder = temporaryFolder();
  const file = join(folder, "branchline.yaml");
  const bindings = join(folder, "state", "bindings.json");
  writeFileSync(file, stringify({ listen: [`udp:${hostPort(net.at(1))}`], localnet: [net.network(16)] }));
  mkdirSync(join(folder, "state"));
  execFileSync("mkfifo", [bindings]);
  const branchline = new Child(PROGRAM.command, [...PROGRAM.first, "run", "-c", file]);
  defer(() => branchline.stop("SIGKILL"));
  // Waits for somebody who reads.
  const pipe = await open(bindings, "w");
  return { branchline, goOn: () => pipe.close() };
}

test("signals: SIGHUP while it starts: it goes on, and reads the file anew once it listens", async () => {
  const { branchline, goOn } = await startHalfway();
  branchline.signal("SIGHUP");
  await goOn();
  await branchline.line(/<6>reloaded /);
  expect(branchline.lines.findIndex((line) => line.includes("started "))).toBeGreaterThan(-1);
  expect(await branchline.stop()).toBe(0);
});

test.each(["SIGTERM", "SIGINT"] as const)("signals: %s while it starts ends it in order", async (signal) => {
  const { branchline, goOn } = await startHalfway();
  branchline.signal(signal);
  await goOn();
  expect(await branchline.ended).toBe(0);
  expect(branchline.lines.at(-1)).toMatch(/<6>stopped/);
});
