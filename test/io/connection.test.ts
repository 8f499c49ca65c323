/** One connection, with a socket that only says what it is told. */
import { EventEmitter } from "node:events";
import type * as net from "node:net";
import { expect, test } from "vitest";
import { Connection, type ConnectionUser } from "../../src/io/node/connection.ts";
import { type Flow, TRANSPORTS } from "../../src/transport/flow.ts";

class Quiet extends EventEmitter {
  writableLength = 0;
  connecting = false;
  setEncoding() {}
  setNoDelay() {}
  setKeepAlive() {}
  /** How it was ended. */
  readonly ends: string[] = [];
  destroy() {
    this.ends.push("destroyed");
  }
  resetAndDestroy() {
    this.ends.push("reset");
  }
  write() {}
  /** As Node has it: its listener is told once. */
  setTimeout(_idle_ms: number, heard?: () => void) {
    if (heard !== undefined) this.once("timeout", heard);
  }
}

/** One that stands, and why it was closed. */
function standing(transport: keyof typeof TRANSPORTS = "tcp") {
  const socket = new Quiet();
  const closed: string[] = [];
  const user: ConnectionUser = {
    onMessage: () => true,
    onHeld: () => {},
    onClosed: (_, why) => closed.push(why),
    unsent_max_bytes: 1_000,
  };
  const flow = { listener: { transport: TRANSPORTS[transport] }, address: "192.0.2.1", port: 5060 } as unknown as Flow;
  const connection = new Connection(socket as unknown as net.Socket, flow, user, 1_000);
  connection.opened();
  return { socket, closed, connection };
}

test("a peer that stops reading is noticed also after the connection has been idle", () => {
  const { socket, closed } = standing();
  socket.emit("timeout");
  expect(closed).toEqual([]);
  socket.writableLength = 1;
  socket.emit("timeout");
  expect(closed).toEqual(["peer doesn't read"]);
});

test("one that is given up is reset: what the kernel still holds must not arrive when the line is back", () => {
  const { socket, closed, connection } = standing();
  connection.abandon("silent");
  connection.abandon("silent again");
  socket.emit("close");
  expect(socket.ends).toEqual(["reset"]);
  expect(closed).toEqual(["silent"]);
});

test("one that is closed in peace isn't reset: what was written still arrives", () => {
  const { socket, connection } = standing();
  connection.close("stopping");
  expect(socket.ends).toEqual(["destroyed"]);
});

test("Node resets no TLS, none that doesn't stand yet, and none where text waits before the kernel: those are only destroyed", () => {
  const secure = standing("tls");
  secure.connection.abandon("silent");
  const full = standing();
  full.socket.writableLength = 1;
  full.connection.abandon("silent");
  const connecting = standing();
  connecting.socket.connecting = true;
  connecting.connection.abandon("silent");
  const older = standing();
  Object.assign(older.socket, { resetAndDestroy: undefined });
  older.connection.abandon("silent");
  for (const { socket } of [secure, full, connecting, older]) expect(socket.ends).toEqual(["destroyed"]);
});
