/** What the ladder writes on an arrow, below it, and in which colour. */
import type { Sighting } from "../sip/endpoint.ts";
import { allValues, firstValue, parameterOf, type SipMessage, sequenceOf, uriOf, userOf } from "../sip/message.ts";
import { cyan, dim, green, red, type Style, yellow } from "./style.ts";

/** Probes and 100 are left out: they say nothing about the calls. */
export function isDrawn(message: SipMessage): boolean {
  return sequenceOf(message).method !== "OPTIONS" && !(message.kind === "response" && message.status === 100);
}

/** From the most telling to the shortest. */
export function labelsOf(message: SipMessage): readonly string[] {
  if (message.kind === "response") return [`${message.status} ${message.reason}`, String(message.status)];
  const { method, uri } = message;
  const isNew = method === "INVITE" && parameterOf(firstValue(message, "To"), "tag") === "";
  if (isNew) return [`${method} ${uri}`, `${method} ${userOf(uri)}`, method];
  if (method === "REGISTER") return [`${method} ${userOf(uriOf(firstValue(message, "To")))}`, method];
  return [method];
}

/** The header field by which a message does its part in the plot. */
export function noteOf({ fate, message }: Sighting): string | undefined {
  if (message.kind === "response") {
    return message.status >= 300 && message.status < 400 ? `Contact: ${firstValue(message, "Contact")}` : undefined;
  }
  const note = (name: string) => {
    const [value] = allValues(message, name);
    return value === undefined ? undefined : `${name}: ${value}`;
  };
  if (message.method === "REGISTER" && fate === "received") return note("Path");
  if (message.method === "CANCEL") return note("Reason");
  const leadsDownPath = message.method === "INVITE" && userOf(firstValue(message, "Route").slice(1)).startsWith("p~");
  return leadsDownPath ? note("Route") : undefined;
}

export function styleOf({ fate, message, isRepeat }: Sighting): Style {
  if (fate === "lost") return red;
  if (isRepeat) return dim;
  if (message.kind === "request") return cyan;
  if (message.status < 200) return yellow;
  if (message.status < 300) return green;
  return message.status < 400 ? yellow : red;
}
