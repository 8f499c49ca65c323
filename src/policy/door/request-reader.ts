/** Finds the facts of a request when it arrives. */
import type { Request } from "../../message/message.ts";
import { parseNameAddr } from "../../message/name-addr.ts";
import { parseSipUri, type SipUri } from "../../message/uri.ts";
import { preprocessRoutes, type RouteSet } from "../../proxy/preprocess-routes.ts";
import type { Flow } from "../../transport/flow.ts";
import type { Access } from "../access/access.ts";
import { dialledUser, numberIn, plainNumber } from "../dialled-number.ts";
import { phonesNamed } from "../numbers/callee.ts";
import { ALL_KEPT } from "../numbers/forwarding.ts";
import type { Belonging, RequestFacts } from "../request-facts.ts";
import type { Staff } from "../situation.ts";
import { hostMeaning } from "./host-meaning.ts";

/** Each proof costs an HMAC; we never make more than two tokens for one request (RFC 5658). */
const TOKENS_READ_MAX = 4;

export class RequestReader {
  private readonly staff: Staff;
  private readonly access: Access;

  constructor(staff: Staff, access: Access) {
    this.staff = staff;
    this.access = access;
  }

  read(request: Request, source: Flow, now_ms: number): RequestFacts {
    const { own } = this.staff;
    const origin = this.access.originOf(request, source, now_ms);
    const routes = preprocessRoutes(request, own, origin === "localnet");
    const uri = routes.requestUri === request.requestUri ? request.uri : parseSipUri(routes.requestUri);
    const number = plainNumber(dialledUser(uri, routes.requestUri) ?? "");
    const host = uri === undefined ? "none" : hostMeaning(uri, this.staff, request.method === "REGISTER");
    const help = request.method === "INVITE" ? this.emergencyOf({ routes, uri, origin, host, number }) : undefined;
    // A To tag alone, of a call that we know nothing of, keeps nobody from help.
    const belongs =
      help !== undefined && !this.isWithinCall(request, routes) ? "nothing" : this.belongingOf(request, routes);
    const number_for_help = belongs === "nothing" ? help : undefined;
    // A call for help is no rehearsal.
    const isInDrill = origin === "localnet" && help === undefined && this.staff.drilling.takes(request, source);
    return { request, source, routes, uri, origin, host, number, emergency: number_for_help, belongs, isInDrill };
  }

  /**
   * Finds out in the background whether what stands in an outbound proxy's place means us, and whether it still does: the
   * top Route value, and a Request-URI without a user. That of a REGISTER is the registrar's domain.
   */
  learn({ request, routes, origin, source }: RequestFacts, now_ms: number): void {
    const { top } = routes;
    const isPhone = origin === "localnet";
    this.consider(top, isPhone ? source.address : undefined, now_ms);
    const { method, uri } = request;
    if (method === "REGISTER" || uri === undefined || uri.user !== undefined) return;
    if (this.staff.registrar.bindings.hasDomain(uri.host)) return;
    // Without ";lr" the outbound proxy is here, and what it is for in Route.
    this.consider(uri, isPhone && routes.remaining.length > 0 ? source.address : undefined, now_ms);
  }

  /** @param phone the address of the phone whose outbound proxy this is; undefined where it may be something else */
  private consider(place: SipUri | undefined, phone: string | undefined, now_ms: number): void {
    const { learned, upstreams, registrar, gateways, outboundProxies } = this.staff;
    if (place === undefined || upstreams.isHost(place.host, registrar.bindings)) return;
    learned.consider(place, now_ms);
    if (phone === undefined || registrar.bindings.hasDomain(place.host) || gateways.find(place) !== undefined) return;
    outboundProxies.see(place, phone, now_ms);
  }

  /** The number to dial at a gateway when a call is one for help: those of phones, gateways and upstream. */
  private emergencyOf(call: Pick<RequestFacts, "routes" | "uri" | "origin" | "host" | "number">): string | undefined {
    const { emergency, tokens, registrar } = this.staff;
    const { routes, uri, origin, number } = call;
    if (origin === "stranger" || origin === "domain") return undefined;
    // A phone's outbound proxy that is set without ";lr", by a name that we don't know: the number ends the Route set.
    const isBare = origin === "localnet" && uri !== undefined && uri.user === undefined;
    const last = isBare ? routes.remaining[routes.remaining.length - 1] : undefined;
    const target = last === undefined ? routes.requestUri : (parseNameAddr(last)?.uri ?? "");
    const found = emergency.numberFor(last === undefined ? number : numberIn(target), target);
    if (found === undefined || origin !== "upstream") return found;
    // What upstream sends to a phone of ours, down its Path or by its own address, is that phone's.
    const isDownPath = routes.tokens.slice(0, TOKENS_READ_MAX).some((token) => tokens.readFlow(token) !== undefined);
    return isDownPath || phonesNamed(call, registrar.bindings, ALL_KEPT).length > 0 ? undefined : found;
  }

  /** Whether a request shows, or is known, to belong to a call: by a token of ours, or by what we remember. */
  private isWithinCall(request: Request, routes: RouteSet): boolean {
    if (request.toTag === "") return false;
    const { dialogs, gateways } = this.staff;
    return (
      this.isProved(request, routes) || gateways.calls.has(request.callId) || dialogs.otherEnd(request) !== undefined
    );
  }

  /**
   * ACK and BYE are proved by our own token for that Call-ID alone: a call must end whatever became of its tags. All else
   * needs a To tag too, since a token that was overheard must not begin a call.
   */
  private belongingOf(request: Request, routes: RouteSet): Belonging {
    const { method, toTag } = request;
    switch (method) {
      case "REGISTER":
        return "registration";
      case "ACK":
      case "BYE":
        return toTag !== "" || this.isProved(request, routes) ? "dialog" : "nothing";
      case "PUBLISH": // RFC 3903 §4: it never belongs to a dialog
        return "nothing";
      case "OPTIONS":
      case "MESSAGE": // they mean the same within a dialog and without: a stale tag changes nothing
        return toTag !== "" && (routes.remaining.length > 0 || this.isProved(request, routes)) ? "dialog" : "nothing";
      default:
        return toTag !== "" ? "dialog" : "nothing";
    }
  }

  /** Whether a token of ours says that we have let in the dialog with this Call-ID. */
  private isProved({ callId }: Request, { tokens }: RouteSet): boolean {
    return tokens.slice(0, TOKENS_READ_MAX).some((one) => this.staff.tokens.readDialog(one, callId) !== undefined);
  }
}
