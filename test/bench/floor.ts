/**
 * The floor: the least JavaScript that forwards the packets of this bench. No transactions, no retransmissions, no
 * parsing beyond what the next hop needs; it shows what Node itself costs, and how much the load generator can take.
 */
import { createSocket, type Socket } from "node:dgram";
import { type Address, DOMAIN, hostPort, PROXY, UPSTREAM } from "./addresses.ts";
import { echoedFields, methodOf, statusOf } from "./load/sip-text.ts";

const RECEIVE_BUFFER_BYTES = 4 << 20;
const SELF = hostPort(PROXY);
const OUR_VIA = `Via: SIP/2.0/UDP ${SELF};branch=z9hG4bK-floor-`;

export async function runFloor(): Promise<void> {
  const socket = createSocket({ type: "udp4", lookup: literal });
  socket.on("message", (datagram, sender) => {
    const text = datagram.toString("latin1");
    if (statusOf(text) === 0) forwardRequest(socket, text, { host: sender.address, port: sender.port });
    else forwardResponse(socket, text);
  });
  socket.bind(PROXY.port, PROXY.host, () => socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES));
}

function forwardRequest(socket: Socket, text: string, sender: Address): void {
  const method = methodOf(text);
  if (method === "OPTIONS") {
    send(socket, `SIP/2.0 200 OK\r\n${echoedFields(text, "floor")}Content-Length: 0\r\n\r\n`, sender);
    return;
  }
  if (method === "INVITE")
    send(socket, `SIP/2.0 100 Trying\r\n${echoedFields(text, "")}Content-Length: 0\r\n\r\n`, sender);
  const lineEnd = text.indexOf("\r\n") + 2;
  const branch = text.slice(text.indexOf("branch=") + 7, text.indexOf(";rport"));
  let added = `${OUR_VIA}${branch}\r\n`;
  if (method === "INVITE") added += `Record-Route: <sip:${SELF};lr>\r\n`;
  if (method === "REGISTER") added += `Path: <sip:${SELF};lr>\r\nSupported: path\r\n`;
  send(socket, text.slice(0, lineEnd) + added + withoutLine(text.slice(lineEnd), "Route: "), nextHop(text));
}

function forwardResponse(socket: Socket, text: string): void {
  if (statusOf(text) === 100) return;
  const stripped = withoutLine(text, OUR_VIA);
  const start = stripped.indexOf("Via: SIP/2.0/UDP ") + 17;
  send(socket, stripped, address(stripped.slice(start, stripped.indexOf(";", start))));
}

/** Head office for its domain, otherwise the host of the Request-URI. */
function nextHop(text: string): Address {
  const host = text.slice(text.indexOf(":") + 1, text.indexOf(" SIP/2.0")).replace(/^.*@/, "");
  return host === DOMAIN ? UPSTREAM : address(host);
}

function address(text: string): Address {
  const colon = text.indexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** `text` without the first line that begins like this. */
function withoutLine(text: string, beginning: string): string {
  const start = text.indexOf(beginning);
  return start < 0 ? text : text.slice(0, start) + text.slice(text.indexOf("\r\n", start) + 2);
}

function send(socket: Socket, text: string, { host, port }: Address): void {
  socket.send(Buffer.from(text, "latin1"), port, host);
}

/** All addresses are literals: the default lookup would cost a tick of the event loop per datagram. */
function literal(host: string, _options: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, host, 4);
}
