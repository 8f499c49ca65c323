/**
 * The user parts of our own Path and Record-Route URIs: readable in a trace, and worthless when forged.
 *
 * Path: "p~u~LOCAL~PORT~REMOTE~PORT~mac": the flow to the phone (RFC 3327, in the manner of RFC 5626 §5.2); "t" and "s" in
 * place of "u": the TCP or TLS connection that it has opened.
 * Contact: "c~u~LOCAL~PORT~REMOTE~PORT~USER~mac": the same, and the user of the phone's own Contact, for upstreams that know
 * no Path.
 * Record-Route: "d~mac" or "g~mac", the mac over the Call-ID: proves that a request belongs to a dialog that we let in;
 * "g" when one of its sides is the PSTN gateway. Where a side has opened a connection to us, and can't be reached without it:
 * "d~a~TAG~t~LOCAL~PORT~REMOTE~PORT~mac", "a" for the caller's side, "b" for the callee's, TAG a hash of the caller's tag.
 * A gateway's dialog costs money, so its token says when it was made, and whose it is: "g~TIME~TAG~mac" and
 * "g~TIME~TAG~a~t~LOCAL~PORT~REMOTE~PORT~mac", TIME in seconds since 1970, base 36.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Mac } from "../base/ports.ts";
import type { Request } from "../message/message.ts";
import { parseDecimal } from "../message/text.ts";
import { type Flow, flowKey, type Listener } from "../transport/flow.ts";

const FLOWS_REMEMBERED = 1024;
/** Calls that begin, are answered or end at about the same time. */
const MACS_REMEMBERED = 64;
/** Callers choose Call-IDs: longer texts are signed each time. */
const SIGNED_CHARACTERS_MAX = 256;
const DIALOG_PARTS = 9;
/** Parts of a gateway dialog's token: with TIME and TAG, and with a connection too. */
const TIMED_PARTS = 4;
const TIMED_WAY_PARTS = 10;

/** A connection that the caller ("a") or the callee ("b") of a dialog has opened to us. */
export interface DialogWay {
  readonly side: "a" | "b";
  readonly flow: Flow;
}

/** What a token says of the dialog of a gateway. */
export interface GatewayDialog {
  /** How old it is by the router's clock, which may have been set since: less than 0 then. Undefined: it doesn't say. */
  readonly age_s: number | undefined;
  /** Whether the request has the caller's tag, in From or To. Undefined: it doesn't say. */
  readonly hasTag: boolean | undefined;
}

export class Tokens {
  private readonly mac: Mac;
  private readonly listeners: readonly Listener[];
  private readonly wallClock_ms: (() => number) | undefined;
  /** Texts signed last for dialogs, and their macs: copies of a fork, both sides of a call, its ACK and its BYE have the same. */
  private readonly macs = new BoundedMap<string, string>(MACS_REMEMBERED);
  private readonly made = new BoundedMap<string, string>(FLOWS_REMEMBERED);
  /** Those of another secret, which are believed too. */
  private readonly second: Tokens | undefined;

  /**
   * @param wallClock_ms milliseconds since 1970, as far as the router knows; without it no token says when it was made
   * @param secondMac of a secret that is believed besides, and makes nothing
   */
  constructor(mac: Mac, listeners: readonly Listener[], wallClock_ms?: () => number, secondMac?: Mac) {
    this.second = secondMac === undefined ? undefined : new Tokens(secondMac, listeners, wallClock_ms);
    this.mac = mac;
    this.wallClock_ms = wallClock_ms;
    this.listeners = listeners;
  }

  /** The Path token that leads back to `flow`; always the same for the same flow. */
  forFlow(flow: Flow): string {
    const key = flowKey(flow);
    let token = this.made.get(key);
    if (token === undefined) {
      token = this.sign(`p~${flowText(flow)}`);
      this.made.set(key, token);
    }
    return token;
  }

  /** The user part of the Contact that stands for `user` behind `flow`. */
  forContact(flow: Flow, user: string): string {
    return this.sign(`c~${flowText(flow)}~${user.replace(/~/g, "%7E")}`);
  }

  /** The phone that a Contact token of ours stands for; undefined for a token that we didn't make. */
  readContact(token: string): { flow: Flow; user: string } | undefined {
    const parts = token.split("~");
    if (parts.length !== 8 || parts[0] !== "c" || !this.isSigned(parts)) return this.second?.readContact(token);
    const flow = this.flowOf(parts);
    return flow === undefined ? undefined : { flow, user: (parts[6] ?? "").replace(/%7E/g, "~") };
  }

  /** The flow that a Path token of ours leads to; undefined for a token that we didn't make, or that we can't serve any more. */
  readFlow(token: string): Flow | undefined {
    const parts = token.split("~");
    const isOurs = parts.length === 7 && parts[0] === "p" && this.isSigned(parts);
    return isOurs ? this.flowOf(parts) : this.second?.readFlow(token);
  }

  /** Whether the user part of a Route entry is a token that we made, for a request with this Call-ID. */
  isOurs(token: string, callId: string): boolean {
    const isSigned = token.startsWith("p~") && this.isSigned(token.split("~"));
    return isSigned || this.readDialog(token, callId) !== undefined || this.second?.isOurs(token, callId) === true;
  }

  /** Listeners have moved: tokens name other addresses now. */
  refresh(): void {
    this.made.clear();
  }

  private sign(text: string): string {
    return `${text}~${this.mac(text)}`;
  }

