/** What a router takes over from another one of its cluster, and what it tells that one. */
import { describe, expect, it } from "vitest";
import { parseSipUri } from "../../src/message/uri.ts";
import { type Callback, Callbacks } from "../../src/policy/emergency/callbacks.ts";
import { Calls } from "../../src/policy/gateways/calls.ts";
import type { GatewayCall } from "../../src/policy/gateways/gateway-call.ts";
import type { Known } from "../../src/policy/phones/binding.ts";
import type { BindingChange } from "../../src/policy/phones/binding-changes.ts";
import { type Binding, Bindings } from "../../src/policy/phones/bindings.ts";
import { TRANSPORTS } from "../../src/transport/flow.ts";
import { response } from "../support/messages.ts";

const LISTENER = {
  index: 0,
  protocol: "udp",
  transport: TRANSPORTS.udp,
  address: "10.222.237.1",
  port: 5060,
  sentBy: "10.222.237.1",
} as const;
const flowFrom = (address: string) => ({ listener: LISTENER, address, port: 5060 });

function binding(address: string, parts: Partial<Binding> = {}): Binding {
  const order = { callId: "1", cseq: 1, expires_ms: 60_000, heard_ms: 0, isAccepted: true };
  return { contact: `sip:201@${address}`, parameters: "", instance: "", flow: flowFrom(address), ...order, ...parts };
}

function known(...bindings: Binding[]): Known {
  return { bindings, seen: ["10.222.237.29"], promised_ms: 90_000, stale: new Set(["sip:a@b"]), wantsRelay: false };
}

describe("an address-of-record that is taken over", () => {
  it("is known by nothing else: what was registered is gone from every look-up, and observers hear it", () => {
    const bindings = new Bindings();
    bindings.put("201@x", binding("10.222.237.21"));
    const told: BindingChange[] = [];
    bindings.onBinding = (change) => told.push(change);
    expect(bindings.adopt("201@x", known(binding("10.222.237.22")))).toBe(true);
    const places = ["10.222.237.21", "10.222.237.22"];
    expect(places.map((place) => bindings.isPhoneAt(place))).toEqual([false, true]);
    const uri = parseSipUri("sip:201@10.222.237.22");
    expect(uri && bindings.findAt(uri)?.name).toBe("201@x");
    expect(told.map(({ change, contact }) => `${change} ${contact}`)).toEqual([
      "removed sip:201@10.222.237.21",
      "added sip:201@10.222.237.22",
    ]);
    const { seen, promised_ms, stale } = bindings.find("201@x") ?? {};
    expect({ seen, promised_ms, stale }).toEqual({
      seen: ["10.222.237.29"],
      promised_ms: 90_000,
      stale: new Set(["sip:a@b"]),
    });
  });

  it("isn't told back; each change made here is, by its name", () => {
    const bindings = new Bindings();
    const told: string[] = [];
    bindings.onAddress = ({ name }) => told.push(name);
    bindings.adopt("201@x", known(binding("10.222.237.21")));
    expect(told).toEqual([]);
    bindings.put("202@x", binding("10.222.237.22"));
    bindings.markStale("201@x", ["sip:c@d"]);
    bindings.markFresh("202@x", ["sip:unknown@d"]);
    bindings.markRelay("201@x");
    bindings.remove("202@x", "*");
    bindings.remove("202@x", "*");
    expect(told).toEqual(["202@x", "201@x", "201@x", "202@x"]);
  });

  it("is written to disk soon where a restart would lose a phone, and seldom where it was refreshed", () => {
    const bindings = new Bindings();
    const news: boolean[] = [];
    bindings.onChange = (isNews) => news.push(isNews);
    const [here, there] = [binding("10.222.237.21"), binding("10.222.237.22")];
    bindings.adopt("201@x", known(here));
    bindings.adopt("201@x", known({ ...here, expires_ms: 120_000, heard_ms: 30_000 }));
    bindings.adopt("201@x", known({ ...here, expires_ms: 150_000, heard_ms: 60_000 }, there));
    bindings.adopt("201@x", known(there));
    bindings.adopt("201@x", { ...known(there), wantsRelay: true });
    expect(news).toEqual([true, false, true, true, true]);
  });

  it("finds no room in a full table, and takes room as one that has registered here", () => {
    const bindings = new Bindings({ bindings: 1, bindingCharacters: 10_000 });
    bindings.adopt("201@x", known(binding("10.222.237.21")));
    expect(bindings.adopt("202@x", known(binding("10.222.237.22")))).toBe(false);
    expect([bindings.size, bindings.hits]).toEqual([1, 1]);
    expect(bindings.find("201@x")?.characters).toBeGreaterThan(300);
  });
});

