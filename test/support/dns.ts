/** What a simulated DNS answers. */
import type { Answer, Question } from "../../src/transport/locator.ts";
import type { Address } from "./simulation.ts";

const LIFETIME_ms = 60_000;
const SIP_PORT = 5060;

/**
 * @param names addresses of hosts; other ports than 5060 become SRV records over UDP, in that order
 * @param records by type and name, such as "SRV _sip._udp.example.com"; these go first
 */
export function answerFrom(
  names: ReadonlyMap<string, readonly Address[]>,
  records: ReadonlyMap<string, Answer | undefined>,
  { type, name }: Question,
): Answer | undefined {
  const key = `${type} ${name}`;
  if (records.has(key)) return records.get(key);
  const service = type === "SRV" ? (names.get(name.replace("_sip._udp.", "")) ?? []) : [];
  if (name.startsWith("_sip._udp.") && service.some(({ port }) => port !== SIP_PORT)) {
    const found = service.map(({ port, address }, priority) => ({ priority, weight: 1, port, target: address }));
    return { records: found, lifetime_ms: LIFETIME_ms };
  }
  const version = type === "A" ? /^[0-9.]+$/ : type === "AAAA" ? /:/ : /^$/;
  const addresses = (names.get(name) ?? []).map(({ address }) => address).filter((address) => version.test(address));
  return { records: addresses, lifetime_ms: LIFETIME_ms };
}
