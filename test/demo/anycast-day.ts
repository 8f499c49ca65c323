/** `npm run demo -- anycast`: three nodes behind one address. Each step plays, checks what actors and nodes know, and says what happened. */
import type { ClusterFacts } from "../../src/app/cluster-facts.ts";
import { AnycastOffice } from "./anycast-office.ts";
import { programName } from "./branchline-process.ts";
import { checkKnowsAll, type Member } from "./member.ts";
import { check, type Play, SOON_ms, type Step, seconds, talkAndHangUp } from "./play.ts";
import type { Layout } from "./screen/ladder.ts";
import type { IncomingCall } from "./sip/incoming-call.ts";
import type { OutgoingCall } from "./sip/outgoing-call.ts";
import type { Sighting } from "./sip/watched-wire.ts";
import { pause, within } from "./wait.ts";

const THREE_NODES: Layout = {
  phones: 20,
  branchline: new Map([
    ["node1", 42],
    ["node2", 55],
    ["node3", 68],
  ]),
  pbx: 92,
};
/** Between what happens and what somebody does next. */
const MOMENT_ms = 200;
/** For what one node has learned to be known at the others, and counts to have come. */
const SPREAD_ms = 1_000;
/** Calls until each node has made one: with fewer than 40, chance leaves out one of three once in ten million times. */
const CALLS_MOST = 40;

