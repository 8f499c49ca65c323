/**
 * What branches owe to those that they ask, whatever these do: addresses of one name and phones of one group answer, ring, refuse, fall
 * silent and come back as chance has it, and the caller hangs up at any moment.
 */

import { expect, test } from "vitest";
import { tablesOf } from "../fuzz/tables.ts";
import { responseText } from "../sip/build.ts";
import { cseqMethodOf, header, methodOf, readSip, type SipText, statusOf, tagOf, viaAddress } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import fc from "../support/properties.ts";
import type { Address, Endpoint } from "../support/simulation.ts";
import { GATEWAY, PHONE, SITE_YAML, Site } from "../support/site.ts";

const DOMAIN = "pbx.example.com";
const ADDRESSES = ["198.51.100.11", "198.51.100.12", "198.51.100.13"].map((address) => ({ address, port: 5070 }));
const YAML = SITE_YAML.replace("sip:198.51.100.10", `sip:${DOMAIN}`);
/** Timer C of two stages, and 64·T1 behind each. */
const QUIET_ms = 500_000;
/** Both ways of the network, and the turn at each end. */
const WAY_ms = 25;

/** What it says to an INVITE, and when. */
interface Answer {
  readonly after_ms: number;
  readonly status: number;
}

interface Server {
  readonly answers: readonly Answer[];
  /** Whether it answers CANCEL, and after how long the 487 follows. */
  readonly cancel: "obeys" | "slow" | "ignores";
  /** When it becomes silent, or its host refuses, and for how long. */
  readonly trouble: { readonly kind: "none" | "silent" | "refuses"; readonly at_ms: number; readonly for_ms: number };
}

/** An INVITE that has come to it, and what became of that. */
interface Leg {
  readonly invite: SipText;
  ringing_ms: number | undefined;
  stopped_ms: number | undefined;
  final: number;
  cancelled: boolean;
  /** Whether a CANCEL came that it pays no heed to. */
  ignored: boolean;
  acked: boolean;
  hungUp: boolean;
  readonly tag: string;
}

let tags = 0;

/** A server or a phone, without retransmissions but those of its final response until the ACK comes. */
class Uas implements Endpoint {
  readonly legs = new Map<string, Leg>();
  private readonly site: Site;
  private readonly at: Address;
  private readonly habit: Server;

  constructor(site: Site, at: Address, habit: Server) {
    this.site = site;
    this.at = at;
    this.habit = habit;
    site.simulation.attach(at, this);
    const { kind, at_ms, for_ms } = habit.trouble;
    if (kind === "silent") {
      site.at(at_ms, () => site.simulation.silence(at));
      site.at(at_ms + for_ms, () => site.simulation.silence(at, false));
    } else if (kind === "refuses") {
      site.at(at_ms, () => site.simulation.detach(at));
      site.at(at_ms + for_ms, () => site.simulation.attach(at, this));
    }
  }

  get isFaultless(): boolean {
    return this.habit.trouble.kind === "none";
  }

  onDatagram(wire: string): void {
    const message = readSip(wire);
    const method = methodOf(message);
    const branch = /branch=([^;,\s]*)/.exec(header(message, "via"))?.[1] ?? "";
    if (method === "OPTIONS") this.reply(message, 200, "o");
    else if (method === "INVITE") this.invited(message, branch);
    else if (method === "CANCEL") this.cancelled(message, branch);
    else if (method === "ACK" || method === "BYE") {
      const leg = [...this.legs.values()].find(({ tag }) => header(message, "to").endsWith(`tag=${tag}`));
      if (leg !== undefined && method === "ACK") leg.acked = true;
      if (leg !== undefined && method === "BYE") leg.hungUp = true;
      if (method === "BYE") this.reply(message, 200, "b");
    }
  }

  private invited(invite: SipText, branch: string): void {
    if (this.legs.has(branch)) return;
    tags += 1;
    const leg: Leg = {
      invite,
      ringing_ms: undefined,
      stopped_ms: undefined,
      final: 0,
      cancelled: false,
      ignored: false,
      acked: false,
      hungUp: false,
      tag: `t${tags}x`,
    };
    this.legs.set(branch, leg);
    for (const { after_ms, status } of this.habit.answers) this.site.at(after_ms, () => this.say(leg, status));
  }

