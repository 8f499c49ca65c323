/** Whether what a proxy passes on is what it was given, but for what §16.6 and §16.7 tell it to change. */
import { expect } from "vitest";
import { cseqMethodOf, header, methodOf, readSip, type SipText, statusOf } from "../../sip/message.ts";
import { LAN, type Site, WAN } from "../../support/site.ts";

/** What a proxy may add, remove or change. */
const CHANGED = ["via", "route", "record-route", "max-forwards", "max-breadth"];

/**
 * Every message that came to us in this flow left us once, with the same start line (but for the Request-URI, where a
 * binding says so), the same other header fields and the same body. Fields that are hop by hop are left out.
 */
export function expectUntouched(site: Site, least: number): void {
  const isOurs = ({ address }: { readonly address: string }) => address === LAN.address || address === WAN.address;
  const came: string[] = [];
  const left: string[] = [];
  const failed = new Set<string>();
  for (const { from, wire } of site.simulation.sightings) {
    const message = readSip(wire);
    const cseq = `${header(message, "call-id")} ${header(message, "cseq").split(" ")[0]}`;
    if (statusOf(message) >= 300 && cseqMethodOf(message) === "INVITE") failed.add(cseq);
    const isHopByHop =
      cseqMethodOf(message) === "OPTIONS" ||
      cseqMethodOf(message) === "CANCEL" ||
      statusOf(message) === 100 ||
      (methodOf(message) === "ACK" && failed.has(cseq));
    if (isHopByHop) continue;
    (isOurs(from) ? left : came).push(essence(message));
  }
  expect(came.length).toBeGreaterThanOrEqual(least);
  expect([...left].sort()).toEqual([...came].sort());
}

function essence(message: SipText): string {
  const fields = [...message.headers].filter(([name]) => !CHANGED.includes(name));
  return JSON.stringify([methodOf(message) || message.startLine, fields, message.body]);
}
