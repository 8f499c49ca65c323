/** `npm run demo -- pair`: the day of a branch with two routers. Each step plays, checks what the actors and the routers know, and says what happened. */
import type { ClusterFacts } from "../../src/app/cluster-facts.ts";
import { FR_TIMER_ms, NOTICE_HOLD_ms } from "./branch-office.ts";
import { programName } from "./branchline-process.ts";
import { checkKnowsAll, type Member } from "./member.ts";
import { PairOffice } from "./pair-office.ts";
import { check, checkTime, OUTSIDE_NUMBER, type Play, SOON_ms, type Step, seconds, talkAndHangUp } from "./play.ts";
import type { Layout } from "./screen/ladder.ts";
import type { IncomingCall } from "./sip/incoming-call.ts";
import type { Heard, OutgoingCall } from "./sip/outgoing-call.ts";
import { pause, within } from "./wait.ts";

const TWO_ROUTERS: Layout = {
  phones: 20,
  branchline: new Map([
    ["left", 45],
    ["right", 59],
  ]),
  pbx: 79,
  gateway: 96,
};
/** Between what happens and what somebody does next. */
const MOMENT_ms = 200;
/** For what one router has learned to be known at the other one. */
const SPREAD_ms = 300;

const STEPS: readonly Step<PairOffice>[] = [
  {
    title: "two routers start",
    story:
      "Two routers stand in the branch, and share the address that the phones have as their outbound proxy. " +
      "Each asks the other what it knows, before it says that it may have that address.",
    expected: "both active and equal, one address",
    async play(office) {
      const { left, right } = office;
      await left.start();
      await left.becomes("takes the address", () => left.isHolder);
      await right.start();
      for (const member of [left, right]) await untilHealthy(member);
      const all = await within(SOON_ms, "both routers take each other to be alive", bothAlive(office));
      for (const { name, state, members } of all) {
        check(state === "active", `${name} is ${state}`);
        const differs = members.flatMap((member) => member.differs);
        check(differs.length === 0, `the files differ in ${differs.join()}`);
      }
      const holders = all.filter(({ shared }) => shared.every(({ is_here }) => is_here));
      check(holders.length === 1, `${holders.length} routers have the shared address`);
      return `both active and equal, ${holders[0]?.name} has it`;
    },
  },
  {
    title: "phones register",
    story: "The four phones log on at the PBX, by the router that has the address. The other router learns of each.",
    expected: "the other router knows all 4",
    async play(office) {
      const { phones, pbx } = office;
      const { other } = roles(office);
      for (const member of [office.left, office.right]) await member.upstreamIs("up");
      for (const phone of phones) {
        const { status } = await within(SOON_ms, `${phone.extension} registers`, phone.register());
        check(status === 200, `${phone.extension} was answered ${status}`);
      }
      await pause(SPREAD_ms);
      check(pbx.bindings.size === phones.length, `the PBX knows ${pbx.bindings.size} phones`);
      await checkKnowsAll(office.phones, other);
      return `${other.name} knows all ${phones.length}`;
    },
  },
  {
    title: "killed while two ring",
    story:
      "201 calls 202, and 203 calls 204, through the PBX. While both ring, the router that has these calls loses its " +
      "power. 202 answers. 203 gives up. Both routers' messages name the shared address, so the PBX notices nothing.",
    expected: "one answered, one cancelled",
    async play(office) {
      const [first, second, third, fourth] = office.phones;
      const { holder, other } = roles(office);
      const [call, callee] = await ring(first, second);
      const [given, calleeOfGiven] = await ring(third, fourth);
      await pause(MOMENT_ms);
      await holder.kill();
      const begin_ms = performance.now();
      callee.answer();
      given.cancel();
      const answered = await within(SOON_ms, "201 is answered", call.hears(200));
      const refused = await within(SOON_ms, "203's call ends", given.refused);
      await within(SOON_ms, "204 stops ringing", calleeOfGiven.cancelled);
      check(refused.response.status === 487, `203 was answered ${refused.response.status}`);
      check(other.isHolder, `${other.name} hasn't taken the address`);
      await talkAndHangUp(call);
      await within(SOON_ms, "202 is hung up", callee.ended);
      const rung = [second, fourth].map(({ received }) => received);
      check(rung.join() === "1,1", `202 and 204 were called ${rung.join(" and ")} times`);
      return `answered after ${seconds(answered.at_ms - begin_ms)}, 487 after ${seconds(refused.at_ms - begin_ms)}`;
    },
  },
  {
    title: "the killed one returns",
    story:
      "Its power is back. It knows nothing, asks the other one for everything, and only then says that it may have the " +
      "address. The address stays where it is: nothing moves without need.",
    expected: "complete before it is healthy",
    async play(office) {
      const { holder, other: dead } = roles(office);
      await dead.start();
      await untilHealthy(dead);
      const why = await dead.active();
      check(why.includes(`equal to those of ${holder.name}`), `it became active otherwise: ${why}`);
      await checkKnowsAll(office.phones, dead);
      check(holder.isHolder && !dead.isHolder, "the address has moved");
      return `${dead.name} knew all ${office.phones.length} before it was healthy`;
    },
  },
  {
    title: "killed in an outage",
    story:
      "The link to headquarters breaks, and 201 calls a customer: 4 seconds of silence, then the notice (181). In the " +
      "second before the redirect (302), the router dies that was about to send it. The other one sends it, in time.",
    expected: `302 after ${seconds(FR_TIMER_ms + NOTICE_HOLD_ms)} by the other, then answered`,
    async play(office) {
      const [phone] = office.phones;
      const { holder, other } = roles(office);
      office.pbx.die();
      const call = phone.dial(OUTSIDE_NUMBER);
      const after = ({ at_ms }: Heard) => at_ms - call.dialled_ms;
      const notice = await within(FR_TIMER_ms + SOON_ms, "181 comes", call.hears(181));
      await pause(MOMENT_ms);
      await holder.kill();
      const redirect = await within(NOTICE_HOLD_ms + SOON_ms, "302 comes", call.hears(302));
      await within(SOON_ms, "the gateway answers", call.hears(200));
      checkTime("the 181", after(notice), FR_TIMER_ms);
      checkTime("the 302", after(redirect), FR_TIMER_ms + NOTICE_HOLD_ms);
      await talkAndHangUp(call);
      const { outsideCalls } = office.gateway;
      check(outsideCalls.join() === OUTSIDE_NUMBER, `the gateway was called ${outsideCalls.length} times`);
      return `302 after ${seconds(after(redirect))} by ${other.name}, then answered`;
    },
  },
  {
    title: "drained for an upgrade",
    story:
      "Still without headquarters, 202 calls 203. While it rings, the router that has the call is taken out of service: " +
      "`branchline drain` gives the address and the call to the other one, and says when nothing is left.",
    expected: "nothing left, the call goes on",
    async play(office) {
      const { holder, other: dead } = roles(office);
      const [, second, third] = office.phones;
      await dead.start();
      await untilHealthy(dead);
      await holder.upstreamIs("down");
      const [call, callee] = await ring(second, third);
      const { status, output } = await holder.ask("drain --wait 10s");
      check(status === 0, `drain ended with status ${status}: ${output}`);
      const { state, left, is_healthy } = await holder.cluster();
      check(state === "drained" && !is_healthy, `${holder.name} is ${state}`);
      check(left?.ringing === 0 && left.requests === 0 && left.addresses.length === 0, "something is left");
      check(dead.isHolder && !holder.isHolder, `${dead.name} hasn't taken the address`);
      callee.answer();
      await within(SOON_ms, "202 is answered", call.hears(200));
      await talkAndHangUp(call);
      await within(SOON_ms, "203 is hung up", callee.ended);
      return `${holder.name} has nothing left, answered by ${dead.name}`;
    },
  },
  {
    title: "back in service",
    story: "The upgrade is done. `branchline join` takes the router back: it is the one that stands by now.",
    expected: "both active, a call inside works",
    async play(office) {
      const { holder, other } = roles(office);
      const [first, , , fourth] = office.phones;
      const { status, output } = await other.ask("join");
      check(status === 0, `join ended with status ${status}: ${output}`);
      await untilHealthy(other);
      await holder.upstreamIs("down");
      const [call, callee] = await ring(first, fourth);
      callee.answer();
      await within(SOON_ms, "201 is answered", call.hears(200));
      await talkAndHangUp(call);
      await within(SOON_ms, "204 is hung up", callee.ended);
      const states = (await Promise.all([holder.cluster(), other.cluster()])).map(({ state }) => state);
      check(states.join() === "active,active", `they are ${states.join(" and ")}`);
      check(holder.isHolder && !other.isHolder, "the address has moved");
      await checkKnowsAll(office.phones, other);
      return `both active, a call by ${holder.name}`;
    },
  },
];

