/** Upstream and gateways: their names, whether they answer, and whether anybody meddles on the way. */

import type { Config } from "../../app/config/config.ts";
import { spell } from "../../app/config/reader.ts";
import { ipVersion, isPrivate } from "../../base/ip-range.ts";
import type { Response } from "../../message/message.ts";
import { parse } from "../../message/parse.ts";
import { splitHostPort } from "../../message/uri.ts";
import { gatewayConflict } from "../../policy/peers/address-conflicts.ts";
import { judgeProbe } from "../../policy/peers/probe-verdict.ts";
import type { AddressConflict } from "../../policy/status.ts";
import { TRANSPORTS } from "../../transport/flow.ts";
import { type Facts, fault, ok, type PeerFact, unseen, type Verdict, warning } from "./facts.ts";
import { deviceOf, isTunnel } from "./families.ts";

/** DNS slower than that is felt by the first call. */
const SLOW_ms = 1_000;

/** What each DNS server says of upstream's names, and how fast. */
export function names(facts: Facts): Verdict[] {
  const asked = [...new Set(facts.names.map(({ name }) => name))];
  if (asked.length === 0) return [ok("no name needs DNS")];
  return asked.flatMap((name) => {
    const all = facts.names.filter((one) => one.name === name);
    const found = all.find(({ addresses }) => addresses !== undefined && addresses.length > 0);
    const servers = all.map(({ server }) => server).join(", ");
    if (found === undefined) {
      const isSilent = all.every(({ addresses }) => addresses === undefined);
      const what = isSilent ? `${servers} give no answer about ${name}` : `${name} has no address, say ${servers}`;
      return [
        fault(`${what}: no call goes up`, ["# dns: {servers: [...]} in the file, or the address instead of the name"]),
      ];
    }
    const silent = all.filter(({ addresses }) => addresses === undefined).map(({ server }) => server);
    const told = `${name} is ${found.addresses?.join(", ")}, says ${found.server} in ${found.took_ms} ms`;
    if (silent.length > 0)
      return [warning(`${told}, but ${silent.join(", ")} doesn't answer: a restart makes calls wait`)];
    return [found.took_ms > SLOW_ms ? warning(`${told}: a restart makes calls wait`) : ok(told)];
  });
}

/** Whether upstream answers OPTIONS. */
export function upstream(facts: Facts, config: Config): Verdict[] {
  if (config.site.upstream.targets.length === 0) return [unseen("the file names no upstream to ask")];
  return peers(facts, config, "upstream", "calls live on the gateway alone");
}

/** Whether the gateways answer OPTIONS. */
export function gateways(facts: Facts, config: Config): Verdict[] {
  if (config.site.gateways.length === 0) return [warning("there is no gateway: in an outage nobody can call out")];
  return peers(facts, config, "gateway", "in an outage calls find no way out");
}

function peers(facts: Facts, config: Config, role: PeerFact["role"], harm: string): Verdict[] {
  const asked = facts.peers.filter((one) => one.role === role);
  if (asked.length === 0) return [unseen("no address is known to be asked")];
  return asked.map((peer) => {
    const where = `${peer.name} (${peer.to.address}:${peer.to.port}, ${peer.to.protocol})`;
    const answer = answerOf(peer);
    if (answer === undefined) {
      const why = peer.answer === undefined ? peer.error : "what came is no SIP answer";
      const doubt = role === "gateway" ? ", unless it just knows no OPTIONS" : "";
      return fault(`${where} doesn't answer OPTIONS: ${why}; ${harm}${doubt}`, [`ping -c 3 ${peer.to.address}`]);
    }
    const told = `${where} answers OPTIONS with ${answer.status} in ${peer.took_ms} ms`;
    if (answer.status === 503) return warning(`${told}: it has nobody behind it, so ${harm}`);
    const rules = rulesFor(peer, config);
    if (judgeProbe(rules, answer.status) !== "life") {
      const cure = `# ${role === "upstream" ? "upstream.probe" : "gateway_probe"}: {alive_codes: [${answer.status}]}, or what it wants to see: user, from`;
      return warning(`${told}, which isn't a sign of life for this file: it counts as down, so ${harm}`, [cure]);
    }
    const { timeout_ms } = rules.probe;
    if (peer.took_ms <= timeout_ms) return ok(told);
    const cure = `# ${role === "upstream" ? "upstream.probe" : "gateway_probe"}: {timeout: ${spell(Math.ceil(peer.took_ms / 1_000) * 2_000)}}`;
    return warning(`${told}, and a probe waits for ${spell(timeout_ms)} only: it counts as down, so ${harm}`, [cure]);
  });
}