  private say(leg: Leg, status: number): void {
    if (leg.final > 0) return;
    if (status >= 200) this.end(leg, status);
    else {
      if (leg.cancelled && this.habit.cancel !== "ignores") return;
      if (status > 100) leg.ringing_ms ??= this.site.simulation.now_ms;
      this.reply(leg.invite, status, leg.tag);
    }
  }

  private end(leg: Leg, status: number): void {
    leg.final = status;
    leg.stopped_ms ??= this.site.simulation.now_ms;
    const repeat = (interval_ms: number, left: number) => {
      if (leg.acked || left === 0) return;
      this.reply(leg.invite, status, leg.tag);
      this.site.at(interval_ms, () => repeat(Math.min(interval_ms * 2, 4_000), left - 1));
    };
    repeat(500, 10);
  }

  private cancelled(cancel: SipText, branch: string): void {
    const leg = this.legs.get(branch);
    if (leg === undefined) return;
    leg.cancelled = true;
    if (this.habit.cancel === "ignores") {
      leg.ignored = true;
      return;
    }
    leg.stopped_ms ??= this.site.simulation.now_ms;
    this.reply(cancel, 200, leg.tag);
    this.site.at(this.habit.cancel === "slow" ? 3_000 : 0, () => {
      if (leg.final === 0) this.end(leg, 487);
    });
  }

  private reply(request: SipText, status: number, tag: string): void {
    const contact = `sip:${this.at.address}:${this.at.port}`;
    const { host, port } = viaAddress(request);
    this.site.simulation.send(
      this.at,
      { address: host, port },
      responseText(request, status, { reason: "x", toTag: status === 100 ? "" : tag, contact }),
    );
  }
}

const answer = fc.record({
  after_ms: fc.constantFrom(0, 20, 500, 1_500, 1_990, 2_010, 2_500, 3_990, 4_010, 4_500, 6_000, 9_000, 25_000),
  status: fc.constantFrom(100, 100, 180, 180, 183, 200, 200, 486, 503, 503, 603, 302),
});
const server: fc.Arbitrary<Server> = fc.record({
  answers: fc.array(answer, { maxLength: 4 }),
  cancel: fc.constantFrom("obeys", "obeys", "slow", "ignores"),
  trouble: fc.record({
    kind: fc.constantFrom("none", "none", "none", "silent", "refuses"),
    at_ms: fc.constantFrom(0, 100, 1_000, 2_000, 4_000, 5_000),
    for_ms: fc.constantFrom(500, 3_000, 20_000, 1_000_000),
  }),
});
const play = fc.record({
  servers: fc.array(server, { minLength: 1, maxLength: 3 }),
  gateway: server,
  relays: fc.boolean(),
  cancel_ms: fc.option(fc.constantFrom(0, 10, 1_000, 2_005, 3_000, 4_006, 4_500, 6_000, 8_000, 30_000), {
    nil: undefined,
  }),
  knows: fc.boolean(),
  seed: fc.nat(),
});

/** Holds for all callees. @returns the legs that have rung at UASs without fault */
function judge(site: Site, caller: Actor, all: readonly Uas[]): Leg[] {
  const got = caller.received
    .map(({ message }) => message)
    .filter((one) => cseqMethodOf(one) === "INVITE" && statusOf(one) >= 200);
  const finals = [...new Set(got.map((one) => `${statusOf(one)} ${tagOf(header(one, "to"))}`))];
  expect(finals.length, "finals").toBeGreaterThan(0);
  // One answer, or as many 2xx as there are.
  if (!finals.every((one) => one.startsWith("2"))) expect(finals).toHaveLength(1);
  const legs = all.filter(({ isFaultless }) => isFaultless).flatMap((uas) => [...uas.legs.values()]);
  for (const leg of legs) {
    const what = JSON.stringify({ ...leg, invite: leg.invite.startLine });
    if (leg.final >= 200) expect(leg.acked, `acked ${what}`).toBe(true);
    if (leg.final >= 200 && leg.final < 300)
      expect(finals.includes(`200 ${leg.tag}`) || leg.hungUp, `known or hung up ${what}`).toBe(true);
    if (leg.final === 0 && leg.ringing_ms !== undefined) expect(leg.cancelled, `cancelled ${what}`).toBe(true);
  }
  expect(site.events.filter(({ event }) => /_failed$/.test(event))).toEqual([]);
  const probes = site.simulation.sightings.flatMap(({ wire }) =>
    wire.includes("User-Agent: branchline\r\n") ? [/branch=([^;\r]*)/.exec(wire)?.[1] ?? ""] : [],
  );
  expect(tablesOf(site.engine, probes, site.simulation.now_ms)).toEqual([]);
  return legs.filter(({ ringing_ms }) => ringing_ms !== undefined);
}