const STEPS: readonly Step<AnycastOffice>[] = [
  {
    title: "three nodes start",
    story:
      "Three nodes have the same address. Each learns first what the others know, and only then runs the command that " +
      "announces its route. From now on the router leads each packet to another node.",
    expected: "all active, all routes announced",
    async play(office) {
      for (const node of office.nodes) {
        await office.start(node);
        await untilAnnounced(office, node);
      }
      const all = await within(SOON_ms, "the nodes take each other to be alive", allAlive(office));
      for (const { name, state, route, members } of all) {
        check(state === "active", `${name} is ${state}`);
        check(route?.wish === "announce" && route.is_done, `${name} doesn't say that its route is announced`);
        const differs = members.flatMap((member) => member.differs);
        check(differs.length === 0, `the files differ in ${differs.join()}`);
      }
      for (const node of office.nodes) await node.upstreamIs("up");
      return "all active, all routes announced";
    },
  },
  {
    title: "phones register",
    story:
      "The four phones log on at the PBX, each by the node that the packet comes to. All nodes learn of each phone.",
    expected: "each node knows all 4",
    async play(office) {
      const { phones, pbx } = office;
      for (const phone of phones) {
        const { status } = await within(SOON_ms, `${phone.extension} registers`, phone.register());
        check(status === 200, `${phone.extension} was answered ${status}`);
      }
      await pause(SPREAD_ms);
      check(pbx.bindings.size === phones.length, `the PBX knows ${pbx.bindings.size} phones`);
      for (const node of office.nodes) await checkKnowsAll(office.phones, node);
      return `each node knows all ${phones.length}`;
    },
  },
  {
    title: "a call over three nodes",
    story:
      "201 calls 202 through the PBX. Each packet comes to another node than the one before; a node that hasn't the call " +
      "passes the packet on to the one that has it. Phones and PBX notice nothing.",
    expected: "rang once, answered, hung up",
    async play(office) {
      const [first, second] = office.phones;
      const [before, rung] = [office.sightings.length, second.received];
      const [call, callee] = await ring(first, second);
      callee.answer();
      await within(SOON_ms, "201 is answered", call.hears(200));
      await talkAndHangUp(call);
      await within(SOON_ms, "202 is hung up", callee.ended);
      check(second.received - rung === 1, `202 was called ${second.received - rung} times`);
      const seen = callsIn(office.sightings.slice(before));
      // On a busy machine, an answer may come so late that the request is sent again.
      const again = seen.filter(({ isRepeat }) => isRepeat).length;
      const nodes = new Set(seen.filter(({ fate }) => fate === "sent").map(({ router }) => router));
      check(nodes.size === office.nodes.length, `the packets came to ${nodes.size} nodes only`);
      return `${seen.length} packets by ${nodes.size} nodes, ${again === 0 ? "none" : again} sent twice`;
    },
  },
  {
    title: "who has which call",
    story:
      "201 calls 202 again and again, and gives up as soon as it rings. Which node makes a call, its Call-ID says; the " +
      "Server header of the node's own answers (100 Trying) names it. `branchline trace` has the call's ladder there, and " +
      "`branchline status` counts the calls of each.",
    expected: "Server names each node, counts agree",
    async play(office) {
      const [first, second] = office.phones;
      const before = await processed(office);
      const made = new Map(office.nodes.map(({ name }) => [name, 0]));
      let calls = 0;
      while ([...made.values()].includes(0) && calls < CALLS_MOST) {
        const [call, callee] = await ring(first, second);
        const maker = makerOf(call, office);
        made.set(maker.name, (made.get(maker.name) ?? 0) + 1);
        calls += 1;
        call.cancel();
        const { response } = await within(SOON_ms, "201's call ends", call.refused);
        await within(SOON_ms, "202 stops ringing", callee.cancelled);
        if (made.get(maker.name) === 1) await checkLadder(maker, response.callId);
      }
      const named = [...made].map(([name, count]) => `${count} by ${name}`);
      check(![...made.values()].includes(0), `in ${calls} calls, one node has made none: ${named.join(", ")}`);
      await pause(SPREAD_ms);
      const after = await processed(office);
      // The PBX's call to 202 is a call of its own.
      check(after - before === 2 * calls, `status counts ${after - before} calls, and there were ${2 * calls}`);
      return `${calls} calls: ${named.join(", ")}`;
    },
  },
  {
    title: "killed while two ring",
    story:
      "201 calls 202, and 203 calls 204. While both ring, the node that makes 201's call loses its power; for a moment, " +
      "until BFD tells the router, each third packet is lost. 202 answers. 203 gives up.",
    expected: "one answered, one cancelled",
    async play(office) {
      const [first, second, third, fourth] = office.phones;
      const rung = [second, fourth].map(({ received }) => received);
      const [call, callee] = await ring(first, second);
      const [given, calleeOfGiven] = await ring(third, fourth);
      await pause(MOMENT_ms);
      const victim = makerOf(call, office);
      await office.kill(victim);
      const begin_ms = performance.now();
      callee.answer();
      given.cancel();
      const answered = await within(SOON_ms, "201 is answered", call.hears(200));
      const refused = await within(SOON_ms, "203's call ends", given.refused);
      await within(SOON_ms, "204 stops ringing", calleeOfGiven.cancelled);
      check(refused.response.status === 487, `203 was answered ${refused.response.status}`);
      await talkAndHangUp(call);
      await within(SOON_ms, "202 is hung up", callee.ended);
      const times = [second, fourth].map(({ received }, index) => received - (rung[index] ?? 0));
      check(times.join() === "1,1", `202 and 204 were called ${times.join(" and ")} times`);
      for (const node of office.nodes.filter((one) => one !== victim)) {
        const { members } = await node.cluster();
        const life = members.find(({ name }) => name === victim.name)?.life;
        check(life === "dead", `${node.name} says that ${victim.name} is ${life}`);
      }
      const after = (at_ms: number) => seconds(at_ms - begin_ms);
      return `${victim.name} died; 200 after ${after(answered.at_ms)}, 487 after ${after(refused.at_ms)}`;
    },
  },
  {
    title: "the killed one returns",
    story:
      "Its power is back. It asks the others for all they know, the calls that ring as well, before it announces its route. " +
      "A call rings meanwhile, and is answered once the node is back.",
    expected: "complete before its route is announced",
    async play(office) {
      const [, second, third] = office.phones;
      const [call, callee] = await ring(third, second);
      const dead = office.nodes.find(({ isRunning }) => !isRunning);
      if (dead === undefined) throw new Error("no node is dead");
      check(!office.router.isAnnounced(dead.name), `the route to ${dead.name} is still announced`);
      await office.start(dead);
      await untilAnnounced(office, dead);
      const why = await dead.active();
      check(why.includes("equal to those of"), `it became active otherwise: ${why}`);
      await checkKnowsAll(office.phones, dead);
      callee.answer();
      await within(SOON_ms, "203 is answered", call.hears(200));
      await talkAndHangUp(call);
      await within(SOON_ms, "202 is hung up", callee.ended);
      return `${dead.name} knew all 4 when its route came`;
    },
  },
  {
    title: "maintenance, node by node",
    story:
      "201 calls 202, and it rings on while each node is taken out of service in turn: `branchline drain` withdraws the " +
      "route and gives the calls away. 203 calls 204 meanwhile. Then `branchline join`. At the end 202 answers.",
    expected: "no packet to a drained node, all answered",
    async play(office) {
      const [first, second, third, fourth] = office.phones;
      const rung = second.received;
      const [call, callee] = await ring(first, second);
      for (const node of office.nodes) {
        await drain(office, node);
        const led = office.router.ledTo(node.name);
        const [meanwhile, calleeOfIt] = await ring(third, fourth);
        calleeOfIt.answer();
        await within(SOON_ms, "203 is answered", meanwhile.hears(200));
        await talkAndHangUp(meanwhile);
        await within(SOON_ms, "204 is hung up", calleeOfIt.ended);
        const more = office.router.ledTo(node.name) - led;
        check(more === 0, `${more} packets came to ${node.name}, which was drained`);
        const { status, output } = await node.ask("join");
        check(status === 0, `join ended with status ${status}: ${output}`);
        await untilAnnounced(office, node);
      }
      callee.answer();
      await within(SOON_ms, "201 is answered", call.hears(200));
      await talkAndHangUp(call);
      await within(SOON_ms, "202 is hung up", callee.ended);
      check(second.received - rung === 1, `202 was called ${second.received - rung} times`);
      const states = (await Promise.all(office.nodes.map((node) => node.cluster()))).map(({ state }) => state);
      check(states.join() === "active,active,active", `the nodes are ${states.join(", ")}`);
      return `${office.nodes.length} drained and back, 4 calls answered`;
    },
  },
];

