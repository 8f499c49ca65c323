/** Calls of a pair whose addresses are those of the page about pairs: towards the PBX too, or of the phones alone. */
import { describe, expect, test } from "vitest";
import { blocksOf, page } from "../pages/pages.ts";
import { requestText, responseText } from "../sip/build.ts";
import { header, type SipText, statusOf } from "../sip/message.ts";
import { PBX, PHONE } from "../support/site.ts";
import { type MemberName, NodePair } from "./pair-of-nodes.ts";

const NUMBER = "sip:5551234@198.51.100.10";
const RINGS = { status: 180, after_ms: 20 };
const UPSTREAM = 'upstream: {targets: ["sip:198.51.100.10"], probe: {interval: 1s, timeout: 500ms}}';
const WAN_SHARED = "192.168.1.1";
/** Of A. */
const WAN_OWN = { address: "192.168.1.2", port: 5060 };

/** The example of the page: the first file in it. */
function example(name: MemberName): string {
  const left = blocksOf(page("deploy/pair.md")).find(({ language }) => language === "yaml")?.text ?? "";
  const file = left
    .replace(/^upstream: .*$/m, UPSTREAM)
    .replace("left:", "a:")
    .replace("right:", "b:");
  if (name === "a") return file.replace("name: left", "name: a");
  return file
    .replace("name: left", "name: b")
    .replace("udp:10.222.237.2", "udp:10.222.237.3")
    .replace("udp:192.168.1.2", "udp:192.168.1.3");
}

/** Each router has an address of its own alone towards the PBX. */
function withoutWan(name: MemberName): string {
  return example(name).replace(`udp:${WAN_SHARED}, `, "").replace(`, ${WAN_SHARED}]`, "]");
}

async function scene(yamlOf: (name: MemberName) => string) {
  const pair = new NodePair(yamlOf);
  const { a, b } = pair;
  await pair.start();
  const phone = a.site.actor("phone", PHONE);
  const pbx = a.site.actor("pbx", PBX, { address: WAN_SHARED, port: 5060 });
  a.site.run(3_000);
  /** The power of A is cut, and B has the addresses a moment later: before the verdict. */
  const kill = () => {
    a.die();
    a.site.run(100);
    b.holds(true);
  };
  /** As a planned move does it. */
  const move = () => {
    a.holds(false);
    b.holds(true);
  };
  return { pair, a, b, phone, pbx, kill, move };
}

describe("with the addresses of the page's example", () => {
  test("a call that rings at the PBX is answered after the death of its router", async () => {
    const { a, phone, pbx, kill } = await scene(example);
    pbx.answers("INVITE", RINGS, { status: 200, after_ms: 1_500 });
    phone.invite(NUMBER);
    a.site.run(300);
    kill();
    a.site.run(3_000);
    expect([phone.responses(200, "INVITE").length, pbx.requests("INVITE").length]).toEqual([1, 1]);
  });

  test("the PBX's BYE in a call that is up reaches the phone", async () => {
    const { a, phone, pbx, kill } = await scene(example);
    pbx.answers("INVITE", { status: 200, after_ms: 20 });
    phone.invite(NUMBER);
    a.site.run(300);
    kill();
    a.site.run(1_000);
    pbx.inDialogAsCallee("BYE", pbx.seen("INVITE"), 1);
    a.site.run(1_000);
    expect(phone.requests("BYE")).toHaveLength(1);
  });

  test("a CANCEL that comes once, between the move of the addresses and the verdict, reaches the PBX", async () => {
    const { a, phone, pbx, kill } = await scene(example);
    pbx.answers("INVITE", RINGS);
    const invite = phone.invite(NUMBER);
    a.site.run(300);
    kill();
    a.site.run(50);
    phone.cancel(invite);
    a.site.run(2_000);
    expect(pbx.requests("CANCEL")).toHaveLength(1);
  });

  test("a call that comes before the addresses have been looked at leaves from the shared one", async () => {
    const { a, b, pbx } = await scene(example);
    a.holds(false);
    b.interfaces = new Map([["lan", ["10.222.237.3", "10.222.237.1", "192.168.1.3", WAN_SHARED]]]);
    const listener = b.site.listeners.find(({ settings }) => settings.at === "10.222.237.1");
    if (listener === undefined) throw new Error("no listener");
    const user = "<sip:201@pbx.example.com>";
    const parts = { method: "INVITE", uri: NUMBER, from: `${user};tag=x`, to: `<${NUMBER}>`, callId: "early", cseq: 1 };
    const invite = requestText("10.222.237.21:5060", { ...parts, contact: "sip:201@10.222.237.21" });
    b.site.engine.onMessage(invite, { listener, address: PHONE.address, port: PHONE.port });
    a.site.run(100);
    expect(header(pbx.seen("INVITE"), "via")).toContain(`${WAN_SHARED}:5060;`);
    expect(header(pbx.seen("INVITE"), "record-route")).toContain(`@${WAN_SHARED}:5060;`);
  });

  test("a response to a call that was given away, and that comes to the member before, goes on to the one that has it", async () => {
    const { a, phone, pbx, move } = await scene(example);
    pbx.answers("INVITE", RINGS);
    phone.invite(NUMBER);
    a.site.run(300);
    const listener = a.site.listeners.find(({ settings }) => settings.at === WAN_SHARED);
    if (listener === undefined) throw new Error("no listener");
    move();
    a.site.run(500);
    const answer = responseText(pbx.seen("INVITE"), 486, { toTag: "pbx-tag" });
    a.site.engine.onMessage(answer, { listener, address: PBX.address, port: PBX.port });
    a.site.run(1_000);
    expect(phone.responses(486)).toHaveLength(1);
  });
});

