/** A running branchline answers its commands whatever its file on disk says: a faulty one, another one, none. */
import { execFile } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { PROGRAM } from "../support/program.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { monotonic_ms } from "./support/clock.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(94);

cleanUpAfterEach();

const FILE = {
  listen: [`udp:${hostPort(net.at(1))}`],
  localnet: [net.network(16)],
  upstream: `sip:${hostPort(net.at(2))}`,
  gateways: [`sip:${hostPort(net.at(3))}`],
};

async function office(settings: Partial<typeof FILE> & { readonly state?: { readonly folder: string } } = {}) {
  await SipAgent.open(net.at(2));
  const branchline = await Branchline.start({ ...FILE, ...settings });
  await branchline.upstreamIs("up");
  return branchline;
}

const GOOD = stringify(FILE);

describe("faulty-file: status, calls, registered, force, explain and phones find the running one", () => {
  test.each([
    ["has a typo in a key", GOOD.replace("gateways", "gatewys"), /gatewys/],
    ["has a tab", `${GOOD}\tlog: debug\n`, /:\d+:\d+: /],
    ["is cut off within a list", GOOD.slice(0, GOOD.indexOf("localnet") + 12), /:\d+:\d+: /],
    ["is empty", "", /:1:1: /],
    ["is random bytes", "\u0000\u0007\u001b[2J{]:&*\n}", /:\d+:\d+: /],
    ["isn't there", undefined, /branchline\.yaml: /],
  ])("when it %s", async (_, text, fault) => {
    const branchline = await office();
    if (text === undefined) rmSync(branchline.file);
    else writeFileSync(branchline.file, text);
    const status = await branchline.command("status");
    expect(status).toMatch(/^Upstream .*: up for /m);
    const line = status.replace(/\n {2}/g, " ").split("\n")[1];
    expect(line).toMatch(/^The file on disk can't be used: .*; branchline goes on with what it has read before$/);
    expect(line).toMatch(fault);
    expect(status).not.toMatch(/[^\n -~]/);
    const facts = JSON.parse(await branchline.command("status", "--json"));
    expect(facts).toMatchObject({ file_on_disk: { state: text === undefined ? "missing" : "faulty" } });
    expect(facts.file_on_disk.faults.length).toBeGreaterThan(0);
    expect(await branchline.command("calls")).toContain("No call yet");
    expect(await branchline.command("registered")).toContain("No phone is registered.");
    expect(await branchline.command("force", "down")).toContain("FORCED down");
    expect(await branchline.command("explain", net.host(17), "5551234")).toContain(
      "Rule call: upstream is forced down.",
    );
    expect(await branchline.command("phones", "yealink")).toContain(net.at(1).host);
  });

  test("when it has faults and names another state folder, and when the running one has another than the file", async () => {
    const branchline = await office({ state: { folder: "elsewhere" } });
    writeFileSync(branchline.file, `listen: [\nstate: {folder: elsewhere}\n`);
    expect(await branchline.command("status")).toContain("Upstream ");
    writeFileSync(branchline.file, `listen: [\nstate: {folder: nowhere}\n`);
    expect(await branchline.command("status")).toContain("Upstream ");
    writeFileSync(branchline.file, GOOD);
    expect(await branchline.command("status")).toContain("Upstream ");
  });

  test("and never another one, whose state folder the file names by now; a link to the file is the file", async () => {
    const branchline = await office();
    const folder = temporaryFolder();
    const run = (file: string) => promisify(execFile)(PROGRAM.command, [...PROGRAM.first, "force", "down", "-c", file]);
    writeFileSync(`${folder}/other.yaml`, stringify({ ...FILE, state: `${dirname(branchline.file)}/state` }));
    await expect(run(`${folder}/other.yaml`)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`; the one with its state folder runs with ${branchline.file}: -c `),
    });
    symlinkSync(branchline.file, `${folder}/link.yaml`);
    expect((await run(`${folder}/link.yaml`)).stdout).toContain("FORCED down");
  });
});

