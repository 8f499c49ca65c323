/**
 * The user parts of our own Path and Record-Route URIs: readable in a trace, and worthless when forged.
 *
 * Path: "p~u~LOCAL~PORT~REMOTE~PORT~mac": the flow to the phone (RFC 3327, in the manner of RFC 5626 §5.2).
 * Contact: "c~u~LOCAL~PORT~REMOTE~PORT~USER~mac": the same, and the user of the phone's own Contact, for upstreams that know
 * no Path.
 * Record-Route: "d~mac" or "g~mac", the mac over the Call-ID: proves that a request belongs to a dialog that we let in;
 * "g" when one of its sides is the PSTN gateway.
 */
import { BoundedMap } from "../base/bounded-map.ts";
import type { Mac } from "../base/ports.ts";
import { parseDecimal } from "../message/text.ts";
import { type Flow, flowKey, type Listener } from "../transport/flow.ts";

const FLOWS_REMEMBERED = 1024;

export class Tokens {
  private readonly mac: Mac;
  private readonly listeners: readonly Listener[];
  private readonly made = new BoundedMap<string, string>(FLOWS_REMEMBERED);

  constructor(mac: Mac, listeners: readonly Listener[]) {
    this.mac = mac;
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
    if (parts.length !== 8 || parts[0] !== "c" || !this.isSigned(parts)) return undefined;
    const flow = this.flowOf(parts);
    return flow === undefined ? undefined : { flow, user: (parts[6] ?? "").replace(/%7E/g, "~") };
  }

  /** The flow that a Path token of ours leads to; undefined for a token that we didn't make, or that we can't serve any more. */
  readFlow(token: string): Flow | undefined {
    const parts = token.split("~");
    return parts.length === 7 && parts[0] === "p" && this.isSigned(parts) ? this.flowOf(parts) : undefined;
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
    const listener =
      this.listeners.find((one) => one.address === local && one.port === localPort) ??
      this.listeners.find((one) => one.address === local);
    if (listener === undefined) return undefined;
    return { listener, address: unescapeAddress(parts[4] ?? ""), port: parseDecimal(parts[5] ?? "", 65_535) };
  }

  /** The Record-Route token for the dialog that a request with this Call-ID may open. */
  forDialog(callId: string, touchesGateway: boolean): string {
    const kind = touchesGateway ? "g" : "d";
    return `${kind}~${this.mac(`${kind}~${callId}`)}`;
  }

  /** What a Record-Route token proves about a request with this Call-ID. */
  readDialog(token: string, callId: string): "dialog" | "gateway-dialog" | undefined {
    const kind = token.slice(0, 1);
    if ((kind !== "d" && kind !== "g") || !isEqual(this.mac(`${kind}~${callId}`), token.slice(2))) return undefined;
    return kind === "g" ? "gateway-dialog" : "dialog";
  }
}

function flowText({ listener, address, port }: Flow): string {
  return `u~${escapeAddress(listener.address)}~${listener.port}~${escapeAddress(address)}~${port}`;
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
