/**
 * Phones that are connected over TCP and TLS, when the router that has their connections loses its power: how long they take to come back, and
 * where their calls go meanwhile.
 */
import { expect, test } from "vitest";
import { newToken, registration, requestText } from "../sip/build.ts";
import { MACHINE_TOLERANCE_MS, PATIENCE_MS } from "../support/machine.ts";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { monotonic_ms, until } from "./support/clock.ts";
import { OutgoingCall } from "./support/outgoing-call.ts";
import { PairLab, SHARED_LAN, SHARED_WAN } from "./support/pair-lab.ts";
import { answersAll, grantsAll } from "./support/pair-phones.ts";
import { describeWith } from "./support/peers.ts";
import { SipAgent } from "./support/sip-agent.ts";

const EXPIRES_S = 60;
/** Until a phone that has had no answer tries once more. */
const TRY_MS = 200;

cleanUpAfterEach();

/** REGISTERs over the connection that it has, or a new one. @param limit_ms for the 200 */
async function register(phone: SipAgent, user: string, cseq: number, limit_ms = PATIENCE_MS): Promise<void> {
  const callId = newToken();
  const contact = `sip:${user}@${phone.sentBy}`;
  await phone.send(
    requestText(phone.sentBy, registration({ user, contact, callId, cseq, expires_s: EXPIRES_S })),
    SHARED_LAN,
  );
  await phone.next({ method: "REGISTER", status: 200, callId }, limit_ms);
}

describeWith(["namespaces", "keepalived", "sysctl"], "phones over TCP, when the power of their router is cut", () => {
  test("a call goes to the Contact where a phone listens, before it has connected again", async () => {
    const lab = await PairLab.build({ listen: ["tcp:10.222.237.1"] });
    const { left, right, upstream, offices } = lab;
    const ways = grantsAll(upstream);
    const phone = await SipAgent.open({ host: "10.222.237.10", port: 5070 }, offices.left.name, "tcp");
    answersAll(phone);
    await register(phone, "301", 1);
    await until("the other router knows it", async () => (await right.phoneCount()) === 1);
    const call = async () => {
      const { contact = "", path = "" } = ways.get("301") ?? {};
      const outgoing = await OutgoingCall.start(upstream, { to: contact, through: SHARED_WAN, routes: [path] });
      const begun_ms = monotonic_ms();
      await outgoing.established();
      return monotonic_ms() - begun_ms;
    };
    await call();
    await left.cutPower();
    await until("the other router has the addresses", () => right.hasAddresses);
    await right.branchline.logs(/cluster_member_dead/);
    const took_ms = await call();
    expect(took_ms).toBeLessThan(MACHINE_TOLERANCE_MS);
    console.log(`a call while the phone hadn't connected again: answered after ${Math.round(took_ms)} ms`);
  });

  test("a phone that looks at its connection now and then is back with its next look", async () => {
    const lab = await PairLab.build({ listen: ["tcp:10.222.237.1"] });
    const { left, right, upstream, offices } = lab;
    grantsAll(upstream);
    const phone = await SipAgent.open({ host: "10.222.237.10", port: 5070 }, offices.left.name, "tcp");
    await register(phone, "301", 1);
    await until("the other router knows it", async () => (await right.phoneCount()) === 1);
    const cut_ms = await left.cutPower();
    await until("the other router has the addresses", () => right.hasAddresses);
    const moved_ms = monotonic_ms() - cut_ms;
    // The other router's kernel resets a connection that it doesn't know: the phone opens another one.
    await phone.send("\r\n\r\n", SHARED_LAN);
    const looked_ms = monotonic_ms();
    for (let isBack = false; !isBack; ) {
      isBack = await register(phone, "301", 2, TRY_MS).then(
        () => true,
        () => false,
      );
    }
    const back_ms = monotonic_ms() - looked_ms;
    expect(back_ms).toBeLessThan(MACHINE_TOLERANCE_MS);
    console.log(
      `addresses moved after ${Math.round(moved_ms)} ms; registered again ${Math.round(back_ms)} ms after the phone's next keep-alive`,
    );
  });
});