describe("members that don't hear each other for a moment", () => {
  test("calls that begin meanwhile go on when their router dies as soon as the other one hears it again", async () => {
    const { pair, a, b, phone, pbx, kill } = await scene(example);
    pbx.answers("INVITE", RINGS);
    pair.isCut = true;
    a.site.run(1_000);
    const invites = Array.from({ length: 60 }, () => phone.invite(NUMBER));
    a.site.run(1_000);
    pair.isCut = false;
    while (b.node.cluster.live().length === 0) a.site.run(10);
    a.site.run(20);
    kill();
    a.site.run(500);
    for (const invite of invites) phone.cancel(invite);
    a.site.run(1_000);
    expect(phone.responses(487)).toHaveLength(invites.length);
  });

  test("a CANCEL that comes to the one that doesn't know its call yet isn't answered: the next one finds the call", async () => {
    const { pair, a, phone, pbx, move } = await scene(example);
    pbx.answers("INVITE", RINGS);
    pair.isCut = true;
    a.site.run(1_000);
    const invite = phone.invite(NUMBER);
    a.site.run(1_000);
    move();
    a.site.run(500);
    phone.cancel(invite);
    a.site.run(500);
    expect([phone.responses(481).length, pbx.requests("CANCEL").length]).toEqual([0, 0]);
    pair.isCut = false;
    a.site.run(500);
    phone.cancel(invite);
    a.site.run(500);
    expect([phone.responses(487).length, pbx.requests("CANCEL").length]).toEqual([1, 1]);
  });
});

test("a member that has just been started knows the calls that ring within 50 ms", async () => {
  const { simulation, a, b } = new NodePair(example);
  a.holds(true);
  await a.node.start();
  const phone = a.site.actor("phone", PHONE);
  const pbx = a.site.actor("pbx", PBX, { address: WAN_SHARED, port: 5060 }).answers("INVITE", RINGS);
  simulation.run(3_000);
  const invite = phone.invite(NUMBER);
  simulation.run(1_000);
  await b.node.start();
  simulation.run(50);
  a.die();
  simulation.run(100);
  b.holds(true);
  simulation.run(1_000);
  phone.cancel(invite);
  simulation.run(1_000);
  expect([pbx.requests("CANCEL").length, phone.responses(487).length]).toEqual([1, 1]);
});

describe("where the address towards the PBX isn't shared", () => {
  const via = (message: SipText) => header(message, "via");

  test("a call that rings at the PBX is cancelled in its router's name, and begins anew at the other one", async () => {
    const { a, phone, pbx, kill } = await scene(withoutWan);
    pbx.answers("INVITE", RINGS, { status: 200, after_ms: 3_000 });
    phone.invite(NUMBER);
    a.site.run(300);
    kill();
    a.site.run(1_500);
    const [before, cancel, anew] = [pbx.seen("INVITE"), pbx.seen("CANCEL"), pbx.seen("INVITE", 1)];
    expect(via(before)).toContain("192.168.1.2:5060;");
    expect(via(cancel)).toBe(via(before));
    expect(via(anew)).toContain("192.168.1.3:5060;");
    expect(via(anew).split("branch=")[1]).not.toBe(via(before).split("branch=")[1]);
    a.site.run(3_000);
    expect(phone.responses(200, "INVITE")).toHaveLength(1);
    expect(pbx.requests("INVITE")).toHaveLength(2);
  });

  test("a CANCEL of its caller reaches the copy that has begun anew, even before that rings", async () => {
    const { a, phone, pbx, kill } = await scene(withoutWan);
    pbx.answers("INVITE", { status: 180, after_ms: 200 });
    const invite = phone.invite(NUMBER);
    a.site.run(300);
    kill();
    a.site.run(380);
    phone.cancel(invite);
    a.site.run(2_000);
    expect(pbx.requests("CANCEL").map(({ message }) => via(message))).toEqual([
      via(pbx.seen("INVITE")),
      via(pbx.seen("INVITE", 1)),
    ]);
  });

  test("a copy whose caller had cancelled it before anything came is cancelled too, and doesn't begin anew", async () => {
    const { a, phone, pbx, kill } = await scene(withoutWan);
    pbx.answers("INVITE");
    const invite = phone.invite(NUMBER);
    a.site.run(300);
    phone.cancel(invite);
    // The 487 isn't acknowledged, so the call still has a story.
    a.site.simulation.silence(PHONE);
    a.site.run(20);
    kill();
    a.site.run(5_000);
    const sent = (method: string) => pbx.requests(method).map(({ message }) => via(message));
    expect([sent("INVITE"), sent("CANCEL")]).toEqual(Array(2).fill([via(pbx.seen("INVITE"))]));
  });

  test("so does one that is given away: the 487 to the copy before isn't the caller's", async () => {
    const { a, phone, pbx, move } = await scene(withoutWan);
    pbx.answers("INVITE", RINGS, { status: 200, after_ms: 2_000 });
    phone.invite(NUMBER);
    a.site.run(300);
    move();
    a.site.run(200);
    a.site.simulation.send(PBX, WAN_OWN, responseText(pbx.seen("INVITE"), 487, { toTag: "pbx-tag" }), () => {});
    a.site.run(3_000);
    expect(phone.received.map(({ message }) => statusOf(message)).filter((status) => status >= 200)).toEqual([200]);
    expect(via(pbx.seen("INVITE", 1))).toContain("192.168.1.3:5060;");
  });
});