describe("a call-back that is taken over", () => {
  const callback = (address: string, until_ms: number): Callback => {
    return { caller: "", contact: `sip:1@${address}`, flow: flowFrom(address), gateway: "10.0.0.5", until_ms };
  };

  it("has its place among the callers by when it called; one that is remembered here is told", () => {
    const callbacks = new Callbacks();
    const told: string[] = [];
    callbacks.onCallback = ({ contact }) => told.push(contact);
    callbacks.remember(callback("10.0.0.21", 1_000));
    callbacks.remember(callback("10.0.0.22", 3_000));
    callbacks.adopt(callback("10.0.0.23", 2_000));
    callbacks.adopt(callback("10.0.0.21", 4_000));
    const rung = callbacks.of("10.0.0.5", 0).map(({ flow }) => flow.address);
    expect(rung).toEqual(["10.0.0.21", "10.0.0.22", "10.0.0.23"]);
    expect(told).toEqual(["sip:1@10.0.0.21", "sip:1@10.0.0.22"]);
  });
});

describe("a call at a gateway that is taken over", () => {
  const RUNNING = { refuse: () => {} };
  const start = (callId: string) => ({ callId, fromTag: "f", cseqNumber: 1 });
  const end = (callId: string) => ({ callId, fromTag: "f", toTag: "t" });
  const elsewhere = (...gateways: string[]): GatewayCall => ({
    gateways: [...gateways],
    isEmergency: false,
    started_ms: 0,
    expires_ms: 60_000,
    running: undefined,
    dialog: undefined,
    callerTag: "f",
    toCaller: 0,
    toCallee: 1,
    adopted: [...gateways],
  });

  it("counts until its BYE is seen here, or its time is over", () => {
    const calls = new Calls(3_600_000);
    calls.begin(start("a"), "bri", false, RUNNING, 0);
    for (const callId of ["b", "c", "d"]) calls.adopt(callId, elsewhere("bri"), 0);
    expect(calls.count("bri", 1)).toBe(4);
    calls.end(end("b"), 2);
    calls.adopt("c", undefined, 3);
    expect([calls.count("bri", 4), calls.count("bri", 60_000)]).toEqual([2, 1]);
    expect(calls.usage("bri", 60_000).ended_ms).toBe(60_000);
  });

  it("is counted once by the router that goes on with it, and once more for a channel of its own", () => {
    const calls = new Calls(3_600_000);
    calls.adopt("a", elsewhere("bri", "bri"), 0);
    const counts = [1, 2, 3].map((time) => {
      calls.begin(start("a"), "bri", false, RUNNING, time);
      return calls.count("bri", time);
    });
    expect(counts).toEqual([2, 2, 3]);
  });

  it("can't be ended for an emergency call before it is answered: another one is", () => {
    const calls = new Calls(3_600_000);
    calls.begin(start("own"), "bri", false, RUNNING, 0);
    calls.adopt("other", { ...elsewhere("bri"), started_ms: 10 }, 10);
    const hangup = { bye: () => {} } as unknown as Parameters<Calls["preempt"]>[1];
    expect(calls.preempt(["bri"], hangup, 20)?.callId).toBe("own");
    expect(calls.preempt(["bri"], hangup, 20)).toBeUndefined();
  });

  it("what happens to calls here is told call by call, and nothing of what was taken over", () => {
    const calls = new Calls(3_600_000);
    const told: string[] = [];
    calls.onCall = (callId, call) => told.push(`${callId} ${call?.gateways.join("+") ?? "over"}`);
    calls.begin(start("a"), "bri", false, RUNNING, 0);
    calls.begin(start("a"), "gsm", false, RUNNING, 0);
    calls.leave("a", "bri", 1);
    calls.refresh("a", response(200, {}), 2);
    calls.adopt("b", elsewhere("bri"), 3);
    calls.end(end("a"), 4);
    calls.end(end("unknown"), 4);
    calls.end(end("b"), 5);
    expect(told).toEqual(["a bri", "a bri+gsm", "a gsm", "a gsm", "a over", "unknown over", "b over"]);
  });

  it("finds no room where there are too many", () => {
    const calls = new Calls(3_600_000, 1);
    calls.adopt("a", elsewhere("bri"), 0);
    expect(calls.adopt("b", elsewhere("bri"), 1)).toBe(false);
    expect(calls.adopt("b", elsewhere("bri"), 60_000)).toBe(true);
  });
});
