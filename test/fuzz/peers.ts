/** Phones, gateways and PBXs without memory: what they answer follows from the request and the mood of the hour. */
import { FROM, RECORD_ROUTE, TO } from "../../src/message/header-names.ts";
import type { Request, Response } from "../../src/message/message.ts";
import type { Flow } from "../../src/transport/flow.ts";
import { answerText } from "../support/messages.ts";
import { hashOf } from "./rng.ts";

export interface Reply {
  readonly after_ms: number;
  readonly wire: string;
}

/** After how many ms which statuses come, for an INVITE. */
const CALL_HABITS: readonly (readonly (readonly [after_ms: number, status: number])[])[] = [
  [
    [5, 100],
    [50, 180],
    [500, 200],
  ],
  [
    [5, 180],
    [200, 200],
    [700, 200],
  ],
  [[5, 486]],
  [[5, 100]],
  [],
  [
    [5, 183],
    [5_000, 603],
  ],
  [[5, 503]],
  [[5, 302]],
  [[5, 407]],
  [
    [3_000, 180],
    [5_000, 200],
  ],
  [
    [5, 100],
    [5, 180],
  ],
  [[5, 200]],
];
/** What a 200 says of its sender, and where a 302 leads: other phones, upstream, the gateway, us, and into the blue. */
const CONTACTS: readonly string[] = [
  ..."sip:peer@10.222.237.22 sip:peer@10.222.237.22 sip:203@pbx.example.com sip:202@10.222.237.22:5062 tel:015123".split(
    " ",
  ),
  ..."sip:0900123@10.10.1.3 sip:201@10.222.237.1 sip:202@203.0.113.2 sip:0900@gw.example.com sip:x@127.0.0.1".split(
    " ",
  ),
  "sip:202@pbx.example.com;maddr=10.10.1.3?Route=%3Csip:10.10.1.3%3E",
];
const OTHER_STATUSES = [200, 200, 200, 200, 401, 404, 503, 0, 100, 480, 200, 423];

/** Now and then a connection that a peer has opened is gone. */
export function isGone({ port, isAccepted }: Pick<Flow, "port" | "isAccepted">, now_ms: number): boolean {
  return isAccepted === true && hashOf(`${port} ${Math.floor(now_ms / 5_000)}`) % 4 === 0;
}

/** What comes back for `request`. */
export function answersTo(request: Request, mood: number): readonly Reply[] {
  const { method } = request;
  if (method === "ACK") return [];
  const chance = hashOf(`${request.callId}${request.topVia.branch}${mood}`);
  if (method === "OPTIONS" && request.wire.includes("branchline")) {
    return mood === 5 ? [] : [{ after_ms: 5, wire: answerText(request, 200) }];
  }
  if (method === "CANCEL" || method === "BYE")
    return chance % 8 === 0 ? [] : [{ after_ms: 5, wire: answerText(request, 200) }];
  if (method !== "INVITE") {
    const status = OTHER_STATUSES[chance % OTHER_STATUSES.length] ?? 0;
    if (status === 0) return [];
    const extra = method === "REGISTER" ? [...contactsOf(request), "Expires: 3600"] : [];
    return [{ after_ms: chance % 16 === 1 ? 4_000 : 5, wire: answerText(request, status, "peer", extra) }];
  }
  const habit = CALL_HABITS[chance % CALL_HABITS.length] ?? [];
  const contact = CONTACTS[chance % CONTACTS.length] ?? "";
  const extra = [`Contact: <${contact}>`, ...recordRoutesOf(request)];
  return habit.map(([after_ms, status]) => ({ after_ms, wire: answerText(request, status, "peer", extra) }));
}

/** What whoever asked does with the answer: ACK, and often BYE. */
export function followUps(response: Response, { listener }: Flow): readonly Reply[] {
  if (response.cseqMethod !== "INVITE" || response.status < 200) return [];
  const chance = hashOf(response.callId) % 8;
  if (chance === 0) return [];
  const via = response.wire.slice(response.topVia.start, response.topVia.end);
  if (response.status >= 300) return [{ after_ms: 2, wire: inDialog("ACK", response, via, `sip:${listener.address}`) }];
  const target = /\r\nContact: <([^>]*)>/.exec(response.wire)?.[1] ?? "sip:nobody@10.222.237.22";
  const fresh = via.replace(/branch=[^;]*/, `branch=z9hG4bKa${hashOf(response.wire).toString(36)}`);
  const ack = { after_ms: 2, wire: inDialog("ACK", response, fresh, target) };
  if (chance < 4) return [ack];
  return [ack, { after_ms: 1_000, wire: inDialog("BYE", response, fresh.replace("z9hG4bKa", "z9hG4bKb"), target) }];
}

function inDialog(method: string, response: Response, via: string, target: string): string {
  const isHop = method === "ACK" && response.status >= 300;
  const routes = isHop ? [] : response.list(RECORD_ROUTE).reverse();
  const cseq = response.cseqNumber + (method === "BYE" ? 1 : 0);
  return (
    `${method} ${target} SIP/2.0\r\nVia: ${via}\r\n${routes.map((route) => `Route: ${route}\r\n`).join("")}` +
    `${response.lines(FROM)}${response.lines(TO)}Call-ID: ${response.callId}\r\nCSeq: ${cseq} ${method}\r\n` +
    "Content-Length: 0\r\n\r\n"
  );
}

function contactsOf(request: Request): string[] {
  return [...request.wire.matchAll(/\r\n((?:Contact|m):[^\r]*)/gi)].map(([, line = ""]) => line).slice(0, 20);
}

function recordRoutesOf(request: Request): string[] {
  const lines = request.lines(RECORD_ROUTE).trimEnd();
  return lines === "" ? [] : [lines];
}
