/** The HTTP server over real sockets: connections that stay, events, and callers that are slow, greedy or not admitted. */
import * as net from "node:net";
import { expect, test, vi } from "vitest";
import type { HttpAnswer } from "../../src/base/http-answer.ts";
import { BEAT_ms, HEAD_CHARACTERS_MAX, type HttpManner, IDLE_ms, PATIENCE_ms } from "../../src/io/node/http-caller.ts";
import { CONNECTIONS_MAX, HttpServer, PER_ADDRESS_MAX, STREAMS_MAX } from "../../src/io/node/http-server.ts";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { settle, until } from "./stream-lab.ts";

const subnet = new Subnet(100);
const AT = subnet.at(1, 8_080);
/** More than the kernel keeps for a reader. */
const BIG_OCTETS = 30_000_000;
const END = "\r\n\r\n";

cleanUpAfterEach();

const plain = (body: string, rest: Partial<HttpAnswer> = {}): HttpAnswer => {
  return { status: 200, headers: { "Content-Type": "text/plain" }, body, ...rest };
};

/** Streams that are open, by what writes to them; and how often one has gone. */
const streams: ((text: string) => boolean)[] = [];
let gone = 0;

const stream: HttpAnswer["stream"] = (write) => {
  streams.push(write);
  return () => {
    gone += 1;
  };
};

function answer(head: string | undefined): HttpAnswer {
  if (head === undefined) return plain("", { status: 431, isLast: true });
  if (head.includes("/events")) return plain("retry: 1\n\n", { stream });
  if (head.includes("/big")) return plain("x".repeat(BIG_OCTETS));
  if (head.includes("/octets")) return plain("\x00\xff", { isOctets: true });
  if (head.includes("/wrong")) return plain("no", { status: 401, delay_ms: 1_000 });
  if (head.includes("/last")) return plain("bye", { isLast: true });
  return plain(`größe ${head.split(" ")[1]}`, { isHeadOnly: head.startsWith("HEAD") });
}

async function open(manner: Partial<HttpManner> = {}): Promise<HttpServer> {
  const server = new HttpServer(AT, {
    admits: () => true,
    answer,
    tooMany: plain("later", { status: 503, isLast: true }),
    ...manner,
  });
  await server.open();
  defer(() => server.close());
  return server;
}

/** A connection: what it has heard so far, and whether it has ended. */
class Asker {
  heard = "";
  isOver = false;
  readonly socket: net.Socket;