/** By what the proxy judges this peer's answers. */
function rulesFor({ role, name }: PeerFact, { site }: Config) {
  const { upstream, gateways, gatewaySettings } = site;
  if (role === "upstream") {
    return { deadCodes: upstream.deadCodes, probe: upstream.ownProbes.get(name) ?? upstream.probe };
  }
  return { deadCodes: [], probe: gateways.find(({ uri }) => uri.text === name)?.probe ?? gatewaySettings.probe };
}

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
  if (all.length > 0) return all.map(({ text, cure }) => warning(text, [`# ${cure}`]));
  return [ok("no gateway and no phone that is registered has an address of upstream")];
}

function answerOf({ answer }: PeerFact): Response | undefined {
  const parsed = answer === undefined ? undefined : parse(answer);
  return parsed?.kind === "response" ? parsed : undefined;
}

/**
 * RFC 3581: who gets a request notes in its Via from where it came. We have shown our own address there, so that the answer
 * tells what became of it on the way. An ALG maps the Via back, but not what isn't there.
 */
export function path(facts: Facts, config: Config): Verdict[] {
  const answered = facts.peers.filter(
    (one) => one.role === "upstream" && !TRANSPORTS[one.to.protocol].isReliable && answerOf(one),
  );
  if (answered.length === 0) return [unseen("upstream hasn't answered over UDP, so nothing is known of the way")];
  return answered.map((peer) => {
    const local = peer.local ?? "";
    const via = answerOf(peer)?.topVia;
    const seen = via?.received;
    const to = peer.to.address;
    if (via !== undefined && via.host !== local) {
      return fault(
        `our Via came back from ${to} as ${via.host}: an ALG on the way rewrites SIP, and calls are one-way or lost`,
        CURE,
      );
    }
    const crossesNat = isPrivate(local) && !isPrivate(to) && !isTunnel(deviceOf(facts, local));
    if (crossesNat && (seen === undefined || isPrivate(seen) || ipVersion(seen) === 0)) {
      const what = `${to} sees no sender but ${seen ?? "what our Via says"}, and ${local} is private`;
      return fault(
        `${what}: unless a VPN leads there, an ALG on the way rewrites SIP, and calls are one-way or lost`,
        CURE,
      );
    }
    if (seen === undefined)
      return ok(`${to} doesn't say from where our requests come, nor need it: nothing is between us`);
    if (seen === local) return ok(`${to} sees us as ${local}, as we are`);
    const told = config.listeners
      .filter(({ address }) => address === local)
      .map(({ sentBy }) => splitHostPort(sentBy)?.host);
    if (told.includes(seen)) return ok(`${to} sees us as ${seen}, as advertise says`);
    const text = `${to} sees us as ${seen}, but reads ${told[0] ?? local} in our Path and Record-Route: its calls don't find back`;
    return warning(text, [
      `# listen: [{address: "udp:${local}:…", advertise: "${seen}:…"}], and forward that port to us`,
    ]);
  });
}

/** RFC 3327: whether upstream keeps the Path of registrations, as the branchline that runs has seen it. */
export function supportPath({ status }: Facts, config: Config): Verdict[] {
  if (config.site.registration.mode !== "path") return [ok("upstream sees our own Contact, and needs no Path")];
  if (status?.path === undefined) return []; // only a branchline that runs has seen any
  if (status.path.length === 0)
    return [ok("nothing has been seen that speaks against it that upstream keeps our Path")];
  return status.path.map(({ path: state, text, cures }) => {
    const cure = cures.map((line) => `# ${line}`);
    return state === "ignored" ? fault(text, cure) : warning(text, cure);
  });
}

/** Whether the names that phones have as outbound proxy mean this router, as the branchline that runs has seen them. */
export function outboundProxy({ status }: Facts): Verdict[] {
  if (status?.proxy_names === undefined) return [];
  if (status.proxy_names.length > 0) return status.proxy_names.map(({ text, cure }) => warning(text, [`# ${cure}`]));
  return [ok("no phone has been seen whose outbound proxy is a name that isn't this router's")];
}

const CURE = [
  '# switch "SIP ALG", "SIP helper" or "SIP fixup" off in the modem or firewall before this router, or use TCP or TLS',
];
