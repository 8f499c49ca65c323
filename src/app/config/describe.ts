/** What a configuration will do, in words. */
import { hostText, uriPort } from "../../message/uri.ts";
import { rewrite } from "../../policy/gateways/rewriting.ts";
import { samePort } from "../../policy/peers/address-conflicts.ts";
import type { ProbeSettings, Site } from "../../policy/site.ts";
import { PLAIN_OPTIONS } from "../../proxy/options-request.ts";
import { DEFAULT_PROTOCOL, TRANSPORTS } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { OwnListener } from "../../transport/own-listener.ts";
import type { Config } from "./config.ts";
import { clusterLines } from "./describe-cluster.ts";
import { inboundLines } from "./describe-inbound.ts";
import {
  carrierLines,
  channelLines,
  forcedLines,
  numberLines,
  registrationLines,
  WARNING,
  waitText,
} from "./describe-more.ts";
import { spoken } from "./durations.ts";
import type { AnySection } from "./section.ts";
import { SECTIONS } from "./sections.ts";

const STRANGERS = {
  auto: "Other senders get 403 on an address within the phones' networks, and no answer on any other.",
  drop: "Other senders get no answer.",
  reject: "Other senders get 403.",
};

/** What a configuration will do: a sentence a line; those that begin with {@link WARNING} name what may not be meant. */
export function describe(config: Config): string {
  const { site } = config;
  const lines = [
    `Listens on ${config.listeners.map(({ name }) => name).join(", ")}.`,
    ...config.listeners.flatMap((one) => listenerLines(one)),
    ...ownLines(config),
    ...clusterLines(config),
    ...nameLines(site),
    `Serves the phones in ${site.localnet.ranges.map((range) => range.text).join(", ")}.`,
    ...(site.upstream.force === "auto" ? watchedLines(site) : forcedLines(site)),
    ...numberLines(site),
    ...registrationLines(site),
    ...survivalLines(site),
    ...carrierLines(site),
    ...channelLines(site),
    ...dialOutLines(site),
    ...trustLines(site),
    ...emergencyLines(site),
    ...inboundLines(site),
    STRANGERS[site.strangers],
  ];
  return `${lines.join("\n")}\n`;
}

function watchedLines(site: Site): string[] {
  const { upstream } = site;
  return [
    upstream.targets.length > 0
      ? `Sends their requests to ${upstream.targets.map((uri) => uri.text).join(", then ")}, with the Request-URI unchanged.`
      : "Sends their requests to the domain in each Request-URI, as DNS finds it.",
    `Probes upstream every ${spoken(upstream.probe.interval_ms)}.`,
    `After an outage, calls go to upstream again once it has answered for ${spoken(upstream.hold_ms)}; ` +
      `for longer if the link flaps, up to ${spoken(upstream.hold_max_ms)}; after a restart in the outage, with upstream's first answer.`,
    ...probeLines(site),
  ];
}

function survivalLines(site: Site): string[] {
  const { survival, upstream } = site;
  const gateways = site.gateways.map((gateway) => gateway.uri.text);
  if (gateways.length === 0) {
    const when = upstream.force === "down" ? "" : "in an outage, ";
    return [`Has no gateway: ${when}calls to outside numbers get 480.`];
  }
  const answer =
    survival.answer === "relay"
      ? `forwards the call to ${gateways.join(", then ")}`
      : `redirects the phone to ${gateways[0] ?? ""} (${survival.answer === "auto" ? "302, or forwards the call" : survival.answer})`;
  const hold_ms = survival.notice_hold_ms;
  const wait = waitText(upstream.fr_timer_ms, upstream.targets.length);
  const when =
    upstream.force === "down"
      ? "With each call to an outside number, "
      : `If upstream doesn't answer a call within ${wait}, or is known to be down, `;
  return [
    `${when}the phone gets 181 "${survival.notice}".`,
    `${hold_ms === 0 ? "At the same time" : `${spoken(hold_ms)} later`} branchline ${answer}.`,
    "Outside numbers are all that no phone here has registered and the file doesn't name, such as extensions of other sites: the gateway gets them as they were dialled, unless a rule of the file rewrites them.",
    `Calls that name a gateway (${gateways.join(", ")}) go there at once.`,
    ...sharedLines(site),
  ];
}

function nameLines({ names, certificateNames }: Site): string[] {
  const all = [...new Set([...names, ...certificateNames])];
  return all.length === 0
    ? []
    : [`Is called ${all.join(", ")}: a request that names one of these is meant for this router.`];
}

/** Probes that are unlike those of a file that says nothing about them: what is sent, and what counts as life. */
function probeLines({ upstream, gateways, gatewaySettings }: Site): string[] {
  const common = probeWords(upstream.probe);
  const targets = [...upstream.ownProbes].map(([uri, probe]) => `Probes ${uri} ${intervalWords(probe)}.`);
  const lines = common === "" ? targets : [`A probe of upstream is an OPTIONS request ${common}.`, ...targets];
  const shared = probeWords(gatewaySettings.probe);
  if (shared !== "" && gateways.length > 0) lines.push(`A probe of a gateway is an OPTIONS request ${shared}.`);
  const own = gateways.filter(({ probe }) => probe !== gatewaySettings.probe);
  return [...lines, ...own.map(({ name, probe }) => `Probes gateway ${name} ${intervalWords(probe)}.`)];
}

