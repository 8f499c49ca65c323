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
 * 15 s for each heap and Node; with BRANCHLINE_LONG=1 60 s. One Node a file, so that two play side by side.
 */
import { expect } from "vitest";
import { newToken, sdp } from "../../sip/build.ts";
import { PATIENCE_MS } from "../../support/machine.ts";
import type { Program } from "../../support/program.ts";
import { type Endpoint, hostPort, type Subnet, sipUri } from "./addresses.ts";
import { Branchline } from "./branchline.ts";
import { pause } from "./clock.ts";
import { flood, ringingUpstream } from "./flood.ts";
import { OutgoingCall } from "./outgoing-call.ts";
import { SipAgent } from "./sip-agent.ts";

const FLOOD_s = process.env["BRANCHLINE_LONG"] === "1" ? 60 : 15;
/** What {@link surviveFloods} takes at the most, by a processor as quick as this machine's. */
export const FLOODS_LIMIT_MS = (FLOOD_s + 180) * 1_000;
const CALLS_PER_SECOND = 100;
/** From when on calls are made, and how long until the next ones. */
const FIRST_CALL_s = 4;
const INTERVAL_s = 3;
/** Beyond its limit a table has room for urgent requests: half as much again. */
const BEYOND = 1.5;

const BAD = { ringing: [17, 18], silent: [19, 20], long: [21, 22] } as const;

interface Status {
  readonly tables: readonly {
    readonly name: string;
    readonly size: number;
    readonly limit: number;
    readonly hits: number;
  }[];
}

/** Calls, again until something comes, is answered, and hangs up; rejects when it isn't. */
async function call(phone: SipAgent, user: string, proxy: Endpoint, patience: number): Promise<void> {
  phone.patience_ms = PATIENCE_MS * patience;
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

/**
 * branchline lives through the floods, with a heap of that size, and all calls for help get through.
 * @param net the addresses of the file
 * @param program what runs it
 * @param patience how many times longer an emulated processor may take
 */
export async function surviveFloods(net: Subnet, program: Program, heap_mb: number, patience = 1): Promise<void> {
  const [proxy, upstream, gatewayAt] = [net.at(1), net.at(2), net.at(3)];
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
    { program, byRunScript: true, heap_mb },
  );
  await branchline.upstreamIs("up", PATIENCE_MS * patience);
  const { pid } = branchline;
  const another = await SipAgent.open(net.at(30));
  const bad = await SipAgent.open(net.at(BAD.ringing[0], 5070));
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
      call(another, "112", proxy, patience),
      call(bad, "112", proxy, patience),
      call(another, "5551234", proxy, patience),
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
