/** A phone, a PBX and gateways of a branch whose calls go by members with one address, and what is counted of them. */
import { cseqMethodOf, header, statusOf } from "../../sip/message.ts";
import { repeat } from "../../sip/repetition.ts";
import type { Actor } from "../../support/actor.ts";
import type { Address } from "../../support/simulation.ts";
import { ANYCAST_YAML, AnycastGroup, type AnycastNode } from "./anycast.ts";
import { ANYCAST } from "./spray.ts";

export const PHONE: Address = { address: "10.204.204.11", port: 5060 };
const PBX: Address = { address: "198.51.100.10", port: 5060 };
const GATEWAY: Address = { address: "10.10.1.3", port: 5060 };
const SECOND: Address = { address: "10.10.1.4", port: 5060 };
const REPEATED_MAX_ms = 8_000;
/** Of the PBX. */
export const NUMBER = "sip:5551234@198.51.100.10";

export async function anycastScene(seed: number, count = 3, yaml?: string) {
  const group = await AnycastGroup.start(count, seed, yaml);
  const [first] = group.living;
  if (first === undefined) throw new Error("no member");
  const actor = (name: string, at: Address) => first.site.actor(name, at, ANYCAST);
  const phone = actor("201", PHONE);
  const [pbx, gateway, second] = [actor("pbx", PBX), actor("gateway", GATEWAY), actor("second", SECOND)];
  for (const callee of [pbx, gateway, second]) callee.repeatsAnswers = true;
  group.run(3_000);
  group.network.counts.clear();
  return { group, phone, pbx, gateway, second, actor };
}

/** Calls of the gateway's are for two phones. @param how they are called */
export async function hunted(seed: number, how = "") {
  const members = ["21", "22"].map((host) => `"sip:2${host}@10.204.204.${host}"`);
  const yaml = `${ANYCAST_YAML}hunt_groups: {default: {${how}members: [${members.join(", ")}]}}\n`;
  const scene = await anycastScene(seed, 3, yaml);
  const phone = (host: number) => scene.actor(`2${host}`, { address: `10.204.204.${host}`, port: 5060 });
  return { ...scene, one: phone(21), other: phone(22) };
}

/** Final responses to its INVITEs, in order. */
export const finals = (actor: Actor) =>
  actor.received
    .filter(({ message }) => statusOf(message) >= 200 && cseqMethodOf(message) === "INVITE")
    .map(({ message }) => statusOf(message));

/** How many INVITEs it has had: one that comes again has the same branch. */
export const transactions = (actor: Actor) =>
  new Set(actor.requests("INVITE").map(({ message }) => header(message, "via"))).size;

/** The only member that makes calls. */
export function ownerOf({ owners }: AnycastGroup): AnycastNode {
  const [owner, ...others] = owners;
  if (owner === undefined || others.length > 0) throw new Error(`${owners.length} members make the call`);
  return owner;
}

/** Sends something again, as over UDP, until it has been heard (RFC 3261 §17.1.1.2). */
export function repeats({ network }: AnycastGroup, send: () => void, isHeard: () => boolean): void {
  const clock = { after: (delay_ms: number, run: () => void) => network.after(delay_ms, run) };
  repeat(clock, () => !isHeard(), send, REPEATED_MAX_ms);
}

/** What no member ever logs. */
export function errors({ sites }: AnycastGroup): string[] {
  return sites.flatMap(({ events }) =>
    events
      .filter(({ level, event }) => level === "error" || event === "call_not_carried_on")
      .map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`),
  );
}