  private isSigned(parts: readonly string[]): boolean {
    return isEqual(this.mac(parts.slice(0, -1).join("~")), parts[parts.length - 1] ?? "");
  }

  private flowOf(parts: readonly string[]): Flow | undefined {
    const local = unescapeAddress(parts[2] ?? "");
    const localPort = parseDecimal(parts[3] ?? "", 65_535);
    const candidates = this.listeners.filter((one) => one.transport.letter === parts[1] && one.address === local);
    const listener = candidates.find((one) => one.port === localPort) ?? candidates[0];
    if (listener === undefined) return undefined;
    const address = unescapeAddress(parts[4] ?? "");
    const port = parseDecimal(parts[5] ?? "", 65_535);
    return listener.transport.isReliable ? { listener, address, port, isAccepted: true } : { listener, address, port };
  }

  /**
   * The Record-Route token for the dialog that a request with this Call-ID may open.
   * @param way the connection that one of its sides has opened
   */
  forDialog({ callId, fromTag }: Request, touchesGateway: boolean, way?: DialogWay): string {
    if (touchesGateway && this.wallClock_ms !== undefined) {
      const head = `g~${this.now_s(this.wallClock_ms).toString(36)}~${this.tagHash(fromTag)}`;
      const timed = way === undefined ? head : `${head}~${way.side}~${flowText(way.flow)}`;
      return `${timed}~${this.dialogMac(timed, callId)}`;
    }
    const kind = touchesGateway ? "g" : "d";
    const text = way === undefined ? kind : `${kind}~${way.side}~${this.tagHash(fromTag)}~${flowText(way.flow)}`;
    return `${text}~${this.dialogMac(text, callId)}`;
  }

  /** What a Record-Route token proves about a request with this Call-ID. */
  readDialog(token: string, callId: string): "dialog" | "gateway-dialog" | undefined {
    const kind = token.slice(0, 1);
    const end = token.lastIndexOf("~");
    if ((kind !== "d" && kind !== "g") || end < 0) return undefined;
    if (!this.hasMade(token, callId)) return this.second?.readDialog(token, callId);
    return kind === "g" ? "gateway-dialog" : "dialog";
  }

  /** What a token proves about a request to or from a gateway; undefined when it is none of such a dialog. */
  readGatewayDialog(token: string, request: Request): GatewayDialog | undefined {
    if (this.readDialog(token, request.callId) !== "gateway-dialog") return undefined;
    if (!this.hasMade(token, request.callId)) return this.second?.readGatewayDialog(token, request);
    const parts = token.split("~");
    if (parts.length !== TIMED_PARTS && parts.length !== TIMED_WAY_PARTS)
      return { age_s: undefined, hasTag: undefined };
    const made_s = Number.parseInt(parts[1] ?? "", 36);
    const age_s = this.wallClock_ms === undefined ? undefined : this.now_s(this.wallClock_ms) - made_s;
    return { age_s, hasTag: [request.fromTag, request.toTag].some((tag) => this.tagHash(tag) === parts[2]) };
  }

  private now_s(wallClock_ms: () => number): number {
    return Math.max(0, Math.floor(wallClock_ms() / 1_000));
  }

  /** The connection to the side of the dialog that `request` goes to, when the token knows it (RFC 5626 §5.3). */
  readWay(token: string, request: Request): Flow | undefined {
    if (token.charAt(3) !== "~" && token.charAt(0) !== "g") return undefined; // that of most calls: "d~" and a mac
    const parts = token.split("~");
    const isTimed = parts.length === TIMED_WAY_PARTS;
    if ((!isTimed && parts.length !== DIALOG_PARTS) || this.readDialog(token, request.callId) === undefined)
      return undefined;
    if (!this.hasMade(token, request.callId)) return this.second?.readWay(token, request);
    const tag = (isTimed ? parts[3] : parts[1]) === "a" ? request.toTag : request.fromTag;
    return this.tagHash(tag) === parts[2] ? this.flowOf(parts.slice(isTimed ? 3 : 2)) : undefined;
  }

  /** Callers choose Call-IDs: one that goes on like a token must not have the mac of that token for another Call-ID. */
  private dialogMac(text: string, callId: string): string {
    const signed = text.length === 1 ? `${text}~${callId}` : `way ${text.length} ${text}~${callId}`;
    const known = this.macs.get(signed);
    if (known !== undefined) return known;
    const mac = this.mac(signed);
    if (signed.length <= SIGNED_CHARACTERS_MAX) this.macs.set(signed, mac);
    return mac;
  }

  /** By the secret that makes tokens now. */
  private hasMade(token: string, callId: string): boolean {
    const end = token.lastIndexOf("~");
    return isEqual(this.dialogMac(token.slice(0, end), callId), token.slice(end + 1));
  }

  private tagHash(tag: string): string {
    return this.mac(`tag ${tag}`).slice(-6);
  }
}

function flowText({ listener, address, port }: Flow): string {
  return `${listener.transport.letter}~${escapeAddress(listener.address)}~${listener.port}~${escapeAddress(address)}~${port}`;
}

/** Takes as long for a near miss as for a far one. */
function isEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let position = 0; position < a.length; position++) difference |= a.charCodeAt(position) ^ b.charCodeAt(position);
  return difference === 0;
}

/** ":" would begin a password. */
function escapeAddress(address: string): string {
  return address.replace(/:/g, "_");
}

function unescapeAddress(text: string): string {
  return text.replace(/_/g, ":");
}
