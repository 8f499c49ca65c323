/** TCP as the kernel has it: who may stay connected for how long, and what is told when a connection ends. */
import { describe, expect, test, vi } from "vitest";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { message } from "../transport/framing-lab.ts";
import { Peer, PeerServer, StreamLab, settle, until } from "./stream-lab.ts";

const net = new Subnet(50);
const US = net.at(1);
const PHONE = net.host(17);
const STRANGER = net.host(200);
const REQUEST = message({ lines: ["l: 3"], body: "abc" });
const ANSWER = "SIP/2.0 200 OK\r\nl: 0\r\n\r\n";
/** More than the kernel's buffers and ours together. */
const FLOOD_CHARACTERS = 64 * 1024 * 1024;

cleanUpAfterEach();

/** From now on the patience of connections is in the hands of the test. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  defer(() => vi.useRealTimers());
}

async function office() {
  const lab = await StreamLab.open(US);
  lab.known.add(PHONE);
  return lab;
}

describe("connections that peers open", () => {
  test("RFC 3261 §18.2.2: answers leave over the connection of the request, until it is gone", async () => {
    const lab = await office();
    const phone = await Peer.connect(US, PHONE);
    phone.send(REQUEST + REQUEST.slice(0, 30));
    await until("the request", () => lab.messages.length === 1);
    const [{ wire, source } = { wire: "", source: lab.flowTo(US) }] = lab.messages;
    expect(wire).toBe(REQUEST);
    expect(source).toMatchObject({ address: PHONE, port: phone.socket.localPort, isAccepted: true });
    expect(lab.streams.send(source, ANSWER)).toBe(true);
    await until("the answer", () => phone.received === ANSWER);

    phone.socket.destroy();
    await until("its end", () => lab.unreachable.length === 1);
    expect(lab.unreachable).toEqual([source]);
    expect(lab.connections).toBe(0);
    expect(lab.streams.send(source, ANSWER)).toBe(false);
    expect(lab.unreachable).toHaveLength(1);
    await until("the news that nobody is there", () => lab.unreachable.length === 2);
  });

  test("RFC 5626 §3.5.1: a ping gets its pong, in whatever pieces it comes", async () => {
    const lab = await office();
    const phone = await Peer.connect(US, PHONE);
    phone.send(REQUEST);
    await until("the request", () => lab.messages.length === 1);
    phone.send("\r\n\r\n");
    await until("a pong", () => phone.received === "\r\n");
    phone.send("\r\n");
    await settle();
    phone.send(`\r\n${REQUEST}`);
    await until("another", () => phone.received === "\r\n\r\n");
    await until("the request behind it", () => lab.messages.length === 2);
  });

  test("what can't be followed any further is answered, and the connection is closed", async () => {
    const lab = await office();
    const phone = await Peer.connect(US, PHONE);
    stopClock();
    phone.send(message({ lines: ["Content-Length: -1"], body: "" }) + REQUEST);
    await until("the request", () => lab.messages.length === 1);
    await until("its end", () => phone.hasEnded && lab.connections === 0);
    expect(lab.messages).toHaveLength(1);
  });

  test("a peer that goes on sending after such a message is cut off after 10 s", async () => {
    const lab = await office();
    const phone = await Peer.connect(US, PHONE);
    phone.socket.allowHalfOpen = true;
    stopClock();
    phone.send(message({ lines: ["Content-Length: -1"], body: "" }));
    await until("the request", () => lab.messages.length === 1);
    phone.send(REQUEST);
    await settle();
    vi.advanceTimersByTime(10_000);
    await until("its end", () => lab.connections === 0);
    expect(lab.messages).toHaveLength(1);
    expect(lab.ends).toEqual(["malformed Content-Length"]);
  });

  test("a peer that has said all it has to say (FIN) is let go", async () => {
    const lab = await office();
    const phone = await Peer.connect(US, PHONE);
    phone.send(REQUEST);
    phone.socket.end();
    await until("its end", () => lab.connections === 0);
    expect(lab.messages).toHaveLength(1);
  });

  test("who has been sent nothing is nobody's peer: that he goes is no news", async () => {
    const lab = await office();
    for (const text of ["", REQUEST, `${REQUEST}\r\n\r\n`]) {
      const stranger = await Peer.connect(US, STRANGER);
      stranger.send(text);
      await until("the connection", () => lab.connections === 1);
      stranger.socket.end();
      await until("its end", () => lab.connections === 0);
    }
    await settle();
    expect(lab.closed).toEqual([]);
  });

  test("a peer that doesn't read is cut off before it costs memory", async () => {
    const lab = await office();
    const phone = await Peer.connect(US, PHONE);
    phone.send(REQUEST);
    await until("the request", () => lab.messages.length === 1);
    const source = lab.messages[0]?.source ?? lab.flowTo(US);
    phone.socket.pause();
    const piece = "x".repeat(64 * 1024);
    let sent = 0;
    for (; sent < FLOOD_CHARACTERS && lab.connections === 1; sent += piece.length) {
      lab.streams.send(source, piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeLessThan(FLOOD_CHARACTERS);
    expect(lab.ends).toEqual(["peer doesn't read"]);
    expect(lab.unreachable).toEqual([source]);
  });

  test("the news of that comes, never from within send", async () => {
    const lab = await office();
    const phone = await Peer.connect(US, PHONE);
    phone.send(REQUEST);
    await until("the request", () => lab.messages.length === 1);
    phone.socket.pause();
    lab.streams.send(lab.messages[0]?.source ?? lab.flowTo(US), "x".repeat(FLOOD_CHARACTERS));
    expect(lab.unreachable).toEqual([]);
    await until("the news", () => lab.unreachable.length === 1);
  });
});

describe("patience", () => {
  /** What it sends first, and how long it may then stay. */
  const CASES: readonly (readonly [title: string, from: string, sends: readonly string[], stays_ms: number])[] = [
    ["a stranger that says nothing", STRANGER, [], 3_000],
    ["a stranger that only pings", STRANGER, ["\r\n\r\n"], 3_000],
    ["a stranger whose header never ends", STRANGER, [REQUEST.slice(0, 60)], 3_000],
    ["a phone that says nothing", PHONE, [], 10_000],
    ["a phone that only pings", PHONE, ["\r\n\r\n"], 10_000],
    ["a phone whose first header never ends", PHONE, [REQUEST.slice(0, 60)], 10_000],
    ["a phone whose second header never ends", PHONE, [REQUEST, REQUEST.slice(0, 60)], 10_000],
    ["a phone whose second body never ends", PHONE, [REQUEST + REQUEST.slice(0, -1)], 10_000],
  ];
  test.each(CASES)("%s is cut off in time", async (_title, from, sends, stays_ms) => {
    const lab = await office();
    stopClock();
    const peer = await Peer.connect(US, from);
    await until("the connection", () => lab.connections === 1);
    for (const text of sends) {
      peer.send(text);
      await settle();
    }
    vi.advanceTimersByTime(stays_ms - 1);
    await settle();
    expect([lab.connections, peer.hasEnded]).toEqual([1, false]);
    vi.advanceTimersByTime(1);
    await until("its end", () => peer.hasEnded);
    expect(lab.connections).toBe(0);
  });

  test("octets that trickle in don't make a message last longer", async () => {
    const lab = await office();
    stopClock();
    const phone = await Peer.connect(US, PHONE);
    phone.send(REQUEST);
    await until("the request", () => lab.messages.length === 1);
    for (const octet of REQUEST.slice(0, 10)) {
      phone.send(octet);
      await settle();
      vi.advanceTimersByTime(1_000);
    }
    await until("its end", () => phone.hasEnded);
  });

  test("a phone that has spoken may be silent, ping, or send lone line ends, for an hour", async () => {
    const lab = await office();
    stopClock();
    const phone = await Peer.connect(US, PHONE);
    phone.send(REQUEST);
    await until("the request", () => lab.messages.length === 1);
    for (const text of ["", "\r\n\r\n", "\r\n"]) {
      phone.send(text);
      await settle();
      vi.advanceTimersByTime(1_200_000);
      await settle();
    }
    phone.send(REQUEST);
    await until("another request", () => lab.messages.length === 2);
    expect(phone.hasEnded).toBe(false);
  });
});