  constructor(from = subnet.host(2), options: net.SocketConstructorOpts = {}) {
    this.socket = net.connect({ ...AT, ...options, localAddress: from });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (piece: string) => {
      this.heard += piece;
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.isOver = true;
    });
    defer(() => this.socket.destroy());
  }

  ask(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  get answers(): number {
    return this.heard.split("HTTP/1.1 ").length - 1;
  }

  /** Waits until it has heard so many answers. */
  async hears(count: number): Promise<this> {
    await until(`answer ${count}`, () => this.answers >= count && !this.heard.endsWith(END));
    return this;
  }

  async ends(): Promise<string> {
    await until("the end of a connection", () => this.isOver);
    return this.heard;
  }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x${END}`;

test("a connection stays for one request after the other, whatever pieces they come in", async () => {
  await open();
  const asker = new Asker().ask("GET /a HT");
  await settle();
  await asker.ask(`TP/1.1${END}`).hears(1);
  expect(asker.heard).toBe(
    Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\ngröße /a", "utf8").toString(
      "latin1",
    ),
  );
  await asker.ask(get("/b")).hears(2);
  expect(asker.isOver).toBe(false);
  asker.heard = "";
  await asker.ask(`${get("/c")}${get("/d")}${get("/last")}${get("/never")}`).ends();
  expect(asker.heard.match(/\/[cd]|bye|never/g)).toEqual(["/c", "/d", "bye"]);
  expect(asker.heard).toContain("Connection: close");
});

test("HEAD has the length and no body; octets stay as they are", async () => {
  await open();
  const asker = new Asker().ask(`HEAD /a HTTP/1.1${END}`);
  await until("the head", () => asker.heard.endsWith(END));
  expect(asker.heard).toContain("Content-Length: 10");
  asker.heard = "";
  await asker.ask(get("/octets")).hears(1);
  expect(asker.heard.endsWith("Content-Length: 2\r\n\r\n\x00\xff")).toBe(true);
});

test("who has said all is answered, and the connection ends", async () => {
  await open();
  const asker = new Asker(undefined, { allowHalfOpen: true });
  asker.socket.end(get("/a"));
  expect(await asker.ends()).toContain("/a");
});

test("who isn't admitted gets nothing but the end", async () => {
  let isAsked = false;
  await open({
    admits: (address) => address !== subnet.host(3),
    answer: (head) => {
      isAsked = true;
      return answer(head);
    },
  });
  expect(await new Asker(subnet.host(3)).ask(get("/")).ends()).toBe("");
  expect(isAsked).toBe(false);
  await new Asker(subnet.host(4)).ask(get("/")).hears(1);
});

test("a head that doesn't end is 431 once it is too long", async () => {
  await open();
  expect(await new Asker().ask(`GET / HTTP/1.1\r\nX: ${"x".repeat(HEAD_CHARACTERS_MAX)}`).ends()).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  const longest = `GET / HTTP/1.1\r\nX: `;
  await new Asker().ask(`${longest}${"x".repeat(HEAD_CHARACTERS_MAX - longest.length)}${END}`).hears(1);
});

test("who asks on and on without reading is ended, whole answers never leave", async () => {
  await open();
  const asker = new Asker();
  asker.socket.pause();
  asker.ask(`${get("/big")}${get("/big")}`);
  await settle();
  asker.socket.resume();
  expect((await asker.ends()).length).toBeLessThan(BIG_OCTETS);
  expect(asker.answers).toBe(1);
});

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  defer(() => void vi.useRealTimers());
}

test("a request that doesn't come whole in time is ended, however it trickles", async () => {
  fakeTimers();
  await open();
  const asker = new Asker().ask("G");
  await until("its patience is counted", () => vi.getTimerCount() === 1);
  await settle();
  for (let step = 0; step < 4; step++) {
    vi.advanceTimersByTime(PATIENCE_ms / 5);
    asker.ask("E");
    await settle();
  }
  expect(asker.isOver).toBe(false);
  vi.advanceTimersByTime(PATIENCE_ms / 5);
  expect(await asker.ends()).toBe("");
});

test("a connection that waits for its next request ends after a while", async () => {
  fakeTimers();
  await open();
  const asker = await new Asker().ask(get("/")).hears(1);
  await settle();
  vi.advanceTimersByTime(IDLE_ms - 1);
  await settle();
  expect(asker.isOver).toBe(false);
  vi.advanceTimersByTime(1);
  await asker.ends();
});

test("a wrong password has to wait, and what follows it too", async () => {
  fakeTimers();
  await open();
  const asker = new Asker().ask(`${get("/wrong")}${get("/b")}`);
  await until("it waits", () => vi.getTimerCount() === 2);
  vi.advanceTimersByTime(999);
  await settle();
  expect(asker.heard).toBe("");
  vi.advanceTimersByTime(1);
  await asker.hears(2);
  expect(asker.heard).toMatch(/^HTTP\/1\.1 401 .*\/b$/s);
});

test("one caller may have so many connections, all callers so many; those that only wait make room", async () => {
  await open();
  const crowd = (last: number, count: number) => Array.from({ length: count }, () => new Asker(subnet.host(last)));
  const busy = crowd(10, PER_ADDRESS_MAX).map((one) => one.ask("GET"));
  await settle();
  expect(await new Asker(subnet.host(10)).ask(get("/")).ends()).toBe("");
  expect(busy.some(({ isOver }) => isOver)).toBe(false);
  const idle = await Promise.all(crowd(11, PER_ADDRESS_MAX).map((one) => one.ask(get("/")).hears(1)));
  await settle();
  await new Asker(subnet.host(11)).ask(get("/")).hears(1);
  await until("one that waits has gone", () => idle.filter(({ isOver }) => isOver).length === 1);
  for (let left = CONNECTIONS_MAX - 2 * PER_ADDRESS_MAX, last = 12; left > 0; left -= PER_ADDRESS_MAX, last++) {
    for (const one of crowd(last, Math.min(left, PER_ADDRESS_MAX))) one.ask("GET");
  }
  await settle();
  await new Asker(subnet.host(19)).ask(get("/")).hears(1);
  await until("another that waits has gone", () => idle.filter(({ isOver }) => isOver).length === 2);
});

test("events come as they are written, something comes at least so often, and who has gone is told once", async () => {
  fakeTimers();
  [streams.length, gone] = [0, 0];
  await open();
  const asker = await new Asker().ask(get("/events")).hears(1);
  expect(asker.heard).toMatch(/Connection: close\r\n\r\nretry: 1\n\n$/);
  expect(asker.heard).not.toContain("Content-Length");
  expect(streams[0]?.("data: größe\n\n")).toBe(true);
  await until("an event", () => asker.heard.endsWith(Buffer.from("data: größe\n\n").toString("latin1")));
  vi.advanceTimersByTime(BEAT_ms);
  await until("a beat", () => asker.heard.endsWith(":\n\n"));
  vi.advanceTimersByTime(IDLE_ms);
  asker.socket.end();
  await until("it is told", () => gone === 1);
  await asker.ends();
  expect(streams[0]?.("data: late\n\n")).toBe(false);
  expect(gone).toBe(1);
});

test("HEAD of events ends; one stream too many is told so; a reader that is far behind is ended", async () => {
  [streams.length, gone] = [0, 0];
  await open();
  const slow = new Asker(subnet.host(20));
  slow.socket.pause();
  slow.ask(get("/events"));
  await until("its stream", () => streams.length === 1);
  for (let last = 21; streams.length < STREAMS_MAX; last++)
    await new Asker(subnet.host(last)).ask(get("/events")).hears(1);
  expect(await new Asker(subnet.host(30)).ask(get("/events")).ends()).toMatch(/^HTTP\/1\.1 503 .*later$/s);
  const piece = `data: ${"x".repeat(100_000)}\n\n`;
  await until("the slow reader is ended", () => streams[0]?.(piece) === false);
  await until("it is told", () => gone === 1);
});

test("the end of the server is the end of its connections", async () => {
  const server = await open();
  const asker = await new Asker().ask(get("/")).hears(1);
  await server.close();
  await asker.ends();
});

test("an address that isn't here is an error, and is had once it is here", async () => {
  fakeTimers();
  const server = new HttpServer(
    { host: "192.0.2.1", port: AT.port },
    { admits: () => true, answer, tooMany: plain("") },
  );
  defer(() => server.close());
  await expect(server.open()).rejects.toThrow("EADDRNOTAVAIL");
  expect(vi.getTimerCount()).toBe(1);
  const listen = vi.spyOn(net.Server.prototype, "listen").mockImplementation(function (this: net.Server, _at, heard) {
    setImmediate(heard as () => void);
    return this;
  } as typeof net.Server.prototype.listen);
  defer(() => listen.mockRestore());
  vi.advanceTimersByTime(5_000);
  expect(listen).toHaveBeenCalledTimes(1);
  await settle();
  expect(vi.getTimerCount()).toBe(0);
});

test("a port that another has is an error", async () => {
  await open();
  await expect(open()).rejects.toThrow("EADDRINUSE");
});
