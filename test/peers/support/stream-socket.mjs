/**
 * SIP over TCP or TLS for another process, with an IPC channel; ends with the channel. It may run in a network namespace.
 * Arguments: address, port, and for TLS the PEM files of certificate, key and authority. Messages must have a Content-Length.
 */
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import * as tls from "node:tls";

const [host, port, certificate, key, ca] = process.argv.slice(2);
const identity =
  certificate === undefined
    ? undefined
    : { cert: readFileSync(certificate), key: readFileSync(key), ca: readFileSync(ca) };
const monotonic_ms = () => Number(process.hrtime.bigint()) / 1e6;
const tell = (message) => process.connected && process.send(message);
/** By "host port" of the other side. */
const sockets = new Map();

function keep(socket, from) {
  const name = `${from.host} ${from.port}`;
  let pending = "";
  sockets.set(name, socket);
  socket.setEncoding("latin1");
  socket.on("data", (text) => {
    pending = (pending + text).replace(/^(?:\r\n)+/, "");
    for (let end = lengthOf(pending); end > 0 && pending.length >= end; end = lengthOf(pending)) {
      tell({ kind: "datagram", wire: pending.slice(0, end), from, at_ms: monotonic_ms() });
      pending = pending.slice(end).replace(/^(?:\r\n)+/, "");
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    if (sockets.get(name) === socket) sockets.delete(name);
  });
  return socket;
}

/** 0 until the header is whole. */
function lengthOf(text) {
  const end = text.indexOf("\r\n\r\n") + 4;
  const length = /\r\n(?:Content-Length|l)\s*:\s*(\d+)/i.exec(text.slice(0, end))?.[1] ?? "0";
  return end < 4 ? 0 : end + Number(length);
}

function socketTo(to) {
  const known = sockets.get(`${to.host} ${to.port}`);
  if (known !== undefined) return known;
  const way = { host: to.host, port: to.port, localAddress: host };
  return keep(identity === undefined ? connect(way) : tls.connect({ ...way, ...identity, servername: "" }), to);
}

const accept = (socket) => void keep(socket, { host: socket.remoteAddress, port: socket.remotePort });
const server = identity === undefined ? createServer(accept) : tls.createServer(identity, accept);
server.on("tlsClientError", () => {});
server.listen(Number(port), host, () => tell({ kind: "listening" }));

process.on("message", ({ id, wire, to, command }) => {
  const at_ms = monotonic_ms();
  const done = () => tell({ kind: "sent", id, at_ms });
  if (command === "hang up") {
    const ends = [...sockets.values()].map((socket) => new Promise((resolve) => socket.end().once("close", resolve)));
    void Promise.all(ends).then(done);
  } else {
    socketTo(to).write(wire, "latin1", done);
  }
});
process.on("disconnect", () => process.exit(0));
process.on("error", () => process.exit(0));