type Phones = AnycastOffice["phones"][number];

/** @returns the call at its caller and at its callee, both of whom hear it ring */
async function ring(caller: Phones, callee: Phones): Promise<[OutgoingCall, IncomingCall]> {
  const ringing = callee.rings();
  const call = caller.dial(callee.extension);
  const incoming = await within(SOON_ms, `${callee.extension} rings`, ringing);
  await within(SOON_ms, `${caller.extension} hears it ring`, call.hears(180));
  return [call, incoming];
}

/** The node that has answered the INVITE by itself, with 100: its Server header says who it is. */
function makerOf(call: OutgoingCall, office: AnycastOffice): Member {
  const trying = call.heard.all.find(({ response }) => response.status === 100);
  check(trying !== undefined, "no node has answered 100");
  return office.node(trying?.response.header("server") ?? "");
}

/** Its `branchline trace` has the call as a ladder, with the node's name. */
async function checkLadder(node: Member, callId: string): Promise<void> {
  const { status, output } = await node.ask(`trace ${callId}`);
  check(status === 0, `trace ended with status ${status}: ${output}`);
  check(output.includes(`branchline ${node.name}`), `the ladder doesn't name ${node.name}:\n${output}`);
  check(/ 487 Request/.test(output), `the ladder doesn't end with 487:\n${output}`);
}

async function drain(office: AnycastOffice, node: Member): Promise<void> {
  const { status, output } = await node.ask("drain --wait 10s");
  check(status === 0, `drain ended with status ${status}: ${output}`);
  const { state, left, route } = await node.cluster();
  check(state === "drained", `${node.name} is ${state}`);
  check(left?.ringing === 0 && left.requests === 0, `something is left at ${node.name}`);
  check(route?.wish === "withdraw" && route.is_done, `${node.name} doesn't say that its route is withdrawn`);
  await node.becomes("withdraws its route", () => !office.router.isAnnounced(node.name));
}

/** What all nodes say of the cluster: a busy machine may keep one silent for a moment. */
async function allAlive({ nodes }: AnycastOffice): Promise<readonly ClusterFacts[]> {
  for (;;) {
    const all = await Promise.all(nodes.map((node) => node.cluster()));
    const isWell = ({ members, route }: ClusterFacts) =>
      members.length === nodes.length - 1 && members.every(({ life }) => life === "alive") && route?.is_done === true;
    if (all.every(isWell)) return all;
    await pause(MOMENT_ms);
  }
}

/** Calls that the nodes have made since their starts, by their own word. */
async function processed({ nodes }: AnycastOffice): Promise<number> {
  const all = await Promise.all(nodes.map((node) => node.cluster()));
  return all.reduce((sum, { calls }) => sum + (calls?.processed ?? 0), 0);
}

function untilAnnounced({ router }: AnycastOffice, node: Member): Promise<void> {
  return node.becomes("announces its route", () => router.isAnnounced(node.name));
}

/** Without probes and 100. */
function callsIn(sightings: readonly Sighting[]): readonly Sighting[] {
  return sightings.filter(({ message }) => message.method !== "OPTIONS" && message.status !== 100);
}

export const ANYCAST: Play<AnycastOffice> = {
  title: "Three nodes behind one anycast address",
  layout: THREE_NODES,
  steps: STEPS,
  open: (ladder) => AnycastOffice.open(ladder),
  introduction: () =>
    `Four phones (201 to 204) belong to a PBX. Between them are three nodes, node1 to node3, that all have the same ` +
    `address, and a router that leads each packet to the next node whose route is announced. The nodes run the real branchline ` +
    `(${programName()}); the others are simulated, and talk to it over UDP on this machine's loopback addresses. At home, the ` +
    `router learns the routes by OSPF or BGP, and of a dead node by BFD. Without root, one machine has an address once: so here ` +
    `each node opens a loopback address of its own in place of the anycast one, the simulated router translates, and a file ` +
    `says whether a route is announced. Each line of a ladder has the name of the node to which the router led the packet, or ` +
    `that has sent it. This is all that node1 has been told; the files of the others differ in the names and the route's file:`,
  config: ({ config }) => config,
};
