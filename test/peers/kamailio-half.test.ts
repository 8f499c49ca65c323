/**
 * A pair whose other half is a Kamailio: each half knows the phones that have registered at the other one.
 *
 *   phone 201 .10 ─┐          ┌─ left:  branchline .2, 198.51.100.2
 *   phone 202 .11 ─┼─ switch ─┤
 *   198.51.100.10 ─┘          └─ right: Kamailio .3           10.222.237.1 is at either
 */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { newToken, registration, requestText } from "../sip/build.ts";
import type { SipMessage } from "../sip/sip-message.ts";
import { Branchline, QUICK_PROBES } from "./support/branchline.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { until } from "./support/clock.ts";
import { Namespace } from "./support/namespace.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeWith, pathOf } from "./support/peers.ts";
import { register } from "./support/registration.ts";
import { SipAgent } from "./support/sip-agent.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const CONFIGURATION = fileURLToPath(new URL("kamailio-half.cfg", import.meta.url));
const LIMIT_MS = 120_000;
const SIP = 5060;
const SHARED = { host: "10.222.237.1", port: SIP };
const LEFT = { host: "10.222.237.2", port: SIP };
const RIGHT = { host: "10.222.237.3", port: SIP };

cleanUpAfterEach();

/** The right half. */
class KamailioHalf {
  private readonly control: string;
  private readonly child: Child;

  private constructor(control: string, child: Child) {
    this.control = control;
    this.child = child;
  }

  static async start(space: Namespace): Promise<KamailioHalf> {
    const folder = temporaryFolder();
    const run = join(folder, "run");
    mkdirSync(run);
    const own = `udp:${RIGHT.host}:${SIP}`;
    const shared = `udp:${SHARED.host}:${SIP}`;
    const sockets = [`OWN_SOCKET="${own}"`, `SHARED_SOCKET="${shared}"`];
    const defines = [`OWN=${own}`, `SHARED=${shared}`, ...sockets, `OTHER="${LEFT.host}"`];
    const args = ["-f", CONFIGURATION, ...defines.flatMap((define) => ["-A", define]), "-DD", "-E", "-n", "2"];
    args.push("-m", "32", "-M", "4", "-w", folder, "-Y", run, "-P", join(folder, "pid"));
    const child = new Child("kamailio", args, { cwd: folder, namespace: space.name });
    defer(() => child.stop("SIGKILL"));
    const half = new KamailioHalf(join(run, "kamailio_ctl"), child);
    await until("Kamailio answers kamcmd", async () => (await half.tell("core.version").catch(() => "")) !== "");
    return half;
  }

  /** What kamcmd prints. */
  async tell(...command: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(pathOf("kamcmd"), ["-s", `unix:${this.control}`, ...command]);
    if (stdout.startsWith("error:")) throw new Error(stdout);
    return stdout;
  }

  async kill(): Promise<void> {
    await this.child.stop("SIGKILL");
  }

  /** Its location table, as it prints it. */
  location(): Promise<string> {
    return this.tell("ul.dump");
  }
}

/** @param holder has the shared address */
async function pair(holder: "left" | "right" = "left") {
  const lan = Namespace.create("switch");
  lan.ip("link", "add", "lan", "type", "bridge");
  lan.ip("link", "set", "lan", "up");
  const host = (role: string, ...addresses: readonly string[]) => {
    const space = Namespace.create(role);
    space.ip("link", "add", "eth0", "type", "veth", "peer", "name", role, "netns", lan.name);
    for (const address of addresses) space.addAddress(`${address}/24`, "eth0");
    space.ip("link", "set", "eth0", "up");
    lan.ip("link", "set", role, "master", "lan");
    lan.ip("link", "set", role, "up");
    return space;
  };
  const left = host("left", LEFT.host, "198.51.100.2");
  const right = host("right", RIGHT.host);
  (holder === "left" ? left : right).addAddress(`${SHARED.host}/24`, "eth0");
  right.set("net.ipv4.ip_nonlocal_bind=1");
  const upstream = await SipAgent.open({ host: "198.51.100.10", port: SIP }, host("hq", "198.51.100.10").name);
  const near = await SipAgent.open({ host: "10.222.237.10", port: SIP }, host("near", "10.222.237.10").name);
  const far = await SipAgent.open({ host: "10.222.237.11", port: SIP }, host("far", "10.222.237.11").name);
  const kamailio = await KamailioHalf.start(right);
  if (holder === "right") await kamailio.tell("cfg.set_now_int", "half", "master", "1");
  const branchline = await Branchline.start(
    {
      listen: [`udp:${SHARED.host}`, `udp:${LEFT.host}`, "udp:198.51.100.2"],
      localnet: ["10.222.237.0/24"],
      upstream: { targets: ["sip:198.51.100.10"], probe: QUICK_PROBES, hold: "100ms" },
      registration: { copies: { to: [`sip:${RIGHT.host}`], from: [RIGHT.host] } },
    },
    { namespace: left.name },
  );
  await branchline.upstreamIs("up");
  /** As the phones have got them. */
  const invites: SipMessage[] = [];
  const answer = async (agent: SipAgent, invite: SipMessage) => {
    invites.push(invite);
    const contact = `sip:x@${agent.sentBy}`;
    await agent.reply(invite, 200, "OK", { toTag: newToken(), contact });
  };
  for (const agent of [near, far]) {
    agent.always({ method: "INVITE" }, (invite) => answer(agent, invite));
    agent.always({ method: "ACK" }, async () => {});
  }
  return { invites, left, right, upstream, near, far, kamailio, branchline };
}