type Phones = PairOffice["phones"][number];

/** @returns the call at its caller and at its callee, both of whom hear it ring */
async function ring(caller: Phones, callee: Phones): Promise<[OutgoingCall, IncomingCall]> {
  const ringing = callee.rings();
  const call = caller.dial(callee.extension);
  const incoming = await within(SOON_ms, `${callee.extension} rings`, ringing);
  await within(SOON_ms, `${caller.extension} hears it ring`, call.hears(180));
  return [call, incoming];
}

function roles(office: PairOffice): { readonly holder: Member; readonly other: Member } {
  const { holder, left, right } = office;
  if (holder === undefined) throw new Error("no router has the shared address");
  return { holder, other: holder === left ? right : left };
}

/** What both routers say of the pair: a busy machine may keep one silent for a moment. */
async function bothAlive({ left, right }: PairOffice): Promise<readonly ClusterFacts[]> {
  for (;;) {
    const all = await Promise.all([left.cluster(), right.cluster()]);
    if (all.every(({ members }) => members.length === 1 && members[0]?.life === "alive")) return all;
    await pause(MOMENT_ms);
  }
}

function untilHealthy(member: Member): Promise<void> {
  return member.becomes("says that it is healthy", () => member.isHealthy === true);
}

export const PAIR: Play<PairOffice> = {
  title: "A branch with two routers",
  layout: TWO_ROUTERS,
  steps: STEPS,
  open: (ladder) => PairOffice.open(ladder),
  introduction: () =>
    `The phones of a branch office (201 to 204) belong to a PBX at headquarters. Between them are two routers, left and ` +
    `right, that share one address. Both run the real branchline (${programName()}); the others are simulated, and talk to ` +
    `it over UDP on this machine's loopback addresses. In a branch, VRRP (keepalived) moves the shared address. Without root ` +
    `no address can be moved, and all loopback addresses are on this machine at all times. So here the port is what moves: ` +
    `branchline opens it where it may have the address and no other process has it. Each line of a ladder has the name of the ` +
    `router that sends or receives. This is all that left has been told; right's file differs in its name and its own address:`,
  config: ({ config }) => config,
};
