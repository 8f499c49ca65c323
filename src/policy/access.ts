/** Who may ask anything of us. Nobody relays through us from outside. */
import type { Request } from "../message/message.ts";
import type { OwnAddresses } from "../proxy/own-addresses.ts";
import { preprocessRoutes } from "../proxy/preprocess-routes.ts";
import type { Verdict } from "../proxy/router.ts";
import type { Tokens } from "../proxy/tokens.ts";
import type { Flow } from "../transport/flow.ts";
import { isScanner } from "./scanners.ts";
import type { Site } from "./site.ts";
import type { Upstreams } from "./upstreams.ts";

/**
 * What a source is to us. "domain": the upstream of a file that names none, found because a phone called it, so that it
 * is trusted with phones, but not with the gateway.
 */
export type Origin = "localnet" | "gateway" | "upstream" | "domain" | "stranger";

/** Each costs an HMAC; we never make more than two for one request (RFC 5658). */
const TOKENS_READ_MAX = 4;

export class Access {
  private readonly site: Site;
  private readonly upstreams: Upstreams;
  private readonly own: OwnAddresses;
  private readonly tokens: Tokens;

  constructor(site: Site, upstreams: Upstreams, own: OwnAddresses, tokens: Tokens) {
    this.site = site;
    this.upstreams = upstreams;
    this.own = own;
    this.tokens = tokens;
  }

  originOf(address: string): Origin {
    if (this.site.gateways.some((gateway) => gateway.uri.host === address)) return "gateway";
    const upstream = this.upstreams.originOf(address);
    if (upstream === "upstream") return upstream;
    if (this.site.localnet.contains(address)) return "localnet";
    return upstream ?? "stranger";
  }

  /** Strangers need a token of ours: that of a phone's Path, or that of a dialog which we let in. */
  admit(request: Request, source: Flow): Verdict {
    // What comes from our own address has come back to us: it must not pass for a phone's.
    if (this.own.has(source.address, source.port)) return "stranger";
    if (this.originOf(source.address) !== "stranger") return "admit";
    // What is faulty reaches nobody, so its tokens needn't be read: it may have thousands.
    if (request.fault === undefined && this.hasToken(request)) return "admit";
    if (isScanner(request.wire)) return "scanner";
    const { strangers, localnet } = this.site;
    const isAnswered = strangers === "auto" ? localnet.contains(source.listener.address) : strangers === "reject";
    return isAnswered ? "forbidden" : "stranger";
  }

  private hasToken(request: Request): boolean {
    const isInDialog = request.toTag !== "";
    if (this.tokens.readContact(request.uri?.user ?? "") !== undefined) return true;
    const tokens = preprocessRoutes(request, this.own).tokens.slice(0, TOKENS_READ_MAX);
    return tokens.some(
      (token) =>
        this.tokens.readFlow(token) !== undefined ||
        (isInDialog && this.tokens.readDialog(token, request.callId) !== undefined),
    );
  }
}
