/**
 * The INVITE that `explain` asks about. What a caller would write beside the number is assumed: a gateway writes our address on its
 * side; upstream writes what the phone's REGISTER has told it, which is a Path with a token of ours, or the Contact that stands for the
 * phone.
 */
import { hostText, parseSipUri, SIP_PORT, type SipUri } from "../message/uri.ts";
import type { Binding, Bindings } from "../policy/phones/bindings.ts";
import type { Site } from "../policy/site.ts";
import type { Tokens } from "../proxy/tokens.ts";
import type { Flow } from "../transport/flow.ts";
import { ownUri } from "../transport/own-names.ts";

/** What is assumed of a call that upstream sends, as `explain --json` prints it. */
export interface Assumption {
  /**
   * "path": the phone's Contact, and in Route the Path of its registration; "contact": the Contact of ours that upstream has in its place
   * (`registration: contact`); "nothing": our address on upstream's side; "uri": as the question has it.
   */
  readonly sent_with: "path" | "contact" | "nothing" | "uri";
  /** The Request-URI. */
  readonly uri: string;
  /** Contacts of the number of which upstream has been told: it sends a call to each. */
  readonly contacts: number;
  /** Contacts that upstream hasn't accepted yet: they have registered during an outage. */
  readonly unaccepted: number;
}

/** What the INVITE is made of. */
interface Parts {
  readonly site: Site;
  readonly bindings: Bindings;
  readonly tokens: Tokens;
}

/** A call as the question has it. */
interface Asked {
  readonly from: string;
  readonly to: string;
}

/** The wire text of the call that a phone or a gateway sends from `source`, or anybody who has no more than our address. */
export function plainInvite(asked: Asked, source: Flow, { site, bindings }: Parts): string {
  const isGateway = site.gateways.some(({ uri }) => uri.host === source.address);
  const domain = isGateway ? ourHost(source) : phonesDomain(asked, { site, bindings });
  const uri = isGateway ? ownUri(source.listener, asked.to) : `sip:${asked.to}@${domain}`;
  return invite(asked, source, domain, isUri(asked) ? asked.to : uri, "");
}

/** The wire text of the call that upstream sends from `source`, and what has been assumed. @param now_ms contacts that have run out by then don't count */
export function upstreamInvite(
  asked: Asked,
  source: Flow,
  { site, bindings, tokens }: Parts,
  now_ms: number,
): { readonly wire: string; readonly assumed: Assumption } {
  const { listener } = source;
  const live = isUri(asked) ? [] : registered(asked.to, bindings).filter(({ expires_ms }) => expires_ms > now_ms);
  const told = live.filter(({ isAccepted }) => isAccepted);
  const [phone] = told;
  const made = (sent_with: Assumption["sent_with"], uri: string, route = "") => ({
    wire: invite(asked, source, ourHost(source), uri, route),
    assumed: { sent_with, uri, contacts: told.length, unaccepted: live.length - told.length },
  });
  if (isUri(asked)) return made("uri", asked.to);
  if (phone === undefined) return made("nothing", ownUri(listener, asked.to));
  if (site.registration.mode === "path") {
    return made("path", phone.contact, `Route: <${ownUri(listener, tokens.forFlow(phone.flow))};lr>\r\n`);
  }
  return made("contact", ownUri(listener, tokens.forContact(phone.flow, parseSipUri(phone.contact)?.user ?? "")));
}

function isUri({ to }: Asked): boolean {
  return to.includes(":");
}

/** The contacts of an extension or address-of-record. */
function registered(number: string, bindings: Bindings): Binding[] {
  const named = bindings.find(number);
  return (named === undefined ? bindings.allByUser(number) : [named]).flatMap((address) => address.bindings);
}

function ourHost({ listener: { address, port } }: Flow): string {
  return `${hostText(address)}${port === SIP_PORT ? "" : `:${port}`}`;
}

/** A phone calls in its own domain, or in upstream's. */
function phonesDomain({ from }: Asked, { site, bindings }: Pick<Parts, "site" | "bindings">): string {
  const caller = bindings.findUser(from) ?? bindings.find(from);
  const uri: SipUri | undefined = caller === undefined ? undefined : parseSipUri(`sip:${caller.name}`);
  const [target] = site.upstream.targets;
  return hostText(uri?.host ?? target?.host ?? "pbx.invalid");
}

function invite({ from }: Asked, source: Flow, domain: string, uri: string, route: string): string {
  const host = hostText(source.address);
  const user = from.includes("@") ? from.slice(0, from.indexOf("@")) : from.replace(/[^\w.+-]/g, "_");
  return (
    `INVITE ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${host}:${source.port};branch=z9hG4bKexplain;rport\r\n${route}` +
    `Max-Forwards: 70\r\nFrom: <sip:${user}@${domain}>;tag=explain\r\nTo: <${uri}>\r\nCall-ID: explain\r\n` +
    `CSeq: 1 INVITE\r\nContact: <sip:${user}@${host}:${source.port}>\r\nContent-Length: 0\r\n\r\n`
  );
}