describe("faulty-file: the file on disk isn't what runs", () => {
  test("status names the keys, until a reload takes them over", async () => {
    const branchline = await office();
    writeFileSync(branchline.file, `# a remark\n${GOOD}`);
    expect(await branchline.command("status")).not.toContain("on disk");
    writeFileSync(branchline.file, `${GOOD}log: debug\n`);
    expect(await branchline.command("status")).toContain(
      "The file on disk isn't what runs (log): `branchline check`, `branchline reload`",
    );
    expect(JSON.parse(await branchline.command("reload", "--json"))).toEqual({
      is_done: true,
      changed: ["log"],
      warnings: [],
    });
    expect(await branchline.command("status")).not.toContain("on disk");
  });

  test("a refused reload ends with its status, and status says what helps until the file is as it was", async () => {
    const branchline = await office();
    branchline.forgive(/reload_refused /);
    writeFileSync(branchline.file, stringify({ ...FILE, listen: [`udp:${hostPort(net.at(5))}`] }));
    await expect(branchline.command("reload")).rejects.toMatchObject({ code: 1 });
    await expect(branchline.command("reload", "--json")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/"reason": "needs_restart",\n {2}"keys": \[\n {4}"listen"\n/),
    });
    const status = (await branchline.command("status")).replace(/\n {2}/g, " ");
    expect(status).toMatch(
      /\nThe file on disk isn't what runs \(listen\); listen needs a restart: stop branchline, then start it again\n/,
    );
    writeFileSync(branchline.file, GOOD);
    expect(await branchline.command("status")).not.toMatch(/refused|on disk/);
    await branchline.command("reload");
    expect(await branchline.command("status")).not.toMatch(/refused|on disk/);
  });

  test("explain goes by the file on disk, so that a change can be tried, and by what runs where that has faults", async () => {
    const branchline = await office();
    const explain = () => branchline.command("explain", net.host(17), "5551234", "--down");
    expect(await explain()).toContain(`Contact: <sip:5551234@${hostPort(net.at(3))}>`);
    writeFileSync(branchline.file, GOOD.replace(hostPort(net.at(3)), hostPort(net.at(4))));
    expect(await explain()).toContain(`Contact: <sip:5551234@${hostPort(net.at(4))}>`);
    writeFileSync(branchline.file, `${GOOD}nonsense: 1\n`);
    expect(await explain()).toContain(`Contact: <sip:5551234@${hostPort(net.at(3))}>`);
    await expect(branchline.command("explain", "201", "")).rejects.toMatchObject({ code: 2 });
    expect(JSON.parse(await branchline.command("explain", net.host(17), "1", "--json"))).toMatchObject({
      rule: "call",
      upstream: { by: "running", states: [{ state: "up" }] },
      steps: [{ kind: "ask" }],
    });
  });
});

test("faulty-file: programs that listen by the same name and never answer cost no more than one of them", async () => {
  const branchline = await office({ state: { folder: "elsewhere" } });
  writeFileSync(branchline.file, GOOD);
  for (let index = 0; index < 5; index++) {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(`${temporaryFolder()}/control.sock`, resolve));
    defer(() => server.close());
  }
  const begin_ms = monotonic_ms();
  expect(await branchline.command("status")).toContain("Upstream ");
  // One of them may take 5 s until it is given up; all of them, one after the other, would take 25 s.
  expect(monotonic_ms() - begin_ms).toBeLessThan(5_000 + MACHINE_TOLERANCE_MS);
});

test("faulty-file: nothing runs: explain says what is wrong with the file, and the others that nothing runs", async () => {
  const branchline = await office();
  await branchline.stop();
  writeFileSync(branchline.file, readFileSync(branchline.file, "utf8").replace("gateways", "gatewys"));
  await expect(branchline.command("explain", net.host(17), "1")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("gatewys"),
  });
  for (const command of ["status", "calls", "registered", "reload"]) {
    await expect(branchline.command(command), command).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^branchline isn't running with .* \(start: /),
    });
  }
});
