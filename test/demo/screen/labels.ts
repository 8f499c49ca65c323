/** What the ladder writes on an arrow, below it, and in which colour. */
import { uriIn, userOf } from "../../sip/message.ts";
import type { SipMessage } from "../../sip/sip-message.ts";
import type { Sighting } from "../sip/watched-wire.ts";
import { cyan, dim, green, red, type Style, yellow } from "./style.ts";

/** Probes and 100 are left out: they say nothing about the calls. */
export function isDrawn(message: SipMessage): boolean {
  return message.method !== "OPTIONS" && message.status !== 100;
}

/** From the most telling to the shortest. */
export function labelsOf(message: SipMessage): readonly string[] {
  if (!message.isRequest) return [`${message.status} ${message.reason}`, String(message.status)];
  const { method, requestUri: uri } = message;
  const isNew = method === "INVITE" && message.tagOf("to") === "";
  if (isNew) return [`${method} ${uri}`, `${method} ${userOf(uri)}`, method];
  if (method === "REGISTER") return [`${method} ${userOf(uriIn(message.header("to")))}`, method];
  return [method];
}

/** The header field by which a message does its part in the plot. */
export function noteOf({ fate, message }: Sighting): string | undefined {
  if (!message.isRequest) {
    return message.status >= 300 && message.status < 400 ? `Contact: ${message.header("contact")}` : undefined;
  }
  const note = (name: string) => {
    const [value] = message.list(name.toLowerCase());
    return value === undefined ? undefined : `${name}: ${value}`;
  };
  if (message.method === "REGISTER" && fate === "received") return note("Path");
  if (message.method === "CANCEL") return note("Reason");
  const leadsDownPath = message.method === "INVITE" && userOf(uriIn(message.header("route"))).startsWith("p~");
  return leadsDownPath ? note("Route") : undefined;
}

export function styleOf({ fate, message, isRepeat }: Sighting): Style {
  if (fate === "lost") return red;
  if (isRepeat) return dim;
  if (message.isRequest) return cyan;
  if (message.status < 200) return yellow;
  if (message.status < 300) return green;
  return message.status < 400 ? yellow : red;
}
