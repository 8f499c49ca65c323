/**
 * A small heap, as deploy/run.sh gives it, while known phones within their quotas flood it with calls that never end: branchline
 * lives, and meanwhile an emergency call reaches the gateway and another phone's call upstream.
 *
 *   six bad phones             branchline               upstream, gateway
 *     │── INVITE 100/s each ────▶│── INVITE ──────────────▶│   two ring for ever, two meet silence, two send 60 kB
 *     │◀─ 503 ───────────────────┆ no more room            │
 *   another phone, and a bad one │                         │
 *     │── INVITE 112 ───────────▶│── INVITE 112 ──────────▶│ gateway
 *     │── INVITE 5551234 ───────▶│── INVITE ──────────────▶│
 *
 * 15 s for each heap and Node; with BRANCHLINE_LONG=1 60 s, and on an emulated mipsel, too.
 */
import { afterAll, expect, test } from "vitest";
import { EMULATED, emulatedLane } from "../lanes/lanes.ts";
import { newToken, sdp } from "../sip/build.ts";
import { type Endpoint, hostPort, Subnet, sipUri } from "./support/addresses.ts";
import { Branchline } from "./support/branchline.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { pause } from "./support/clock.ts";
import { flood, ringingUpstream } from "./support/flood.ts";
import { installNode } from "./support/node-from-npm.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { describeUnless } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";

const isLong = process.env["BRANCHLINE_LONG"] === "1";
const FLOOD_s = isLong ? 60 : 15;
const HEAPS_mb = [32, 64] as const;
const CALLS_PER_SECOND = 100;
/** From when on calls are made, and how long until the next ones. */
const FIRST_CALL_s = 4;
const INTERVAL_s = 3;
/** Beyond its limit a table has room for urgent requests: half as much again. */
const BEYOND = 1.5;

const net = new Subnet(37);
const proxy = net.at(1);
const upstream = net.at(2);
const gatewayAt = net.at(3);
const BAD = { ringing: [17, 18], silent: [19, 20], long: [21, 22] } as const;
const badPhone = net.at(BAD.ringing[0], 5070);

interface Status {
  readonly tables: readonly {
    readonly name: string;
    readonly size: number;
    readonly limit: number;
    readonly hits: number;
  }[];
}

cleanUpAfterEach();

/** Calls, again until something comes, is answered, and hangs up; rejects when it isn't. */
async function call(phone: SipAgent, user: string, patience: number): Promise<void> {
  phone.patience_ms = 4_000 * patience;
  const outgoing = await OutgoingCall.start(phone, { to: `sip:${user}@pbx.example.com`, through: proxy });
  const [dialog] = await Promise.all([outgoing.established(), outgoing.insist()]);
  await dialog.send("BYE");
}

/** Answers every call. @returns the Call-IDs of these */
async function gateway(at: Endpoint): Promise<ReadonlySet<string>> {
  const agent = await SipAgent.open(at);
  const calls = new Set<string>();
  const contact = sipUri("gateway", at);
  agent.always({ method: "INVITE" }, (invite) => {
    calls.add(invite.callId);
    return agent.reply(invite, 200, "OK", { toTag: newToken(), contact, session: sdp(at.host) });
  });
  agent.always({ method: "BYE" }, (bye) => agent.reply(bye, 200, "OK"));
  agent.always({ method: "ACK" }, async () => {});
  return calls;
}

async function survive(node: string, heap_mb: number, patience: number): Promise<void> {
  await ringingUpstream(upstream);
  const reached = await gateway(gatewayAt);
  const branchline = await Branchline.start(
    {
      listen: [`udp:${hostPort(proxy)}`],
      localnet: [net.network(16)],
      upstream: { targets: [`sip:${hostPort(upstream)}`], fr_timer: "4s", probe: { timeout: "3s" } },
      gateways: [`sip:${hostPort(gatewayAt)}`],
      emergency: ["112"],
    },
    { node, byRunScript: true, heap_mb },
  );
  await branchline.upstreamIs("up", 20_000 * patience);
  const { pid } = branchline;
  const another = await SipAgent.open(net.at(30));
  const bad = await SipAgent.open(badPhone);
  const start = (kind: keyof typeof BAD, duration_s: number) => {
    const sources = BAD[kind].map((last) => net.host(last));
    const perSecond = sources.length * CALLS_PER_SECOND;
    return flood({ kind, sources, target: proxy, perSecond, duration_ms: duration_s * 1_000 }).over;
  };
  // First so many calls that there is no room for more, then such long ones that there is none for their texts.
  const long = pause(FLOOD_s * 500).then(() => start("long", FLOOD_s / 2));
  const floods = [start("ringing", FLOOD_s), start("silent", FLOOD_s), long];
  const over = Promise.all(floods);
  over.catch(() => {}); // a call that fails ends the test first
  await pause(FIRST_CALL_s * 1_000);
  let made = 0;
  for (let at_s = FIRST_CALL_s; at_s < FLOOD_s - 1; at_s += INTERVAL_s) {
    await Promise.all([
      pause(INTERVAL_s * 1_000),
      call(another, "112", patience),
      call(bad, "112", patience),
      call(another, "5551234", patience),
    ]);
    made += 1;
  }
  const { tables } = JSON.parse(await branchline.command("status", "--json")) as Status;
  await over;
  const shown = tables.filter(({ size, hits }) => size > 10 || hits > 0);
  console.log(
    `${heap_mb} MB: ${shown.map(({ name, size, limit, hits }) => `${name} ${size}/${limit} +${hits}`).join(", ")}`,
  );
  expect(branchline.pid).toBe(pid);
  expect(made).toBeGreaterThanOrEqual(3);
  expect(reached.size).toBe(2 * made);
  expect(tables.filter(({ size, limit }) => size > BEYOND * limit)).toEqual([]);
  // The flood has been one: there was no room for all of it.
  expect(tables.find(({ name }) => name === "unanswered")?.hits).toBeGreaterThan(0);
  await branchline.stop();
}

const nodes = [12, 20].map((major) => ({ major, ...installNode(major) }));
afterAll(() => {
  for (const { remove } of nodes) remove();
});

for (const { major, path, missing } of nodes) {
  describeUnless(missing === undefined ? [] : [missing], `Node ${major}`, () => {
    test.each(HEAPS_mb)(
      "with a heap of %d MB: it lives through floods of calls that never end, and still calls for help",
      {
        timeout: (FLOOD_s + 60) * 1_000,
      },
      (heap_mb) => survive(path, heap_mb, 1),
    );
  });
}

const mipsel = EMULATED.find(({ architecture }) => architecture === "mipsel");
if (isLong && mipsel !== undefined) {
  const { node, missing, gone, patience } = await emulatedLane(mipsel);
  const why = missing ?? gone;
  describeUnless(why === undefined ? [] : [why], "mipsel", () => {
    test(
      "with a heap of 32 MB: it lives through floods of calls that never end, and still calls for help",
      {
        timeout: (FLOOD_s + 60) * 1_000 * patience,
      },
      () => survive(node, 32, patience),
    );
  });
}
