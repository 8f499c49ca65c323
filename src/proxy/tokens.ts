/**
 * The user parts of our own Path and Record-Route URIs: readable in a trace, and worthless when forged.
 *
 * Path: "p~u~LOCAL~PORT~REMOTE~PORT~mac": the flow to the phone (RFC 3327, in the manner of RFC 5626 §5.2).
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
      const { listener, address, port } = flow;
      const text = `p~u~${escapeAddress(listener.address)}~${listener.port}~${escapeAddress(address)}~${port}`;
      token = `${text}~${this.mac(text)}`;
      this.made.set(key, token);
    }
    return token;
  }

  /** The flow that a Path token of ours leads to; undefined for a token that we didn't make, or that we can't serve any more. */
  readFlow(token: string): Flow | undefined {
    const parts = token.split("~");
    if (parts.length !== 7 || parts[0] !== "p" || parts[1] !== "u") return undefined;
    if (!isEqual(this.mac(parts.slice(0, 6).join("~")), parts[6] ?? "")) return undefined;
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
