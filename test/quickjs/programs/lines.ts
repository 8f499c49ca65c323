/**
 * At the end of a line: "burst LOCAL PEER COUNT OCTETS" sends more datagrams at once than it carries, until its peer says that it is enough;
 * "turn LOCAL PEER COUNT OCTETS" does so to a peer that it turns away from, as from one that isn't watched any more, and tells what has
 * come; "vanish LOCAL PEER" has a connection whose peer vanishes. It is run by Node, and by our modules over the C host.
 */
import * as fs from "node:fs";
import * as net from "node:net";
import { UdpSocket } from "../../../src/io/node/udp-socket.ts";

const PORT = 5060;
const FIRST_PROBE_ms = 1_000;

const [what = "", local = "", peer = "", count = "", octets = ""] = process.argv.slice(2);
const say = (line: string) => fs.writeSync(1, `${line}\n`);

async function burst() {
  const refusals: string[] = [];
  const socket = new UdpSocket(local, {
    onText: (wire) => {
      say(wire);
      void socket.close();
    },
    onError: (error) => say(error.message),
  });
  await socket.bind(local, PORT);
  const onSent = (error: Error | null) => {
    if (error !== null) refusals.push(String((error as NodeJS.ErrnoException).code));
  };
  for (let number = 0; number < Number(count); number++) {
    socket.sendTo(`${number} `.padEnd(Number(octets), "x"), PORT, peer, onSent);
  }
  setImmediate(() => say(JSON.stringify(refusals)));
}

async function turn() {
  const heard: string[] = [];
  const socket = new UdpSocket(local, {
    onText: (wire) => {
      heard.push(wire.slice(0, 4).trim());
      if (wire !== "end") return;
      say(JSON.stringify(heard));
      void socket.close();
    },
    onError: (error) => say(error.message),
  });
  await socket.bind(local, PORT);
  await socket.connect(PORT, peer);
  for (let number = 0; number < Number(count); number++) socket.send(`${number} `.padEnd(Number(octets), "x"));
  socket.disconnect();
  await socket.connect(PORT, local);
  socket.send("end");
}

function vanish() {
  const socket = net.connect({ host: peer, port: PORT, localAddress: local });
  socket.on("connect", () => {
    socket.setKeepAlive(true, FIRST_PROBE_ms);
    say("connected");
  });
  socket.on("error", (error: NodeJS.ErrnoException) => say(`error ${error.code}`));
}

if (what === "burst") void burst();
else if (what === "turn") void turn();
else vanish();
