/**
 * Has a baresip call somebody, and hang up two seconds after the answer: node call.mjs ADDRESS PORT URI. The address and port are
 * those of its ctrl_tcp, which speaks JSON in netstrings. Prints what the caller sees; status 1 when nobody answers.
 */
import { connect } from "node:net";

const TALK_MS = 2_000;
const LIMIT_MS = 30_000;
const WORDS = {
  CALL_RINGING: "in progress (180, or 181)",
  CALL_PROGRESS: "in progress (183)",
  CALL_ESTABLISHED: "answered",
  CALL_CLOSED: "over",
};

const [, , host, port, uri = ""] = process.argv;
const socket = connect(Number(port), host);
const begin_ms = performance.now();
let buffered = Buffer.alloc(0);
let isAnswered = false;

function command(name, params) {
  const text = JSON.stringify({ command: name, ...(params === undefined ? {} : { params }) });
  socket.write(`${Buffer.byteLength(text)}:${text},`);
}

function say(words) {
  console.log(`${((performance.now() - begin_ms) / 1_000).toFixed(1).padStart(5)} s  ${words}`);
}

function take({ event, type, param }) {
  const words = WORDS[type];
  if (event !== true || words === undefined) return;
  say(type === "CALL_CLOSED" && !isAnswered ? `${words}: ${param}` : words);
  if (type === "CALL_ESTABLISHED") {
    isAnswered = true;
    setTimeout(() => command("hangup"), TALK_MS);
  } else if (type === "CALL_CLOSED") end(isAnswered ? 0 : 1);
}

function end(status) {
  process.exitCode = status;
  socket.destroy();
  clearTimeout(limit);
}

socket.on("connect", () => {
  say(`201 dials ${uri}`);
  command("dial", uri);
});
socket.on("data", (bytes) => {
  buffered = Buffer.concat([buffered, bytes]);
  for (;;) {
    const colon = buffered.indexOf(":");
    const length = Number(buffered.toString("latin1", 0, Math.max(colon, 0)));
    if (colon < 0 || buffered.length < colon + length + 2) return;
    const text = buffered.toString("utf8", colon + 1, colon + 1 + length);
    buffered = buffered.subarray(colon + length + 2);
    take(JSON.parse(text));
  }
});
socket.on("error", (error) => {
  say(error.message);
  end(1);
});
const limit = setTimeout(() => {
  say(`nothing within ${LIMIT_MS / 1_000} s`);
  end(1);
}, LIMIT_MS);
