/** The running bundle reads its file anew: by `branchline reload` and by SIGHUP, with each kind of change. */
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(63);

cleanUpAfterEach();

const FILE = {
  listen: [`udp:${hostPort(net.at(1))}`],
  localnet: [net.network(16)],
  upstream: { targets: [`sip:${hostPort(net.at(2))}`] },
  gateways: [`sip:${hostPort(net.at(3))}`],
};

function write({ file }: Branchline, settings: object): void {
  writeFileSync(file, stringify(settings));
}

/** What a live key may become. */
const LIVE = {
  names: ["branch.example.com"],
  localnet: [net.network(16), "192.0.2.0/24"],
  upstream: { ...FILE.upstream, fr_timer: "2s" },
  registration: { mode: "contact" },
  extensions: { aliases: { 301: "201" } },
  gateways: [`sip:${hostPort(net.at(4))}`],
  emergency: { numbers: ["112"] },
  survival: { answer: 380 },
  hunt_groups: { default: { members: ["201"] } },
  outage_answers: { SUBSCRIBE: 503 },
  strangers: "reject",
  limits: "none",
  dns: { servers: ["127.0.0.53"] },
  log: "debug",
} as const;

test.each(Object.entries(LIVE))("reload: a change of %s is taken over, and named", async (key, value) => {
  const branchline = await Branchline.start(FILE);
  const line = await branchline.reload({ ...FILE, [key]: value });
  expect(line).toMatch(new RegExp(`<6>reloaded .*changed="?\\S*${key}`));
  expect(await branchline.command("reload")).toBe("nothing has changed\n");
});

test("reload: the command names what it has taken over, and fails with all that it refuses", async () => {
  const branchline = await Branchline.start(FILE);
  write(branchline, { ...FILE, log: "debug", upstream: LIVE.upstream });
  expect(await branchline.command("reload")).toBe("taken over: log, upstream.fr_timer\n");
  branchline.forgive(/reload_refused /);
  write(branchline, { ...FILE, listen: [`udp:${hostPort(net.at(5))}`], strangers: "reject" });
  await expect(branchline.command("reload")).rejects.toThrow(/listen has changed: that needs a restart/);
  write(branchline, { ...FILE, state: temporaryFolder() });
  expect(await branchline.reload()).toMatch(/<3>reload_refused .*state\.folder has changed: that needs a restart/);
});

test("reload: nobody runs, or the file has faults: it says so, and fails", async () => {
  const branchline = await Branchline.start(FILE);
  write(branchline, { ...FILE, strangers: "welcome" });
  await expect(branchline.command("reload")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("strangers"),
  });
  write(branchline, FILE);
  await branchline.stop();
  await expect(branchline.command("reload")).rejects.toMatchObject({ code: 1 });
});
