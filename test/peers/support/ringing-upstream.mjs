/**
 * An upstream that answers what is asked by the called user: "ringing" with 180 and no more, "silent" not at all, anything
 * else with 200. Run as a process of its own: a flood would keep the test's from its calls. Arguments: address, port.
 */
import { createSocket } from "node:dgram";

const [host, port] = process.argv.slice(2);
const socket = createSocket({ type: "udp4", recvBufferSize: 4_194_304 });

/** The lines of a header field, one or several. */
const lines = (head, name) => (head.match(new RegExp(`^${name}:.*\\r\\n`, "gim")) ?? []).join("");

function answer(head, status) {
  const to = lines(head, "To");
  return (
    `SIP/2.0 ${status}\r\n${lines(head, "Via")}${lines(head, "Record-Route")}${lines(head, "From")}` +
    `${/;tag=/i.test(to) ? to : to.replace("\r\n", ";tag=upstream\r\n")}${lines(head, "Call-ID")}${lines(head, "CSeq")}` +
    `Contact: <sip:${host}:${port}>\r\nContent-Length: 0\r\n\r\n`
  );
}

socket.on("message", (message, from) => {
  const head = message.toString("latin1", 0, Math.min(message.length, 4_000));
  const [method, uri = ""] = head.split(" ", 2);
  if (method === "SIP/2.0" || method === "ACK" || uri.startsWith("sip:silent@")) return;
  const status = method === "INVITE" && uri.startsWith("sip:ringing@") ? "180 Ringing" : "200 OK";
  socket.send(Buffer.from(answer(head, status), "latin1"), from.port, from.address);
});
socket.bind(Number(port), host, () => console.log("listening"));
