/** Opens so many TCP connections to one place and says nothing on them: run as a process of its own, with the order as JSON. */
import { connect } from "node:net";

const TURN_MS = 5;
const { sources, target, perSecond, duration_ms } = JSON.parse(process.argv[2]);
const open = new Set();
const start_ms = performance.now();
let made = 0;
let stood = 0;
let most = 0;

const turn = () => {
  const after_ms = Math.min(performance.now() - start_ms, duration_ms);
  for (const due = (after_ms * perSecond) / 1_000; made < due; made++) {
    const localAddress = sources[made % sources.length];
    const socket = connect({ host: target.host, port: target.port, localAddress });
    socket.on("error", () => {});
    socket.on("connect", () => {
      stood += 1;
      open.add(socket);
      most = Math.max(most, open.size);
    });
    socket.on("close", () => open.delete(socket));
    socket.resume();
  }
  if (after_ms < duration_ms) {
    setTimeout(turn, TURN_MS);
    return;
  }
  console.log(`sent ${made} connections, ${stood} stood, ${most} at once`);
  for (const socket of open) socket.destroy();
};
turn();
