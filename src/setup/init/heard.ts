/** What speaks SIP around here: what phones say that are pointed at this router already, and what answers OPTIONS. */
import type { Random } from "../../base/ports.ts";
import { parse } from "../../message/parse.ts";
import { hostText, parseSipUri, SIP_PORT } from "../../message/uri.ts";
import { PLAIN_OPTIONS } from "../../proxy/options-request.ts";
import { type Local, optionsFrom } from "../options.ts";

const MOST = 500;

/** Somebody whose SIP has been heard. */
export interface Heard {
  readonly address: string;
  /** The extension that a phone has, where it has told it. */
  readonly user: string | undefined;
  /** Where it registers, as a URI has it: "host" or "host:port". */
  readonly domain: string | undefined;
  /** Make and model, in its own words. */
  readonly agent: string;
}

/** @returns undefined when that was no SIP */
export function readHeard(wire: string, address: string): Heard | undefined {
  const message = parse(wire);
  if (message.kind !== "request" && message.kind !== "response") return undefined;
  const agent = /^(?:user-agent|server)[ \t]*:[ \t]*([ -~]{1,60})/im.exec(wire)?.[1]?.trim() ?? "";
  const whose = message.kind === "response" ? undefined : message.method === "REGISTER" ? message.to : message.from;
  const uri = parseSipUri(whose?.uri ?? "");
  const user = isExtension(uri?.user ?? "") ? uri?.user : undefined;
  const domain = uri && `${hostText(uri.host)}${uri.port === undefined ? "" : `:${uri.port}`}`;
  return { address, user, domain, agent };
}

/** Whether a hunt group can name it as it is. */
export function isExtension(user: string): boolean {
  return /^[\w.+*#-]+$/.test(user);
}

/** Once each: what a request has told counts more than that somebody answers. */
export function addHeard(all: readonly Heard[], one: Heard): Heard[] {
  const isSame = (other: Heard) =>
    other.address === one.address && (other.user === one.user || other.user === undefined);
  const isOld = one.user === undefined && all.some(({ address }) => address === one.address);
  if (isOld || all.length === MOST) return [...all];
  return [...all.filter((other) => !isSame(other)), one];
}

/** Asks what is at `address` for its name, by UDP; what comes back shows only that something is there, and its name. */
export function optionsTo(address: string, local: Local, random: Random): string {
  return optionsFrom(local, { address, port: SIP_PORT, protocol: "udp" }, address, PLAIN_OPTIONS, random);
}

/** How gateways call themselves, and phones don't. */
export function isGateway({ agent }: Heard): boolean {
  return /gateway|gxw|ht8.3|mediant|mp-?1\d\d|patton|smartnode|vega|mediatrix|bero|dinstar|openvox/i.test(agent);
}

/** How phones call themselves. */
const PHONES =
  /phone|yealink|snom|polycom|\bpoly|cisco|grandstream|fanvil|gigaset|mitel|aastra|htek|akuvox|panasonic|unify|baresip|linphone|zoiper|microsip|jitsi/i;

/** Whether that is a phone: it has an extension, or calls itself one. What only answers may be anything, a gateway too. */
export function isPhone(heard: Heard): boolean {
  return !isGateway(heard) && (heard.user !== undefined || PHONES.test(heard.agent));
}

/** Whether nothing tells what that is. */
export function isUnknown(heard: Heard): boolean {
  return !isGateway(heard) && !isPhone(heard);
}
