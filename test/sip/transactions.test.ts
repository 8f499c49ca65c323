/** The agents' transactions, over the virtual wire: in virtual time a lost message costs nothing. */
import { expect, test } from "vitest";
import { type Address as Place, Simulation } from "../support/simulation.ts";
import { newToken, type RequestParts, registration } from "./build.ts";
import { Dialog } from "./dialog.ts";
import { methodOf, readSip, statusOf } from "./message.ts";
import { SipMessage } from "./sip-message.ts";
import { Transactions } from "./transactions.ts";
import { VirtualWire } from "./virtual-wire.ts";

const ALICE: Place = { address: "192.0.2.1", port: 5060 };
const BOB: Place = { address: "192.0.2.2", port: 5062 };

function agentAt(simulation: Simulation, place: Place): Transactions {
  const agent = new Transactions({ host: place.address, port: place.port }, simulation);
  const receive = (text: string, from: Transactions["address"], at_ms: number) =>
    agent.receive(new SipMessage(text, from, at_ms));
  agent.plug(new VirtualWire(simulation, place, receive));
  return agent;
}

function two() {
  const simulation = new Simulation();
  const [alice, bob] = [agentAt(simulation, ALICE), agentAt(simulation, BOB)] as const;
  /** When what `from` has sent left, and what it was. */
  const sent = (from: Place) =>
    simulation.sightings
      .filter((one) => one.from.address === from.address)
      .map(({ at_ms, wire }) => `${at_ms} ${methodOf(readSip(wire)) || statusOf(readSip(wire))}`);
  return { simulation, alice, bob, sent };
}

function inviteTo(bob: Transactions, from: Transactions): RequestParts {
  const uri = `sip:bob@${bob.sentBy}`;
  const contact = `sip:alice@${from.sentBy}`;
  return { method: "INVITE", uri, from: "<sip:alice@x>;tag=a", to: `<${uri}>`, callId: newToken(), cseq: 1, contact };
}

test("a request that nobody answers is repeated until T2, and gets a 408 of our own after 32 s", async () => {
  const { simulation, alice, bob, sent } = two();
  simulation.silence(BOB);
  const contact = `sip:201@${alice.sentBy}`;
  const answer = alice.ask(registration({ user: "201", contact, callId: "r", cseq: 1 }), bob.address);
  simulation.run(60_000);
  expect((await answer).status).toBe(408);
  const times_ms = sent(ALICE).map((line) => Number.parseInt(line, 10));
  expect(times_ms).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
});

test("a lost INVITE, a lost 200 and a lost ACK each come again, and the call is made once", () => {
  const { simulation, alice, bob, sent } = two();
  let calls = 0;
  bob.onRequest = (transaction) => {
    calls += 1;
    transaction.respond(200, { contact: `sip:bob@${bob.sentBy}` });
  };
  let acks = 0;
  bob.onAck = () => {
    acks += 1;
  };
  const acknowledge = (ok: SipMessage) => {
    const dialog = Dialog.ofCaller(ok);
    alice.send(dialog.request("ACK", ok.cseq), dialog.nextHop);
  };
  simulation.silence(BOB);
  alice.invite(inviteTo(bob, alice), bob.address, { success: acknowledge, failure: () => {} });
  // Each of the three is lost in its turn: the line is there again just before the next attempt.
  simulation.after(499, () => simulation.silence(BOB, false));
  simulation.after(504, () => simulation.silence(BOB));
  simulation.after(506, () => simulation.silence(BOB, false));
  simulation.after(1_007, () => simulation.silence(BOB));
  simulation.after(1_100, () => simulation.silence(BOB, false));
  simulation.run(60_000);
  expect([calls, acks]).toEqual([1, 1]);
  expect(sent(ALICE).filter((line) => line.endsWith("INVITE"))).toEqual(["0 INVITE", "500 INVITE"]);
  expect(sent(BOB)).toEqual(["505 200", "1005 200", "2005 200"]);
  expect(sent(ALICE).filter((line) => line.endsWith("ACK"))).toEqual(["1010 ACK", "2010 ACK"]);
});

test("a failure is acknowledged in its own transaction, and repeated until then", () => {
  const { simulation, alice, bob, sent } = two();
  bob.onRequest = (transaction) => transaction.respond(486);
  const failures: number[] = [];
  const failure = (response: SipMessage) => failures.push(response.status);
  alice.invite(inviteTo(bob, alice), bob.address, { success: () => {}, failure });
  simulation.run(60_000);
  expect(failures).toEqual([486]);
  expect(sent(ALICE)).toEqual(["0 INVITE", "10 ACK"]);
  expect(sent(BOB)).toEqual(["5 486"]);
});

test("CANCEL gets its 200 and the INVITE its 487; one for no INVITE gets 481", () => {
  const { simulation, alice, bob, sent } = two();
  const cancelled: string[] = [];
  bob.onRequest = (transaction) => {
    transaction.respond(180);
    transaction.onCancel = (cancel) => cancelled.push(cancel.callId);
  };
  const parts = { ...inviteTo(bob, alice), branch: "z9hG4bKa" };
  alice.send(parts, bob.address);
  simulation.run(100);
  alice.send({ ...parts, method: "CANCEL" }, bob.address);
  simulation.run(100);
  alice.send({ ...parts, method: "ACK" }, bob.address);
  alice.send({ ...parts, method: "CANCEL", branch: "z9hG4bKb" }, bob.address);
  simulation.run(100);
  expect(cancelled).toEqual([parts.callId]);
  expect(sent(BOB)).toEqual(["5 180", "105 200", "105 487", "205 481"]);
});

test("an INVITE that is taken back ends with its 487; its CANCEL is repeated until it has its 200", () => {
  const { simulation, alice, bob, sent } = two();
  const failures: number[] = [];
  let isDeaf = false;
  bob.onRequest = (transaction) => transaction.respond(180);
  const receive = bob.receive.bind(bob);
  bob.receive = (message) => {
    if (!isDeaf) receive(message);
  };
  const takeBack = alice.invite(inviteTo(bob, alice), bob.address, {
    success: () => {},
    failure: ({ status }) => failures.push(status),
  });
  simulation.run(100);
  isDeaf = true;
  takeBack();
  simulation.run(200);
  isDeaf = false;
  simulation.run(60_000);
  expect(failures).toEqual([487]);
  expect(sent(ALICE)).toEqual(["0 INVITE", "100 CANCEL", "600 CANCEL", "610 ACK"]);
  expect(sent(BOB)).toEqual(["5 180", "605 200", "605 487"]);
});