const OPTIONS = { numRuns: 60 };

test("a name with several addresses: what rings is answered or cancelled, one at a time; a 2xx is acknowledged, and the call's or hung up", () => {
  fc.assert(
    fc.property(play, ({ servers, gateway, relays, cancel_ms, knows, seed }) => {
      const site = new Site(relays ? `${YAML}survival: {answer: relay}\n` : YAML, { seed });
      const addresses = ADDRESSES.slice(0, servers.length);
      site.names.set(DOMAIN, addresses);
      const phone = site.actor("phone", PHONE);
      if (knows) site.run(100);
      const all = servers.map((habit, index) => new Uas(site, addresses[index] ?? PHONE, habit));
      all.push(new Uas(site, GATEWAY, gateway));
      const invite = phone.invite(`sip:5551234@${DOMAIN}`);
      if (cancel_ms !== undefined) site.at(cancel_ms, () => phone.cancel(invite));
      site.run(QUIET_ms);
      const rings = judge(site, phone, all);
      // No two ring for one caller; those aside that ignore CANCEL.
      for (const a of rings)
        for (const b of rings) {
          if (a === b || (a.ringing_ms ?? 0) > (b.ringing_ms ?? 0)) continue;
          if (a.ignored || b.ignored) continue;
          const both_ms = Math.min(a.stopped_ms ?? 1e9, b.stopped_ms ?? 1e9) - (b.ringing_ms ?? 0);
          expect(both_ms, `both ring ${JSON.stringify([a, b].map((one) => ({ ...one, invite: 0 })))}`).toBeLessThan(
            WAY_ms,
          );
        }
    }),
    OPTIONS,
  );
}, 600_000);

test("a group of phones: what rings is answered or cancelled; a 2xx is acknowledged, and the call's or hung up", () => {
  fc.assert(
    fc.property(
      play,
      fc.constantFrom("parallel", "serial"),
      fc.constantFrom("member", "group"),
      fc.constantFrom("5s", "30s"),
      fc.boolean(),
      ({ servers, gateway, cancel_ms, seed }, strategy, decline, ring, overflows) => {
        const members = servers.map((_, index) => `"sip:20${index}@10.222.237.${21 + index}"`).join();
        const last = overflows ? ", overflow: other" : "";
        const yaml = SITE_YAML.replace(
          /hunt_groups.*\n/,
          `hunt_groups: {default: {members: [${members}], strategy: ${strategy}, decline: ${decline}, ring: ${ring}${last}}, other: {members: ["sip:300@10.222.237.30"]}}\n`,
        );
        const site = new Site(yaml, { seed });
        const caller = site.actor("gateway", GATEWAY);
        site.run(100);
        const all = servers.map(
          (habit, index) => new Uas(site, { address: `10.222.237.${21 + index}`, port: 5060 }, habit),
        );
        all.push(new Uas(site, { address: "10.222.237.30", port: 5060 }, gateway));
        const invite = caller.invite("sip:5550100@10.222.237.1");
        if (cancel_ms !== undefined) site.at(cancel_ms, () => caller.cancel(invite));
        site.run(QUIET_ms);
        judge(site, caller, all);
      },
    ),
    OPTIONS,
  );
}, 600_000);
