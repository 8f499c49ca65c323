/** Upstream and gateways: their names and addresses, and whether a NAT or an ALG meddles on the way. */

import type { Config } from "../../app/config/config.ts";
import { ipVersion, isPrivate } from "../../base/ip-range.ts";
import { splitHostPort } from "../../message/uri.ts";
import { gatewayConflict } from "../../policy/peers/address-conflicts.ts";
import type { AddressConflict } from "../../policy/status.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import { type Cure, cureFrom, type Facts, fault, ok, skipped, type Verdict, warning } from "./facts.ts";
import { isTunnel, wayTo } from "./families.ts";
import { answerOf } from "./own-options.ts";
import { notSeen } from "./running.ts";

/** Whether a gateway or a phone is at an address of upstream: what comes from there can't be told apart. */
export function addresses({ peers: asked, status }: Facts, { site }: Config): Verdict[] {
  const above = asked.filter(({ role }) => role === "upstream");
  const found = above.flatMap(({ name, to }) =>
    site.gateways
      .filter(({ uri }) => uri.host === to.address)
      .map((gateway) => gatewayConflict(gateway.name, to.address, name)),
  );
  const isNew = (one: AddressConflict) => one.with === "phone" || !found.some(({ address }) => address === one.address);
  const seen = (status?.conflicts ?? []).filter(isNew);
  const all = [...found, ...seen];
  if (all.length > 0) {
    return all.map(({ with: role, address, text, cure }) => warning(text, [`# ${cure}`], { with: role, address }));
  }
  return [ok("no gateway and no registered phone has an address of upstream")];
}

/**
 * RFC 3581: who gets a request notes in its Via from where it came. We have shown our own address there, so that the answer
 * tells what became of it on the way. An ALG maps the Via back, but not what isn't there.
 */
export function path(facts: Facts, config: Config): Verdict[] {
  const answered = facts.peers.filter(
    (one) => one.role === "upstream" && !TRANSPORTS[one.to.protocol].isReliable && answerOf(one),
  );
  if (answered.length === 0) return [skipped(whyNoWay(facts))];
  return answered.map((peer) => {
    const local = peer.local ?? "";
    const via = answerOf(peer)?.topVia;
    const seen = via?.received;
    const to = peer.to.address;
    const known = { address: to, local_address: local, seen_address: seen ?? null, via_host: via?.host ?? null };
    if (via !== undefined && via.host !== local) {
      const what = `our Via came back from ${to} as ${via.host}`;
      return fault(`${what}: an ALG on the way rewrites SIP, and calls are one-way or lost`, CURE, known);
    }
    const crossesNat = isPrivate(local) && !isPrivate(to) && !isTunnel(wayTo(facts, peer));
    if (crossesNat && (seen === undefined || isPrivate(seen) || ipVersion(seen) === 0)) {
      const what = `${to} sees no sender but ${seen ?? "what our Via says"}, and ${local} is private`;
      const harm = "unless a VPN leads there, an ALG on the way rewrites SIP, and calls are one-way or lost";
      return fault(`${what}: ${harm}`, CURE, known);
    }
    if (seen === undefined || seen === local) {
      return ok(`upstream sees our own address (${local}; no NAT or ALG in between)`, known);
    }
    const told = config.listeners
      .filter(({ address }) => address === local)
      .map(({ sentBy }) => splitHostPort(sentBy)?.host);
    if (told.includes(seen)) return ok(`${to} sees us as ${seen}, as advertise says`, known);
    const text = `${to} sees us as ${seen}, but reads ${told[0] ?? local} in our Path and Record-Route: its calls don't find back`;
    const cure = `# listen: [{address: "udp:${local}:…", advertise: "${seen}:…"}], and forward that port to us`;
    return warning(text, [cure], known);
  });
}

/** An ALG is looked for over UDP alone. */
function whyNoWay({ peers }: Facts): string {
  const used = peers.filter(({ role }) => role === "upstream").map(({ to }) => TRANSPORTS[to.protocol]);
  if (used.length === 0 || used.some(({ isReliable }) => !isReliable)) {
    return "upstream hasn't answered over UDP, so nothing is known of the way";
  }
  const names = [...new Set(used.map(({ via }) => via))].join(" and ");
  return `upstream is reached over ${names} alone, and what rewrites SIP on the way is looked for over UDP`;
}

/** RFC 3327: whether upstream keeps the Path of registrations, as the branchline that runs has seen it. */
export function supportPath(facts: Facts, config: Config): Verdict[] {
  const { status } = facts;
  if (config.site.registration.mode !== "path") return [ok("upstream sees our own Contact, and needs no Path")];
  if (status?.path === undefined) return [notSeen(facts)];
  if (status.path.length === 0) return [ok("nothing seen so far says that upstream ignores our Path")];
  return status.path.map(({ upstream, path: state, text, cures }) => {
    const cure = cureFrom(
      cures.map((line) => `# ${line}`),
      "# registration: contact",
    );
    const known = { upstream, path: state };
    return state === "ignored" ? fault(text, cure, known) : warning(text, cure, known);
  });
}

/** Whether the names that phones have as outbound proxy mean this router, as the branchline that runs has seen them. */
export function outboundProxy(facts: Facts): Verdict[] {
  const { status } = facts;
  if (status?.proxy_names === undefined) return [notSeen(facts)];
  if (status.proxy_names.length > 0) {
    return status.proxy_names.map(({ name, addresses: leads_to, from, text, cure }) => {
      return warning(text, [`# ${cure}`], { name, leads_to, from });
    });
  }
  return [ok("no phone has been seen whose outbound proxy is a name that isn't this router's")];
}

const CURE: Cure = [
  '# switch "SIP ALG", "SIP helper" or "SIP fixup" off in the modem or firewall before this router, or use TCP or TLS',
];
