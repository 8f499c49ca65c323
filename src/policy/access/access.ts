/**
 * Which sources may ask anything of us. From outside nothing is relayed.
 *
 * Decisions about strangers are made on addresses. A name, or a number that only some resolvers take for an address, could mean the
 * gateway by the time it is resolved; so a host that looks like a number must be canonical.
 *
 * We open no connection for a stranger: a connection tells which ports are open, and takes any text. A sender from outside has us
 * connect only to where a phone has registered that it listens; the router's own loopback is reached only if the file, or `localnet`,
 * has somebody there.
 */
import { CONTACT } from "../../message/header-names.ts";
import type { Request } from "../../message/message.ts";
import { parseNameAddr } from "../../message/name-addr.ts";
import { parseSipUri, type SipUri, uriPort } from "../../message/uri.ts";
import type { OwnAddresses } from "../../proxy/own-addresses.ts";
import { preprocessRoutes } from "../../proxy/preprocess-routes.ts";
import type { Verdict } from "../../proxy/router.ts";
import type { Tokens } from "../../proxy/tokens.ts";
import { type Flow, isSameFlow } from "../../transport/flow.ts";
import { readEscapes } from "../dialled-number.ts";
import type { Gateways } from "../gateways/gateways.ts";
import type { Origin } from "../origin.ts";
import type { Upstreams } from "../peers/upstreams.ts";
import type { Bindings } from "../phones/bindings.ts";
import type { Site } from "../site.ts";
import { isScanner } from "./scanners.ts";

/** Each costs an HMAC; we never make more than two for one request (RFC 5658). */
const TOKENS_READ_MAX = 4;

/** What it asks. */
interface Parts {
  readonly site: Site;
  readonly gateways: Gateways;
  readonly upstreams: Upstreams;
  readonly registrar: { readonly bindings: Bindings };
  readonly own: OwnAddresses;
  readonly tokens: Tokens;
}

export class Access {
  private readonly site: Site;
  private readonly gatewayAddresses: ReadonlySet<string>;
  private readonly gateways: Gateways;
  private readonly upstreams: Upstreams;
  private readonly bindings: Bindings;
  private readonly own: OwnAddresses;
  private readonly tokens: Tokens;

  constructor({ site, gateways, upstreams, registrar, own, tokens }: Parts) {
    this.site = site;
    this.gateways = gateways;
    this.gatewayAddresses = new Set(site.gateways.map(({ uri }) => uri.host));
    this.upstreams = upstreams;
    this.bindings = registrar.bindings;
    this.own = own;
    this.tokens = tokens;
  }

  /**
   * What the sender of a request is. A gateway's address can have phones too: the FXS ports of the same box. One of them is
   * known by a binding that upstream has accepted from that very port or connection; where the gateway may send from there
   * too, by the Contact as well. From proves nothing: in calls from outside it carries the caller's number.
   */
  originOf(request: Request, source: Flow, now_ms: number): Origin {
    const origin = this.originAt(source.address);
    return origin === "gateway" && this.isPhone(request, source, now_ms) ? "localnet" : origin;
  }

  private isPhone(request: Request, source: Flow, now_ms: number): boolean {
    const isShared = this.gateways.isAt(source);
    const contact = isShared ? contactOf(request) : undefined;
    if (isShared && contact === undefined) return false;
    return this.bindings.allAt(source.address).some(({ bindings }) =>
      bindings.some((one) => {
        const isLive = now_ms < one.expires_ms || this.upstreams.isDark;
        if (!one.isAccepted || !isLive || !isSameFlow(one.flow, source)) return false;
        return contact === undefined || carries(contact, one.contact);
      }),
    );
  }

  /** What a source is by its address alone. */
  originAt(address: string): Origin {
    if (this.gatewayAddresses.has(address)) return "gateway";
    const upstream = this.upstreams.originOf(address);
    if (upstream === "upstream") return upstream;
    if (this.site.localnet.contains(address)) return "localnet";
    return upstream ?? "stranger";
  }

  /** Strangers need a token of ours: that of a phone's Path, or that of a dialog which we let in. */
  admit(request: Request, source: Flow): Verdict {
    // A request from our own address has come back to us: it must not pass for a phone's.
    if (this.own.has(source.address, source.port)) return "stranger";
    if (this.originAt(source.address) !== "stranger") return "admit";
    // The other half of a pair tells of its phones; all else it asks as any other sender.
    if (request.method === "REGISTER" && this.site.registration.copies.from.includes(source.address)) return "admit";
    // A faulty request isn't forwarded, so its tokens needn't be read: it may have thousands.
    if (request.fault === undefined && this.hasToken(request)) return "admit";
    if (isScanner(request.wire)) return "scanner";
    const { strangers, localnet } = this.site;
    const isAnswered = strangers === "auto" ? localnet.contains(source.listener.address) : strangers === "reject";
    return isAnswered ? "forbidden" : "stranger";
  }

  private hasToken(request: Request): boolean {
    const isInDialog = request.toTag !== "" || request.method === "ACK" || request.method === "BYE";
    if (this.tokens.readContact(request.uri?.user ?? "") !== undefined) return true;
    const tokens = preprocessRoutes(request, this.own).tokens.slice(0, TOKENS_READ_MAX);
    return tokens.some(
      (token) =>
        this.tokens.readFlow(token) !== undefined ||
        (isInDialog && this.tokens.readDialog(token, request.callId) !== undefined),
    );
  }
}

function contactOf(request: Request): SipUri | undefined {
  const [only, ...others] = request.list(CONTACT);
  const uri = others.length > 0 ? undefined : parseNameAddr(only ?? "")?.uri;
  return uri === undefined ? undefined : parseSipUri(uri);
}

/** Parameters that say which way leads to a Contact, and nothing of whose it is. */
const WAY = /^\s*(transport|ob|lr)\s*(=|$)/i;

/**
 * Whether `uri` is the registered Contact in whichever spelling (RFC 3261 §19.1.4), with all that it had: what it lacks could
 * have been made from a caller's number.
 */
function carries(uri: SipUri, registered: string): boolean {
  const contact = parseSipUri(registered);
  if (contact === undefined || contact.host !== uri.host) return false;
  if (contact.port !== uri.port && uriPort(contact) !== uriPort(uri)) return false;
  if (readEscapes(contact.user ?? "") !== readEscapes(uri.user ?? "")) return false;
  const parts = contact.parameters.split(";").filter((part) => part !== "" && !WAY.test(part));
  const given = uri.parameters.toLowerCase().split(";");
  return parts.every((part) => given.includes(part.toLowerCase()));
}