describe("limits", () => {
  async function connectAll(from: string, count: number): Promise<Peer[]> {
    return Promise.all(Array.from({ length: count }, () => Peer.connect(US, from)));
  }

  const open = (peers: readonly Peer[]) => peers.filter(({ hasEnded }) => !hasEnded).length;

  test("a stranger has eight connections, strangers together 64, and whoever is known gets in all the same", async () => {
    const lab = await office();
    const first = await connectAll(STRANGER, 10);
    await until("two refusals", () => open(first) === 8);
    const others: Peer[] = [];
    for (let last = 201; last <= 208; last++) others.push(...(await connectAll(net.host(last), 8)));
    // The last one's take the places of addresses that have more than it.
    await until("the limit", () => open(others) === 57 && open(first) === 7);
    expect(lab.streams).toMatchObject({ size: 64, hits: 3 });
    const phone = await Peer.connect(US, PHONE);
    phone.send(REQUEST);
    await until("the phone's request", () => lab.messages.length === 1);

    for (const peer of first) peer.socket.destroy();
    await until("room", () => lab.connections === 58);
    expect(open(await connectAll(STRANGER, 1))).toBe(1);
    await until("one more", () => lab.connections === 59);
  });

  test("strangers whose addresses become known, and known ones that become strangers, don't spoil the count", async () => {
    const lab = await office();
    for (let round = 0; round < 10; round++) {
      lab.known.clear();
      const asStrangers = await connectAll(STRANGER, 8);
      await until("all of them", () => lab.connections === 8);
      lab.known.add(STRANGER);
      for (const peer of asStrangers) peer.socket.destroy();
      await until("none of them", () => lab.connections === 0);
    }
    lab.known.clear();
    const one = await Peer.connect(US, net.host(201));
    await settle();
    expect(one.hasEnded).toBe(false);
    expect(lab.connections).toBe(1);
  });

  test("with all places taken, who has never said anything makes room; after them one of the address that has most", async () => {
    const lab = await office();
    const hosts = [PHONE, ...[18, 19, 21, 22, 23].map((last) => net.host(last))];
    for (const host of [...hosts, net.host(20)]) lab.known.add(host);
    const crowd = (await Promise.all(hosts.map((host) => connectAll(host, 129)))).flat();
    await until("the limit of each address", () => lab.connections === 768 && open(crowd) === 768);
    const silent = crowd.find(({ hasEnded }) => !hasEnded);
    for (const peer of crowd) if (peer !== silent && !peer.hasEnded) peer.send(REQUEST);
    await until("their requests", () => lab.messages.length === 767);

    const late = await Peer.connect(US, net.host(20));
    late.send(REQUEST);
    await until("the late one's request", () => lab.messages.length === 768);
    await until("the silent one's end", () => silent?.hasEnded === true);
    expect(lab.connections).toBe(768);
    const later = await Peer.connect(US, net.host(20));
    later.send(REQUEST);
    await until("the later one's request", () => lab.messages.length === 769);
    expect(lab.connections).toBe(768);
    expect(lab.ends).toEqual(["room for another", "room for another"]);
    expect(late.hasEnded).toBe(false);
    // Phones don't keep us from upstream.
    const upstream = await PeerServer.open(net.at(2));
    lab.peers.add(net.at(2).host);
    expect(lab.streams.send(lab.flowTo(net.at(2)), REQUEST)).toBe(true);
    expect(lab.connections).toBe(769);
    await until("the request", () => upstream.peers[0]?.received === REQUEST);
  });
});

