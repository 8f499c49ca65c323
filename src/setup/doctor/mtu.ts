/** Whether datagrams as long as an INVITE get through to upstream and gateways. */
import type { Config } from "../../app/config/config.ts";
import { LONG_INVITES_CURE, longInvitesText } from "../../policy/peers/datagram-lengths.ts";
import { type Cure, type Facts, fault, ok, type PeerFact, skipped, type Verdict, warning } from "./facts.ts";

/**
 * Whether requests as long as an INVITE reach those that answer short ones, over UDP. A tunnel with a small MTU, or a firewall
 * that drops IP fragments, lets OPTIONS pass and loses INVITEs. Behind an anycast address, silence says nothing of the way: the answer to
 * doctor's OPTIONS may come to another member.
 */
export function mtu(facts: Facts, { cluster }: Config): Verdict[] {
  const isAnycast = cluster?.mode === "anycast";
  const judged = (isAnycast ? [] : facts.peers).flatMap((peer) => {
    const { lengths, name, to, role } = peer;
    const [short, ...long] = lengths;
    if (short?.isAnswered !== true) return [];
    const where = `${name} (${to.address})`;
    const passed = Math.max(0, ...long.filter(({ isAnswered }) => isAnswered).map(({ octets = 0 }) => octets));
    const lost = long.map(({ octets = 0 }) => octets).filter((octets) => octets > passed);
    const known = {
      peer: name,
      address: to.address,
      answered_octets: passed,
      lost_octets: lost.length === 0 ? null : Math.min(...lost),
    };
    if (lost.length === 0) return [ok(`${where} answers OPTIONS of ${passed} octets too`, known)];
    const shorter = passed === 0 ? "short ones are" : `those of ${passed} are`;
    const why = passed === 0 ? "the MTU of the way there is small" : "IP fragments are lost on the way";
    const text =
      `${where} doesn't answer OPTIONS of ${Math.min(...lost)} octets, while ${shorter} answered: ${why}, ` +
      "and calls with long INVITEs are lost";
    return [fault(text, cureFor(role, name), known)];
  });
  const { upstream = [], gateways = [] } = facts.status ?? {};
  const seen = [...upstream, ...gateways].flatMap(({ name, long_invites: found }) =>
    found === undefined ? [] : [warning(`${name}: ${longInvitesText(found)}`, [`# ${LONG_INVITES_CURE}`])],
  );
  const verdicts = [...judged, ...seen];
  const why = isAnycast ? "answers to doctor may come to another member" : "nothing has been answered over UDP";
  return verdicts.length > 0 ? verdicts : [skipped(`${why}: the length that gets through isn't known`)];
}

/** What helps where long datagrams are lost; the MSS concerns TCP alone. */
function cureFor(role: PeerFact["role"], name: string): Cure {
  const uri = name.includes(";transport=") ? name : `${name};transport=tcp`;
  const key = role === "upstream" ? "upstream" : "gateways";
  return [
    `# ${key}: "${uri}", with a tcp: address in listen, if it speaks TCP`,
    "# or raise the MTU of the tunnel, or let IP fragments pass in each firewall on the way; a lower MSS doesn't help UDP",
  ];
}
