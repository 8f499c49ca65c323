/** A UDP socket for another process: run inside a network namespace, with an IPC channel; ends with the channel. */
import { createSocket } from "node:dgram";

const [host, port] = process.argv.slice(2);
const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
const monotonic_ms = () => Number(process.hrtime.bigint()) / 1e6;

socket.on("message", (bytes, { address, port: from }) => {
  const at_ms = monotonic_ms();
  process.send({ kind: "datagram", wire: bytes.toString("latin1"), from: { host: address, port: from }, at_ms });
});
socket.bind(Number(port), host, () => process.send({ kind: "listening" }));

process.on("message", ({ id, wire, to }) => {
  const at_ms = monotonic_ms();
  // Where the network is down the datagram is lost, as it would be further on.
  socket.send(Buffer.from(wire, "latin1"), to.port, to.host, () => process.send({ kind: "sent", id, at_ms }));
});
process.on("disconnect", () => process.exit(0));
// A datagram came while the channel was being closed.
process.on("error", () => process.exit(0));