test("who speaks another language is let go", async () => {
  const lab = await office();
  lab.known.add(PHONE);
  const browser = await Peer.connect(US, PHONE);
  browser.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await until("its end", () => browser.hasEnded);
  expect(lab.messages).toEqual([]);
  expect(lab.ends).toEqual(["not SIP"]);
});

test("what a browser is made to send behind its own request, in one segment, isn't heard", async () => {
  const lab = await office();
  const browser = await Peer.connect(US, PHONE);
  browser.send(`POST / HTTP/1.1\r\nHost: x\r\n\r\n${REQUEST}`);
  await until("its end", () => browser.hasEnded);
  expect(lab.messages).toEqual([]);
});

describe("connections that we open", () => {
  test("what waits for the connection arrives in order; the peer's messages come over it", async () => {
    const lab = await office();
    const server = await PeerServer.open(net.at(2));
    const flow = lab.flowTo(net.at(2));
    for (const text of ["a", "b", "c"]) expect(lab.streams.send(flow, text)).toBe(true);
    await until("all three", () => server.peers[0]?.received === "abc");
    expect(server.peers[0]?.socket.remoteAddress).toBe(US.host);
    server.peers[0]?.send(ANSWER + REQUEST);
    await until("both messages", () => lab.messages.length === 2);
    expect(lab.messages.map(({ source }) => source)).toEqual([flow, flow]);
    expect(server.peers).toHaveLength(1);
  });

  test("a peer that has closed is connected to anew", async () => {
    const lab = await office();
    const server = await PeerServer.open(net.at(2));
    const flow = lab.flowTo(net.at(2));
    lab.streams.send(flow, "a");
    await until("the first", () => server.peers[0]?.received === "a");
    server.peers[0]?.socket.end();
    await until("its end", () => lab.unreachable.length === 1);
    lab.streams.send(flow, "b");
    await until("the second", () => server.peers[1]?.received === "b");
  });

  test.each(["end", "resetAndDestroy"] as const)(
    "%s: whether the connection had been used again is known",
    async (how) => {
      const lab = await office();
      const server = await PeerServer.open(net.at(2));
      const flow = lab.flowTo(net.at(2));
      for (const [round, texts] of [["a"], ["b", "c"]].entries()) {
        for (const text of texts) {
          lab.streams.send(flow, text);
          await until(text, () => server.peers[round]?.received.endsWith(text) === true);
        }
        server.peers[round]?.socket[how]();
        await until("its end", () => lab.closed.length === round + 1);
      }
      expect(lab.reused).toEqual([false, true]);
    },
  );

  test("a peer closes while messages leave: each goes over the connection that is ending, or over the next", async () => {
    const lab = await office();
    const server = await PeerServer.open(net.at(2), true);
    const flow = lab.flowTo(net.at(2));
    let sent = "";
    const received = () => server.peers.map((peer) => peer.received).join("");
    for (let round = 1; round <= 10; round++) {
      for (let turn = 0; turn < 40; turn++) {
        const text = `${round}.${turn};`;
        sent += text;
        expect(lab.streams.send(flow, text)).toBe(true);
        if (turn === 10) await until("the connection", () => server.peers.length === round);
        if (turn === 20) server.peers.at(-1)?.socket.end();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(`all of round ${round}`, () => received() === sent && server.peers.length === round + 1);
    }
  });

  test("nobody listens: the news comes, never from within send", async () => {
    const lab = await office();
    const flow = lab.flowTo(net.at(2));
    expect(lab.streams.send(flow, REQUEST)).toBe(true);
    expect(lab.unreachable).toEqual([]);
    await until("the news", () => lab.unreachable.length === 1);
    expect(lab.unreachable).toEqual([flow]);
  });

  test("giveUp: once is doubt, twice without a word between is the end, and the next message opens another", async () => {
    const lab = await office();
    const server = await PeerServer.open(net.at(2));
    const flow = lab.flowTo(net.at(2));
    lab.streams.giveUp(flow);
    lab.streams.send(flow, "a");
    await until("the first", () => server.peers[0]?.received === "a");
    lab.streams.giveUp(flow);
    lab.streams.send(flow, "again");
    server.peers[0]?.send("\r\n");
    await settle();
    lab.streams.giveUp(flow);
    await settle();
    expect(lab.ends).toEqual([]);
    lab.streams.giveUp(flow);
    expect(lab.ends).toEqual(["silent"]);
    await until("the end", () => server.peers[0]?.hasEnded === true);
    expect(lab.unreachable).toEqual([flow]);
    expect(lab.reused).toEqual([false]);
    lab.streams.send(flow, "b");
    await until("another", () => server.peers[1]?.received === "b");
  });

  test("closing ends them all, and tells nobody", async () => {
    const lab = await StreamLab.open(US);
    const server = await PeerServer.open(net.at(2));
    lab.streams.send(lab.flowTo(net.at(2)), "a");
    const phone = await Peer.connect(US, PHONE);
    await until("both", () => lab.connections === 2 && server.peers.length === 1);
    await lab.streams.closeAll();
    await until("both ends", () => phone.hasEnded && server.peers[0]?.hasEnded === true);
    expect(lab.unreachable).toEqual([]);
  });
});
