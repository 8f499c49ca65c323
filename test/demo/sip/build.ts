/** New SIP messages: requests from scratch, responses from the request that they answer (RFC 3261 §8.1.1, §8.2.6). */
import { randomBytes } from "node:crypto";
import { type Address, type Field, fieldsNamed, type SipRequest, type SipResponse } from "./message.ts";

const MAX_FORWARDS = 70;

/** What differs from request to request. */
export interface RequestPlan {
  readonly method: string;
  readonly uri: string;
  /** Values of From and To, with their tags. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly sequence: number;
  readonly routes: readonly string[];
  readonly fields?: readonly Field[];
  readonly body?: string;
}

/** A request without Via: the endpoint that sends it adds its own. */
export function buildRequest(plan: RequestPlan): SipRequest {
  const { method, uri, from, to, callId, sequence, routes, fields = [], body = "" } = plan;
  return {
    kind: "request",
    method,
    uri,
    fields: [
      ...routes.map((route): Field => ["Route", route]),
      ["Max-Forwards", String(MAX_FORWARDS)],
      ["From", from],
      ["To", to],
      ["Call-ID", callId],
      ["CSeq", `${sequence} ${method}`],
      ...fields,
      ...contentType(body),
    ],
    body,
  };
}

/** What a response says beyond what it copies from the request. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly fields?: readonly Field[];
  readonly body?: string;
}

/** @param tag for To, where the request has none */
export function buildResponse(request: SipRequest, tag: string, answer: Answer): SipResponse {
  const { status, reason, fields = [], body = "" } = answer;
  const copied = fieldsNamed(request, "Via", "Record-Route", "From", "To", "Call-ID", "CSeq").map(
    ([name, value]): Field =>
      name.toLowerCase() === "to" && !value.includes(";tag=") ? [name, `${value};tag=${tag}`] : [name, value],
  );
  return { kind: "response", status, reason, fields: [...copied, ...fields, ...contentType(body)], body };
}

/** The ACK of a final response other than 2xx: it belongs to the INVITE's own transaction (§17.1.1.3). */
export function buildFailureAck(invite: SipRequest, response: SipResponse): SipRequest {
  const [via] = fieldsNamed(invite, "Via");
  const fields: Field[] = [
    ...(via === undefined ? [] : [via]),
    ...fieldsNamed(invite, "Route", "Max-Forwards", "From"),
    ...fieldsNamed(response, "To"),
    ...fieldsNamed(invite, "Call-ID"),
    ...fieldsNamed(invite, "CSeq").map(([name, value]): Field => [name, value.replace("INVITE", "ACK")]),
  ];
  return { kind: "request", method: "ACK", uri: invite.uri, fields, body: "" };
}

/** A session description of one audio stream; the demo sends no audio. */
export function audioOffer({ host }: Address): string {
  const lines = ["v=0", `o=- 1 1 IN IP4 ${host}`, "s=-", `c=IN IP4 ${host}`, "t=0 0", "m=audio 40000 RTP/AVP 8", ""];
  return lines.join("\r\n");
}

/** For tags, branches and Call-IDs. */
export function randomToken(): string {
  return randomBytes(8).toString("hex");
}

function contentType(body: string): Field[] {
  return body === "" ? [] : [["Content-Type", "application/sdp"]];
}
