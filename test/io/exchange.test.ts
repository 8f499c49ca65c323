/** One request and its answer, from an address and port of our choice. */
import { createSocket, type Socket } from "node:dgram";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { exchange } from "../../src/io/node/exchange.ts";

const opened: Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

/** A socket on loopback; `answer` makes what it sends back. */
function open(address: string, answer?: (text: string) => readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    opened.push(socket);
    socket.on("message", (bytes, from) => {
      for (const text of answer?.(bytes.toString()) ?? []) socket.send(text, from.port, from.address);
    });
    socket.bind(0, address, () => resolve(socket.address().port));
  });
}

async function freePort(): Promise<number> {
  const port = await open("127.0.0.1");
  await new Promise<void>((resolve) => opened.pop()?.close(() => resolve()));
  return port;
}

const compose = (address: string, port: number) => `OPTIONS from ${address}:${port}`;
const ask = (port: number, from?: { address: string; port: number }) =>
  exchange({ address: "127.0.0.1", port, protocol: "udp" }, "127.0.0.1", undefined, compose, 2_000, from);

test("a request leaves from the address and port that are given, several at once to several peers", async () => {
  const peers = [
    await open("127.0.0.1", (text) => [`SIP/2.0 200 ${text}`]),
    await open("127.0.0.1", () => ["SIP/2.0 404 No"]),
  ];
  const from = { address: "127.0.0.3", port: await freePort() };
  const [first, second] = await Promise.all(peers.map((port) => ask(port, from)));
  expect(first).toMatchObject({ local: "127.0.0.3", local_port: from.port });
  expect(first?.answer).toBe(`SIP/2.0 200 OPTIONS from 127.0.0.3:${from.port}`);
  expect(second?.answer).toBe("SIP/2.0 404 No");
});

test("from a port that another program has, it leaves from another port of the same address", async () => {
  const peer = await open("127.0.0.1", () => ["SIP/2.0 200 OK"]);
  const taken = await open("127.0.0.3");
  const { local, local_port, answer } = await ask(peer, { address: "127.0.0.3", port: taken });
  expect(answer).toBe("SIP/2.0 200 OK");
  expect(local).toBe("127.0.0.3");
  expect(local_port).not.toBe(taken);
});

test("a request of the peer's own, at our port, is no answer", async () => {
  const peer = await open("127.0.0.1", () => ["OPTIONS sip:us SIP/2.0\r\n\r\n", "SIP/2.0 200 OK"]);
  expect((await ask(peer)).answer).toBe("SIP/2.0 200 OK");
});

test("an address that isn't ours is an error, not an exception", async () => {
  const peer = await open("127.0.0.1");
  const { answer, error } = await ask(peer, { address: "203.0.113.77", port: 0 });
  expect(answer).toBeUndefined();
  expect(error).toContain("EADDRNOTAVAIL");
});

/** What is taken for the answer where a peer says all of `texts` at once, by TCP, and hangs up. */
async function askStream(texts: string): Promise<string | undefined> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(texts));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const to = { address: "127.0.0.1", port, protocol: "tcp" } as const;
  const { answer } = await exchange(to, "127.0.0.1", undefined, compose, 2_000);
  server.close();
  return answer;
}

test("by TCP, a final response in one segment with a provisional one, or with the peer's own request, is the answer", async () => {
  const trying = "SIP/2.0 100 Trying\r\n\r\n";
  const ok = "SIP/2.0 200 OK\r\n\r\n";
  expect(await askStream(trying + ok)).toBe(ok);
  expect(await askStream(`OPTIONS sip:us SIP/2.0\r\n\r\n${ok}`)).toBe(ok);
  expect(await askStream(trying)).toBe(trying);
});
