/**
 * A router is replaced by another, by the commands of `deploy/replace-a-router.md` as they stand there: two Debians that boot, one
 * after the other, with the same address. The call that was up lives on, and the phones are known.
 */
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { blocksOf, page, ROOT } from "../pages/pages.ts";
import { converse, reinviteBothWays } from "../peers/support/both-ways.ts";
import { QUICK_PROBES } from "../peers/support/branchline.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { Namespace } from "../peers/support/namespace.ts";
import { describeUnless } from "../peers/support/peers.ts";
import { register } from "../peers/support/registration.ts";
import { SipAgent } from "../peers/support/sip-agent.ts";
import { PATIENCE_MS } from "../support/machine.ts";
import { debOf } from "./support/deb.ts";
import { SystemdMachine, whyNoSystemd } from "./support/systemd-machine.ts";

const SIP = 5060;
const PROXY = { host: "10.223.42.1", port: SIP };
const UPSTREAM = { host: "10.223.42.2", port: SIP };
const PHONE = { host: "10.223.42.17", port: SIP };
const ARCHIVES = ["/tmp/branchline-etc.tar.gz", "/tmp/branchline-state.tar.gz"];

vi.setConfig({ testTimeout: 120_000 });
cleanUpAfterEach();

async function debOfToday(): Promise<Uint8Array> {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string };
  return (await debOf(version)).contents;
}

async function boot(space: Namespace, deb: Uint8Array): Promise<SystemdMachine> {
  const machine = await SystemdMachine.boot(space);
  machine.write("/run/branchline.deb", deb);
  await machine.run("dpkg", "-i", "/run/branchline.deb");
  return machine;
}

/** Runs each command, as root has it; only `doctor` may find faults. @returns what all have printed */
async function say(machine: SystemdMachine, commands: string): Promise<string> {
  let said = "";
  for (const command of commands.trim().split("\n")) {
    const { status, text } = await machine.try("sh", "-c", command.replace(/\bsudo /g, ""));
    if (!command.includes(" doctor")) expect(status, `${command}\n${text}`).toBe(0);
    said += text;
    // A person types more slowly than it starts.
    if (command.includes("enable --now")) await machine.follow("branchline").line(/^started /, PATIENCE_MS);
  }
  return said;
}

describeUnless(whyNoSystemd(), "a router is replaced", () => {
  test("by the page's commands: a call that is up lives on, and the phones are known", async () => {
    const [before, after] = blocksOf(page("deploy/replace-a-router.md")).filter(({ language }) => language === "sh");
    const space = Namespace.create("replace");
    for (const { host } of [PROXY, UPSTREAM, PHONE]) space.addAddress(`${host}/24`);
    const phone = await SipAgent.open(PHONE, space.name);
    const upstream = await SipAgent.open(UPSTREAM, space.name);
    const deb = await debOfToday();
    const old = await boot(space, deb);
    const settings = {
      listen: [`udp:${PROXY.host}:${SIP}`],
      localnet: ["10.223.42.16/28"],
      upstream: { targets: [`sip:${UPSTREAM.host}`], probe: QUICK_PROBES },
    };
    old.write("/etc/branchline/branchline.yaml", stringify(settings));
    await old.run("systemctl", "enable", "--now", "branchline");
    await old.follow("branchline").line(/^upstream_state .*to=up/, PATIENCE_MS);
    await register(phone, upstream, PROXY, "201");
    const call = await converse(phone, upstream, { to: "sip:5551234@pbx.example.com", through: PROXY });

    await say(old, before?.text ?? "");
    const kept = await Promise.all(ARCHIVES.map((archive) => old.run("base64", archive)));
    const fresh = await boot(space, deb);
    ARCHIVES.forEach((archive, index) => {
      fresh.write(archive, Buffer.from(kept[index] ?? "", "base64"));
    });
    expect(await say(fresh, after?.text ?? "")).toContain("201");
    await fresh.follow("branchline").line(/^upstream_state .*to=up/, PATIENCE_MS);
    await reinviteBothWays(call);
    await call.caller.ask("BYE", upstream);
  });
});
