/**
 * Sends datagrams, one after the other and over again, from an address that its network namespace has: run as a process of its own, with the
 * order as JSON. Lines of standard input are datagrams, as JSON of where they go and what they are; an empty one begins. In those that
 * have a place for a number, it is another one each time.
 */
import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";

/** Each turn of the clock sends what is due by then. */
const TURN_MS = 2;
const { own, spoofed, perSecond, duration_ms } = JSON.parse(process.argv[2]);

const opened = ({ host, port }) =>
  new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.bind(port, host, () => resolve(socket));
  });
const sockets = { own: await opened(own), spoofed: await opened(spoofed) };
// A full buffer is the flood's own affair.
for (const socket of Object.values(sockets)) socket.removeAllListeners("error").on("error", () => {});

const datagrams = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") break;
  const { by, to, base64, numberAt } = JSON.parse(line);
  datagrams.push({ socket: sockets[by], to, bytes: Buffer.from(base64, "base64"), numberAt });
}

const FIRST_NUMBER = 700_000_000_000_000;
const start_ms = performance.now();
let begun = 0;
let sent = 0;
let failed = 0;

const count = (error) => {
  if (error === null) sent += 1;
  else failed += 1;
};

const send = ({ socket, to, bytes, numberAt }) => {
  if (numberAt !== undefined) bytes.write(`${FIRST_NUMBER + begun}`, numberAt, "latin1");
  begun += 1;
  socket.send(numberAt === undefined ? bytes : Buffer.from(bytes), to.port, to.host, count);
};

const turn = () => {
  const after_ms = Math.min(performance.now() - start_ms, duration_ms);
  for (const due = (after_ms * perSecond) / 1_000; begun < due; ) send(datagrams[begun % datagrams.length]);
  if (after_ms < duration_ms || sent + failed < begun) {
    setTimeout(turn, TURN_MS);
    return;
  }
  console.log(`sent ${sent} in ${Math.round(performance.now() - start_ms)} ms`);
  process.exit(0);
};
turn();