/** Phones at a gateway's address: the analogue ports of the box that is the gateway. */
function sharedLines({ gateways, huntGroups, localnet }: Site): string[] {
  const near = gateways.filter(({ uri }) => localnet.contains(uri.host));
  const lines = near.map(({ name, uri }) => {
    const who = `A phone at the address of gateway ${name}, such as an analogue port of that device,`;
    const { protocol = DEFAULT_PROTOCOL } = hopOf(uri);
    const { isReliable, via } = TRANSPORTS[protocol];
    const more = isReliable ? `, or over ${via} by the Contact that upstream has accepted` : "";
    return `${who} is told from the gateway by its SIP port${more}: give it another than ${uriPort(uri)}.`;
  });
  const members = new Set(huntGroups.flatMap((group) => group.members));
  for (const member of members) {
    if (typeof member === "string") continue;
    const shared = gateways.find(({ uri }) => uri.host === member.host && uriPort(uri) === uriPort(member));
    if (shared === undefined) continue;
    const { text, cure } = samePort(`Member ${member.text} is at`, member.host, uriPort(member), shared.name);
    lines.push(`${WARNING}${text}; ${cure}.`);
  }
  return lines;
}

function intervalWords(probe: ProbeSettings): string {
  const words = probeWords(probe);
  return `every ${spoken(probe.interval_ms)}${words === "" ? "" : ` by an OPTIONS request ${words}`}`;
}

function probeWords({ options, aliveCodes }: ProbeSettings): string {
  const { from, user, maxForwards, octets } = options;
  const life = aliveCodes?.map(({ first, last }) => (first === last ? `${first}` : `${first} to ${last}`));
  return [
    ...(user === undefined ? [] : [`to the user ${user}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(maxForwards === PLAIN_OPTIONS.maxForwards ? [] : [`with Max-Forwards ${maxForwards}`]),
    ...(octets === undefined ? [] : [`of ${octets} octets`]),
    ...(life === undefined ? [] : [`to which only ${life.join(", ")} is a sign of life`]),
  ].join(", ");
}

function listenerLines({ isInterface, settings: { at, version, advertise } }: OwnListener): string[] {
  const lines = isInterface ? [`Uses the IPv${version} address that ${at} has, also after that has changed.`] : [];
  return advertise === undefined
    ? lines
    : [...lines, `Tells peers of ${hostText(at)} that its address is ${advertise}.`];
}

/** What sections say of themselves, those of the site too, in the order of `sections.ts`. */
function ownLines(config: Config): string[] {
  const { site } = config;
  const sections: Readonly<Record<string, AnySection>> = SECTIONS;
  const parts = new Map<string, unknown>([...Object.entries(config), ...Object.entries(site)]);
  // A section speaks of its own part: its type says no more.
  return Object.entries(sections).flatMap(([name, { says }]) => says?.(parts.get(name) as never, site) ?? []);
}

function dialOutLines({ gateways, upstream }: Site): string[] {
  if (gateways.length === 0) return [];
  return upstream.mayDialOut
    ? ["Upstream may dial out here: its calls to a gateway go there."]
    : ["Upstream may not dial out here: only its calls to emergency numbers reach a gateway."];
}

/** Credentials for upstream, and who has called in spite of Privacy, are for a trusted gateway alone. */
function trustLines({ gateways }: Site): string[] {
  const trusted = gateways.filter(({ isTrusted }) => isTrusted).map(({ name }) => name);
  if (trusted.length === 0) return [];
  return [`Trusts ${trusted.join(", ")} with passwords and with the identity of callers who want privacy.`];
}

function emergencyLines({ emergency, gateways, inbound }: Site): string[] {
  const { numbers, prefixes, reserve, preempt, callback_ms } = emergency;
  if (numbers.length === 0) return [];
  const list = numbers.join(", ");
  if (gateways.length === 0) return [`Calls to ${list} go to upstream only: there is no gateway.`];
  const rewritten = gateways.flatMap(({ name, called }) =>
    numbers
      .filter((number) => rewrite(number, called) !== number)
      .map((number) => `${number} leaves as ${rewrite(number, called)} at ${name}`),
  );
  const extras = [
    ...(prefixes.length > 0 ? [`also with ${prefixes.join(" or ")} in front (${prefixes[0]}${numbers[0]})`] : []),
    ...(reserve > 0 ? [`${reserve} ${reserve === 1 ? "channel is" : "channels are"} kept free for them`] : []),
    ...(preempt ? ["the youngest ordinary call makes room"] : []),
    ...(callback_ms > 0
      ? [
          `for ${spoken(callback_ms)} after one, calls from its gateway also ring the phone that made it` +
            (inbound.order === "upstream-first" ? ", and don't go to upstream first" : ""),
        ]
      : []),
    ...rewritten,
  ];
  const more = extras.length > 0 ? `; ${extras.join("; ")}` : "";
  return [`Calls to ${list} always go to a gateway, and to upstream only if no gateway takes them${more}.`];
}
