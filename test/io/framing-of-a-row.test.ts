/** A row of transports may frame messages in a way of its own: all that a connection sends and brings goes through its framer. */
import { expect, test } from "vitest";
import { type Listener, TRANSPORTS } from "../../src/transport/flow.ts";
import type { FrameSink, Framing } from "../../src/transport/framing.ts";
import { Subnet } from "../peers/support/addresses.ts";
import { cleanUpAfterEach } from "../peers/support/cleanup.ts";
import { listenerAt, Peer, StreamLab, until } from "./stream-lab.ts";

/** Each message between brackets, after a greeting; "?" is a ping, "!" a farewell. */
class Brackets implements Framing {
  private readonly sink: FrameSink;
  private pending = "";
  private isGreeted = false;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  get isWaiting(): boolean {
    return this.pending !== "";
  }

  get characters(): number {
    return this.pending.length;
  }

  wrap(wire: string): string {
    return this.isGreeted ? `[${wire}]` : "";
  }

  push(text: string): void {
    this.pending += text;
    for (;;) {
      const [whole = "", message] = /^(?:HELLO|\?|!|\[([^\]]*)\])/.exec(this.pending) ?? [];
      if (whole === "") return;
      this.pending = this.pending.slice(whole.length);
      if (whole === "HELLO") {
        this.isGreeted = true;
        this.sink.onReply("WELCOME");
      } else if (whole === "?") this.sink.onPing("YES");
      else if (whole === "!") {
        this.sink.onReply("BYE");
        this.sink.onLost("farewell");
      } else this.sink.onMessage(message ?? "");
    }
  }
}

const net = new Subnet(55);
const PHONE = net.host(17);
const STRANGER = net.host(200);
const REQUEST = "OPTIONS sip:a@b.example SIP/2.0\r\n\r\n";
const ANSWER = "SIP/2.0 200 OK\r\n\r\n";

cleanUpAfterEach();

async function office(from: string) {
  const listener: Listener = {
    ...listenerAt(net.at(1)),
    transport: { ...TRANSPORTS.tcp, framer: (sink) => new Brackets(sink) },
  };
  const lab = await StreamLab.listen(listener);
  lab.known.add(PHONE);
  return { lab, peer: await Peer.connect(net.at(1), from) };
}

test("a handshake is answered, messages of both sides are wrapped, and a ping has the answer of the framer", async () => {
  const { lab, peer } = await office(PHONE);
  peer.send("HEL");
  peer.send(`LO[${REQUEST}`);
  await until("the handshake", () => peer.received === "WELCOME");
  expect(lab.messages).toEqual([]);
  peer.send("]?");
  await until("the pong", () => peer.received === "WELCOMEYES");
  expect(lab.messages.map(({ wire }) => wire)).toEqual([REQUEST]);
  lab.streams.send(lab.messages[0]?.source ?? lab.flowTo(net.at(17)), ANSWER);
  await until("the answer", () => peer.received === `WELCOMEYES[${ANSWER}]`);
});

test("what the framer lets go before the handshake is nothing", async () => {
  const { lab, peer } = await office(PHONE);
  peer.send(`[${REQUEST}]`);
  await until("the request", () => lab.messages.length === 1);
  lab.streams.send(lab.messages[0]?.source ?? lab.flowTo(net.at(17)), ANSWER);
  peer.send("HELLO");
  await until("the handshake", () => peer.received === "WELCOME");
});

test("a stranger hears the answer to a handshake and to a farewell, no pong, and the connection ends", async () => {
  const { lab, peer } = await office(STRANGER);
  peer.send("HELLO??!");
  await until("its end", () => peer.hasEnded);
  expect([peer.received, lab.messages]).toEqual(["WELCOMEBYE", []]);
});