/** Returns when the phone has its 200 from a half that asks nobody else. */
async function registerAt(half: { host: string; port: number }, phone: SipAgent, cseq: number, expires_s: number) {
  const callId = `register-${phone.sentBy}`;
  const contact = `sip:202@${phone.sentBy}`;
  await phone.send(requestText(phone.sentBy, registration({ user: "202", contact, callId, cseq, expires_s })), half);
  await phone.next({ method: "REGISTER", status: 200, callId });
}

/** The call is answered, and its BYE finds its way. */
async function talk(caller: SipAgent, to: string, through: { host: string; port: number }, callee: SipAgent) {
  const call = await OutgoingCall.start(caller, { to, through });
  const dialog = await call.established();
  await dialog.send("BYE");
  const bye = await callee.next({ method: "BYE", callId: call.callId });
  await callee.reply(bye, 200, "OK", {});
  await caller.next({ method: "BYE", status: 200, callId: call.callId });
}

describeWith(["namespaces", "kamailio", "kamcmd", "sysctl"], "a Kamailio as the other half of a pair", () => {
  test("a phone that has registered here is called by the Kamailio, before and after it has got the shared address", {
    timeout: LIMIT_MS,
  }, async () => {
    const { invites, left, right, upstream, near, far, kamailio, branchline } = await pair();
    await register(near, upstream, SHARED, "201");
    await until("the copy", async () => (await kamailio.location()).includes("AoR: 201"));
    const location = await kamailio.location();
    expect(location).toContain("Address: sip:201@10.222.237.10:5060");
    expect(location).toMatch(/Path: <sip:p~u~10\.222\.237\.1~.*@10\.222\.237\.1:5060;lr;received=/);
    expect(location).toContain("Socket: udp:10.222.237.1:5060");
    await talk(far, "sip:201@pbx.example.com", RIGHT, near);

    await branchline.kill();
    left.ip("address", "delete", `${SHARED.host}/24`, "dev", "eth0");
    right.addAddress(`${SHARED.host}/24`, "eth0");
    await kamailio.tell("cfg.set_now_int", "half", "master", "1");
    await talk(far, "sip:201@pbx.example.com", RIGHT, near);
    // The first by branchline, the second by the Kamailio: both from the address that they share.
    expect(invites.map((invite) => invite.from.host)).toEqual([SHARED.host, SHARED.host]);
  });

  test("a phone that has registered at the Kamailio is called from here, until it has taken its binding away there", {
    timeout: LIMIT_MS,
  }, async () => {
    const { invites, upstream, near, far, branchline } = await pair();
    await registerAt(RIGHT, far, 1, 300);
    const isKnown = async () => (await branchline.command("registered")).includes("202");
    await until("the copy", isKnown);
    await branchline.command("force", "down");
    await talk(near, "sip:202@pbx.example.com", SHARED, far);
    // Along the Kamailio's Path.
    expect(invites.map((invite) => invite.from.host)).toEqual([RIGHT.host]);
    expect(upstream.received.filter(({ method }) => method === "REGISTER")).toEqual([]);
    await registerAt(RIGHT, far, 2, 0);
    await until("the binding is gone", async () => !(await isKnown()));
  });

  test("its phones are called from the shared address once that is here, and the Kamailio isn't there any more", {
    timeout: LIMIT_MS,
  }, async () => {
    const { invites, left, right, near, far, kamailio, branchline } = await pair("right");
    await registerAt(SHARED, far, 1, 300);
    await until("the copy", async () => (await branchline.command("registered")).includes("202"));
    await kamailio.kill();
    right.ip("address", "delete", `${SHARED.host}/24`, "dev", "eth0");
    left.addAddress(`${SHARED.host}/24`, "eth0");
    await branchline.logs(/address_found listen=udp:10.222.237.1/);
    await branchline.command("force", "down");
    await talk(near, "sip:202@pbx.example.com", SHARED, far);
    expect(invites.map((invite) => invite.from.host)).toEqual([SHARED.host]);
  });
});
