/**
 * Prints what all cases come to that are about events, by name, as JSON; it is run by Node, and by our modules over the C host.
 * With "ends" as its word it leaves what keeps no process; with "overruns", calls that take too long are ended.
 */
import * as fs from "node:fs";
import * as net from "node:net";
import type { Logger } from "../../../src/base/ports.ts";
import { guardEvents } from "../../../src/io/node/watchdog.ts";
import { CHILDREN } from "../cases/children.ts";
import { DGRAM } from "../cases/dgram.ts";
import { NET } from "../cases/net.ts";
import { outcomeOf } from "../cases/outcome.ts";
import { SIP_SOCKETS } from "../cases/sip-sockets.ts";
import { TIMERS } from "../cases/timers.ts";

const LIMIT_ms = 40_000;
const LONG_ms = 60_000;
const LATE_ms = 4_000;

function within(run: () => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it takes too long")), LIMIT_ms);
    Promise.resolve()
      .then(run)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

async function playAll() {
  const outcomes: Record<string, unknown> = {};
  for (const [group, cases] of Object.entries({ TIMERS, NET, DGRAM, SIP_SOCKETS, CHILDREN })) {
    for (const [name, run] of Object.entries(cases)) {
      outcomes[`${group.toLowerCase()}: ${name}`] = await outcomeOf(() => within(run));
    }
  }
  fs.writeFileSync(1, JSON.stringify(outcomes));
  // Node keeps a pipe of a child whose group was killed.
  process.exit();
}

/** Nothing of this keeps the process. */
function leaveAll() {
  setTimeout(() => fs.writeFileSync(1, "never"), LONG_ms).unref();
  setInterval(() => {}, 5).unref();
  clearTimeout(setTimeout(() => {}, LONG_ms));
  const server = net.createServer();
  server.listen({ host: "127.0.0.1", port: 0 }, () => {
    const { port } = server.address() as net.AddressInfo;
    const client = net.connect({ host: "127.0.0.1", port });
    client.setTimeout(LONG_ms);
    server.on("connection", (socket) => {
      socket.unref();
      client.unref();
      server.close();
      setTimeout(() => fs.writeFileSync(1, "ended"), 20);
    });
  });
}

/** Two calls have no end; others are due with them, and later. */
function overrun() {
  const say = (line: string) => fs.writeSync(1, `${line}\n`);
  const log = { error: (event: string) => say(event) };
  guardEvents(log as unknown as Logger, () => say("goes on"));
  const hang = () => {
    for (;;);
  };
  const socket = net.connect("nothing", () => {});
  socket.on("error", hang);
  socket.on("close", () => say("closed"));
  setTimeout(hang, 1);
  setTimeout(() => say("due with it"), 1);
  setTimeout(() => say("later"), 100);
  setTimeout(() => say("at last"), LATE_ms);
}

const WAYS: Readonly<Record<string, () => void>> = { ends: leaveAll, overruns: overrun };

(WAYS[process.argv[2] ?? ""] ?? playAll)();
