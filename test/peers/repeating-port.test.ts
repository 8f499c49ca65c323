/** What a lossy network loses once, arrives all the same. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hopText, newBranch, requestText, responseText } from "../sip/build.ts";
import { readSip } from "../sip/message.ts";
import { GIVE_UP_MS } from "../sip/repetition.ts";
import { SipMessage } from "../sip/sip-message.ts";
import type { DatagramPort } from "./support/datagram-port.ts";
import { RepeatingPort } from "./support/repeating-port.ts";

const PHONE = { host: "127.0.0.1", port: 5060 };
const PBX = { host: "127.0.0.2", port: 5060 };
const parts = { uri: "sip:200@pbx", from: "<sip:201@pbx>;tag=a", to: "<sip:200@pbx>;tag=b", callId: "c", cseq: 1 };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** One end: what it got, each message once, and what it does then. */
class End {
  readonly got: string[] = [];
  isAlive = true;
  readonly port: RepeatingPort;
  peer: End | undefined;
  onFirst: (message: SipMessage) => void = () => {};
  private readonly lost = new Set<string>();

  constructor() {
    const port: DatagramPort = {
      send: () => {},
      sendTimed: (wire) => {
        if (this.lost.has(wire)) this.peer?.take(new SipMessage(wire, PHONE, 0));
        this.lost.add(wire);
        return Promise.resolve(0);
      },
      close: () => Promise.resolve(),
    };
    this.port = new RepeatingPort(port, () => this.isAlive);
  }

  private take(message: SipMessage): void {
    this.port.heard(message);
    const line = message.isRequest ? message.method : `${message.status} ${message.method}`;
    if (this.got.includes(line)) return;
    this.got.push(line);
    this.onFirst(message);
  }
}

function ends(): [phone: End, pbx: End] {
  const [phone, pbx] = [new End(), new End()];
  [phone.peer, pbx.peer] = [pbx, phone];
  return [phone, pbx];
}

test("a call whose messages are each lost once: both hear all", () => {
  const [phone, pbx] = ends();
  const invite = requestText("127.0.0.1:5060", { ...parts, method: "INVITE", branch: newBranch() });
  pbx.onFirst = (request) => {
    if (request.method !== "ACK") pbx.port.send(responseText(request, 200, { reason: "OK" }), PHONE);
  };
  phone.onFirst = (response) => {
    if (response.method !== "INVITE") return;
    phone.port.send(hopText("ACK", readSip(invite), { uri: parts.uri }), PBX);
    phone.port.send(requestText("127.0.0.1:5060", { ...parts, method: "BYE", cseq: 2 }), PBX);
  };
  phone.port.send(invite, PBX);
  vi.advanceTimersByTime(GIVE_UP_MS);
  expect(pbx.got.sort()).toEqual(["ACK", "BYE", "INVITE"]);
  expect(phone.got).toEqual(["200 INVITE", "200 BYE"]);
});

test("an end that is dead repeats nothing", () => {
  const [phone, pbx] = ends();
  phone.port.send(requestText("127.0.0.1:5060", { ...parts, method: "BYE" }), PBX);
  phone.isAlive = false;
  vi.advanceTimersByTime(GIVE_UP_MS);
  expect(pbx.got).toEqual([]);
});

test("what nobody answers is given up after 64·T1", () => {
  const [phone, pbx] = ends();
  let heard = 0;
  pbx.onFirst = () => {
    heard += 1;
    pbx.got.length = 0;
  };
  phone.port.send(requestText("127.0.0.1:5060", { ...parts, method: "BYE" }), PBX);
  vi.advanceTimersByTime(GIVE_UP_MS);
  expect(heard).toBe(10);
  vi.advanceTimersByTime(GIVE_UP_MS);
  expect(heard).toBe(10);
});
