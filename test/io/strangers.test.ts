/** A stranger's connection: it gets no pong, and ends when its time is over, unless it has said what admits it. */
import { expect, test, vi } from "vitest";
import type { Flow } from "../../src/transport/flow.ts";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { message } from "../transport/framing-lab.ts";
import { Peer, StreamLab, settle, until } from "./stream-lab.ts";

const net = new Subnet(86);
const US = net.at(1);
const PHONE = net.host(17);
const STRANGER = net.host(200);
const REQUEST = message({ lines: ["l: 3"], body: "abc" });
const TOKEN = message({ lines: ["Route: <sip:p~token@us>", "l: 0"], body: "" });
const PING = "\r\n\r\n";
const PATIENCE_ms = 3_000;

cleanUpAfterEach();

/** From now on the patience of connections is in the hands of the test. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  defer(() => vi.useRealTimers());
}

async function lab() {
  const opened = await StreamLab.open(US);
  opened.known.add(PHONE);
  opened.isAdmitted = (wire) => wire.includes("p~token");
  stopClock();
  return opened;
}

test.each([
  ["a message that parses", [REQUEST]],
  ["several messages", [REQUEST, REQUEST, REQUEST]],
  ["a message and half of another", [REQUEST, REQUEST.slice(0, 40)]],
  ["a response", ["SIP/2.0 200 OK\r\nl: 0\r\n\r\n"]],
  ["NUL, and a message", ["\0\0\0\0", REQUEST, "\0\0"]],
  ["NUL alone", ["\0".repeat(5_000)]],
])("%s keeps no stranger here, whatever pings follow", async (_, said) => {
  const { streams, log } = await lab();
  const stranger = await Peer.connect(US, STRANGER);
  await until("the connection", () => streams.size === 1);
  for (const text of said) stranger.send(text);
  stranger.send(PING);
  await settle();
  vi.advanceTimersByTime(PATIENCE_ms - 1);
  stranger.send(PING + REQUEST + PING);
  await settle();
  expect(streams.size).toBe(1);
  vi.advanceTimersByTime(1);
  await until("its end", () => stranger.hasEnded);
  expect(stranger.received).toBe("");
  expect(streams.size).toBe(0);
  expect(log.filter(({ event }) => event === "connection_closed")).toHaveLength(1);
});

test("what can't be followed any further earns a stranger no time", async () => {
  const { streams, messages } = await lab();
  const stranger = await Peer.connect(US, STRANGER);
  stranger.socket.allowHalfOpen = true;
  await until("the connection", () => streams.size === 1);
  vi.advanceTimersByTime(PATIENCE_ms - 1);
  stranger.send(message({ lines: ["Content-Length: -1"], body: "" }));
  await until("the message", () => messages.length === 1);
  vi.advanceTimersByTime(1);
  await until("its end", () => streams.size === 0);
});

test("an answer to a stranger leaves all the same, and earns it no time", async () => {
  const { streams, messages } = await lab();
  const stranger = await Peer.connect(US, STRANGER);
  stranger.send(REQUEST);
  await until("the request", () => messages.length === 1);
  streams.send(messages[0]?.source as Flow, "SIP/2.0 403 Forbidden\r\nl: 0\r\n\r\n");
  await until("the 403", () => stranger.received.includes("403"));
  vi.advanceTimersByTime(PATIENCE_ms);
  await until("its end", () => stranger.hasEnded);
});

test("a stranger that has shown a token is one no longer: it gets pongs, and stays", async () => {
  const { streams, messages } = await lab();
  const guest = await Peer.connect(US, STRANGER);
  guest.send(REQUEST + PING);
  await until("the request", () => messages.length === 1);
  vi.advanceTimersByTime(PATIENCE_ms - 1);
  guest.send(TOKEN);
  await until("the token", () => messages.length === 2);
  guest.send(PING);
  await until("a pong", () => guest.received === "\r\n");
  vi.advanceTimersByTime(60 * 60_000);
  guest.send(REQUEST);
  await until("another request", () => messages.length === 3);
  guest.send(PING);
  await until("another pong", () => guest.received === "\r\n\r\n");
  expect(streams.size).toBe(1);
});

test("a phone belongs here by its address: any message keeps it, NUL and pings alone don't", async () => {
  const { streams, messages } = await lab();
  const [phone, silent] = [await Peer.connect(US, PHONE), await Peer.connect(US, PHONE)];
  phone.send(REQUEST);
  silent.send(`\0\0${PING}\0`);
  await until("the request", () => messages.length === 1 && streams.size === 2);
  await settle();
  vi.advanceTimersByTime(10_000);
  await until("the end of the other", () => silent.hasEnded);
  phone.send(PING);
  await until("a pong", () => phone.received === "\r\n");
  expect([silent.received, streams.size]).toEqual(["", 1]);
});

test("an address that becomes known while its connection is new is one of ours with its next message", async () => {
  const opened = await lab();
  const upstream = await Peer.connect(US, STRANGER);
  upstream.send(REQUEST);
  await until("the request", () => opened.messages.length === 1);
  opened.known.add(STRANGER);
  upstream.send(REQUEST + PING);
  await until("a pong", () => upstream.received === "\r\n");
  vi.advanceTimersByTime(60_000);
  await settle();
  expect(upstream.hasEnded).toBe(false);
});
