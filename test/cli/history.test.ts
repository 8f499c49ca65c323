/** The history of a real process: it outlives a restart. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hostPort, Subnet } from "../peers/support/addresses.ts";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { branchline } from "../support/bundle.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { PROGRAM, wordsOf } from "../support/program.ts";

const net = new Subnet(114);

cleanUpAfterEach();

test("an outage that goes on through a restart is one outage, with its first beginning; as text, JSON and CSV", async () => {
  const file = join(temporaryFolder(), "branchline.yaml");
  // Nothing listens there: probes are refused at once.
  const probe = "probe: {interval: 1s, suspect_interval: 1s, failures: 1}";
  const upstream = `upstream: {targets: ["sip:${hostPort(net.at(3))}"], ${probe}}`;
  writeFileSync(file, `listen: ["udp:${hostPort(net.at(1))}"]\nlocalnet: ["${net.network(16)}"]\n${upstream}\n`);
  const start = async () => {
    const proxy = new Child("bash", ["-c", 'exec "$@"', "bash", ...wordsOf(PROGRAM), "run", "-c", file]);
    defer(() => proxy.stop("SIGKILL"));
    await proxy.line(/ ?started /);
    return proxy;
  };
  const history = (...words: string[]) => branchline(["history", "-c", file, ...words]).stdout;
  const outages = () => JSON.parse(history("--json")).entries;
  const first = await start();
  await expect.poll(outages, { timeout: PATIENCE_MS }).toHaveLength(1);
  const [outage] = outages();
  expect(outage).toMatchObject({ kind: "outage", role: "upstream", peer: hostPort(net.at(3)) });
  expect(await first.stop()).toBe(0);
  await start();
  await expect
    .poll(outages, { timeout: PATIENCE_MS })
    .toMatchObject([{ since: outage.since, evidence: outage.evidence }]);
  expect(history()).toContain("1 outage of upstream");
  expect(history("--csv")).toContain(`\noutage,${outage.since},,`);
  const wrong = branchline(["history", "-c", file, "--since", "soon"]);
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining("such as 90d") });
});
