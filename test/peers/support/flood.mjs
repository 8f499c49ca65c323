/**
 * Sends so many datagrams a second to one place: run as a process of its own, with the order as JSON. It reads nothing, unless the order has
 * a `window`: then it waits while so many of its calls neither ring nor have ended, and it is over when all do or have.
 */
import { createSocket } from "node:dgram";

/** Each turn of the clock sends what is due by then. */
const TURN_MS = 2;
/** What isn't answered within that time after the last one that was is lost. */
const LOST_MS = 15_000;
const { kind, sources, target, perSecond, duration_ms, window } = JSON.parse(process.argv[2]);
const run = process.pid.toString(36);

const request = (method, index, host, called = "0900", body = "") =>
  `${method} sip:${method === "INVITE" ? `${called}@` : ""}pbx.example.com SIP/2.0\r\nVia: SIP/2.0/UDP ${host};branch=z9hG4bK${run}${index};rport\r\n` +
  `Max-Forwards: 70\r\nFrom: <sip:u${index}@pbx.example.com>;tag=${index}\r\nTo: <sip:u${index}@pbx.example.com>\r\n` +
  `Call-ID: ${run}-${index}\r\nCSeq: 1 ${method}\r\nContact: <sip:u${index}@${host}>\r\nExpires: 3600\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const SDP = "v=0\r\n".padEnd(300, "a=rtpmap:0 PCMU/8000\r\n");
const LONG = "x".repeat(60_000);

const KINDS = {
  junk: (index) => `\0${index} ${"x".repeat(index % 300)}\r\n\r\n`,
  INVITE: (index, host) => request("INVITE", index, host),
  REGISTER: (index, host) => request("REGISTER", index, host),
  ringing: (index, host) => request("INVITE", index, host, "ringing", SDP),
  silent: (index, host) => request("INVITE", index, host, "silent", SDP),
  long: (index, host) => request("INVITE", index, host, index % 2 === 0 ? "ringing" : "silent", LONG),
};
const build = KINDS[kind];

const sockets = await Promise.all(
  sources.map(
    (host) =>
      new Promise((resolve, reject) => {
        const socket = createSocket("udp4");
        socket.on("error", reject);
        socket.bind(0, host, () => socket.connect(target.port, target.host, () => resolve({ socket, host })));
      }),
  ),
);
// A full buffer is the flood's own affair.
for (const { socket } of sockets) socket.removeAllListeners("error").on("error", () => {});

const start_ms = performance.now();
let sent = 0;
/** Calls that ring or have ended, or are lost. */
const answered = new Set();
let answered_ms = start_ms;
const hear = (octets) => {
  const [, status, index] = /^SIP\/2\.0 (\d+) [\s\S]*\r\nCall-ID: \w+-(\d+)\r\n/i.exec(octets.toString("latin1")) ?? [];
  if (index === undefined || status === "100" || status === "181") return;
  answered.add(Number(index));
  answered_ms = performance.now();
};
if (window !== undefined) for (const { socket } of sockets) socket.on("message", hear);

const turn = () => {
  const now_ms = performance.now();
  const after_ms = Math.min(now_ms - start_ms, duration_ms);
  if (now_ms - answered_ms > LOST_MS) {
    for (let index = 0; index < sent; index++) answered.add(index);
    answered_ms = now_ms;
  }
  for (const due = (after_ms * perSecond) / 1_000; sent < due && !(sent - answered.size >= window); sent++) {
    const { socket, host } = sockets[sent % sockets.length];
    socket.send(Buffer.from(build(sent, host), "latin1"));
  }
  const isOver = window === undefined ? after_ms >= duration_ms : answered.size >= (duration_ms * perSecond) / 1_000;
  if (!isOver) return void setTimeout(turn, TURN_MS);
  console.log(`sent ${sent} in ${Math.round(now_ms - start_ms)} ms`);
  for (const { socket } of sockets) socket.close();
};
turn();
