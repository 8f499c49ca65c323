/** The location service: who is found by which number, what is forgotten, and what is worth writing down. */

import { describe, expect, it } from "vitest";
import { parseSipUri } from "../../src/message/uri.ts";
import { Callbacks } from "../../src/policy/emergency/callbacks.ts";
import { type Binding, Bindings, KEEP_ms } from "../../src/policy/phones/bindings.ts";
import { phoneMark } from "../../src/policy/phones/phone-marks.ts";
import { parseSnapshot, restoreSnapshot, takeSnapshot } from "../../src/policy/snapshot.ts";
import { TRANSPORTS } from "../../src/transport/flow.ts";

const LISTENER = {
  index: 0,
  protocol: "udp",
  transport: TRANSPORTS.udp,
  address: "10.222.237.1",
  port: 5060,
  sentBy: "10.222.237.1",
} as const;

function binding(parts: Partial<Binding> = {}): Binding {
  const flow = { listener: LISTENER, address: "10.222.237.21", port: 5060 };
  const usual = {
    contact: "sip:1@10.222.237.21",
    parameters: "",
    instance: "",
    callId: "1",
    cseq: 1,
    expires_ms: 60_000,
    heard_ms: 0,
    isAccepted: false,
  };
  return { ...usual, flow, ...parts };
}

const LONG = "x".repeat(16_000);

function registered(...names: string[]) {
  const bindings = new Bindings();
  for (const name of names) bindings.put(name, binding());
  return bindings;
}

describe("what is kept of texts without end", () => {
  it("no address-of-record that is longer than people dial", () => {
    const bindings = registered(`${LONG}@x`, "201@x");
    expect([bindings.hasRoomFor(`${LONG}@x`), bindings.size, bindings.hits]).toEqual([false, 1, 2]);
  });
});

describe("with little memory", () => {
  const full = () => {
    const bindings = new Bindings({ bindings: 10, bindingCharacters: 6_000 });
    const parameters = "x".repeat(500);
    for (let place = 0; place < 10; place++) {
      bindings.put("201@x", binding({ contact: `sip:${place}@10.222.237.21`, parameters }));
    }
    return bindings;
  };

  it("texts count: when they take too much, no new address-of-record finds room, and those with much get no more contacts", () => {
    const bindings = full();
    const before = bindings.find("201@x")?.bindings.length ?? 0;
    expect(before).toBeLessThan(10);
    bindings.put("201@x", binding({ contact: "sip:new@10.222.237.21" }));
    const contacts = bindings.find("201@x")?.bindings.map(({ contact }) => contact);
    expect(contacts).toHaveLength(before);
    expect(contacts?.[0]).toBe("sip:new@10.222.237.21"); // what a phone has been told is there, the oldest went
    bindings.put("202@x", binding());
    expect(bindings.find("202@x")).toBeUndefined();
    expect(bindings.hits).toBeGreaterThan(0);
  });

  it("and there is room again when they go", () => {
    const bindings = full();
    bindings.remove("201@x", "*");
    bindings.put("202@x", binding());
    expect(bindings.find("202@x")?.bindings).toHaveLength(1);
  });
});

describe("who is found", () => {
  it("by the address of its phone: as its address-of-record, as its Contact, or as whoever is there", () => {
    const bindings = registered("201@x");
    bindings.put(
      "202@x",
      binding({
        contact: "sip:a;b=@c@10.222.237.22:5070;ob",
        flow: { listener: LISTENER, address: "10.222.237.22", port: 5060 },
      }),
    );
    const found = (uri: string) => {
      const parsed = parseSipUri(uri);
      return parsed && bindings.findAt(parsed)?.name;
    };
    expect(found("sip:202@10.222.237.22")).toBe("202@x");
    expect(found("sip:a;b=@c@10.222.237.22")).toBe("202@x");
    expect(found("sip:c@10.222.237.22")).toBeUndefined();
    expect(found("sip:10.222.237.21")).toBe("201@x");
    expect(found("sip:1@10.222.237.21")).toBe("201@x");
    expect(found("sip:1@10.222.237.22")).toBeUndefined();
  });

  it("by user, in whichever domain, with a phone only", () => {
    const bindings = registered("201@a.example.com", "202@b.example.com", "203@a.example.com");
    bindings.remove("203@a.example.com", "*");
    expect(["201", "202", "203", "20"].map((user) => bindings.findUser(user)?.name)).toEqual([
      "201@a.example.com",
      "202@b.example.com",
      undefined,
      undefined,
    ]);
  });

  it.each([
    ["5550201", 3, "201@x"],
    ["+495550201", 3, "201@x"],
    ["5550201", 4, undefined],
    ["01", 2, "201@x"],
    ["01", 3, undefined],
    ["abc201", 3, undefined],
    ["5550202", 3, undefined],
  ])("by suffix: %s, with %d digits at least, is %s", (number, digits, name) => {
    expect(registered("201@x", "alice@x").findSuffix(number, digits)?.name).toBe(name);
  });

  it("of several suffixes the longest; of equals none; those without a phone don't count", () => {
    const bindings = registered("201@x", "50201@x", "50201@y");
    expect(bindings.findSuffix("5550201", 3)).toBeUndefined();
    bindings.remove("50201@y", "*");
    expect(bindings.findSuffix("5550201", 3)?.name).toBe("50201@x");
    expect(registered("50201@x", "201@x").findSuffix("5550201", 3)?.name).toBe("50201@x");
  });
});

describe("what is forgotten", () => {
  it("a binding a day after its expiry, and with its last one the number", () => {
    const bindings = registered("201@x");
    bindings.expire(60_000 + KEEP_ms - 1);
    expect(bindings.find("201@x")?.bindings).toHaveLength(1);
    bindings.expire(60_000 + KEEP_ms);
    expect(bindings.size).toBe(0);
  });

  it("of two only the older; and never that a phone wants relay", () => {
    const bindings = registered("201@x");
    bindings.put("201@x", binding({ contact: "sip:2@10.222.237.22", expires_ms: 90_000 }));
    bindings.expire(60_000 + KEEP_ms);
    expect(bindings.find("201@x")?.bindings.map(({ contact }) => contact)).toEqual(["sip:2@10.222.237.22"]);
    bindings.markRelay("201@x");
    bindings.expire(90_000 + KEEP_ms);
    expect(bindings.find("201@x")).toMatchObject({ bindings: [], wantsRelay: true });
  });
});

describe("what is worth writing down", () => {
  it("news at once: a phone that is new, has moved, has gone, wants relay; refreshes later; what changes nothing never", () => {
    const bindings = new Bindings();
    const heard: boolean[] = [];
    bindings.onChange = (isNews) => heard.push(isNews);
    const told = (change: () => void) => {
      heard.length = 0;
      change();
      return [...heard];
    };
    const instance = "<urn:uuid:1>";
    const moved = { listener: LISTENER, address: "10.222.237.22", port: 5060 };
    expect([
      told(() => bindings.put("201@x", binding({ instance }))),
      told(() => bindings.put("201@x", binding({ instance, cseq: 2 }))),
      told(() => bindings.put("201@x", binding({ instance, cseq: 3, flow: moved }))),
      told(() => bindings.put("201@x", binding({ instance, cseq: 4, flow: moved, contact: "sip:new@x" }))),
      told(() => bindings.markStale("201@x", [instance])),
      told(() => bindings.markStale("201@x", [instance])),
      told(() => bindings.markFresh("201@x", [instance])),
      told(() => bindings.markRelay("201@x")),
      told(() => bindings.markRelay("201@x")),
      told(() => bindings.remove("201@x", "sip:other@x")),
      told(() => bindings.remove("201@x", "sip:new@x")),
      told(() => bindings.remove("202@x", "*")),
    ]).toEqual([[true], [false], [true], [true], [false], [], [false], [true], [], [], [true], []]);
  });
});

describe("a snapshot", () => {
  it("gives back every phone in its order, with what is left of its time, known as before and unheard of by upstream", () => {
    const before = registered("201@x");
    before.put(
      "201@x",
      binding({ contact: "sip:2@10.222.237.22", instance: "<urn:uuid:2>", parameters: ";q=1", cseq: 7 }),
    );
    before.put("202@x", binding({ expires_ms: 20_000, isAccepted: true }));
    before.markRelay("203@x");
    const snapshot = parseSnapshot(JSON.stringify(takeSnapshot(before, new Callbacks(), 10_000)));
    const after = new Bindings();
    restoreSnapshot(after, new Callbacks(), snapshot ?? { addresses: [], callbacks: [] }, [LISTENER], 5_000, 1_000);
    const shift_ms = 1_000 - 10_000 - 5_000;
    for (const { name, bindings, seen, wantsRelay } of before.all()) {
      expect(after.find(name)).toMatchObject({ seen, wantsRelay });
      const kept = bindings.map((one) => {
        return { ...one, expires_ms: one.expires_ms + shift_ms, heard_ms: Number.NEGATIVE_INFINITY };
      });
      expect(after.find(name)?.bindings).toEqual(kept);
      expect(after.find(name)?.stale).toEqual(new Set(bindings.map(phoneMark)));
    }
    expect(after.size).toBe(before.size);
  });

  it.each(["", "{}", "[]", '{"addresses":1}', "null"])("%j is none", (text) => {
    expect(parseSnapshot(text)).toBeUndefined();
  });

  it("an entry that isn't whole is left out, the others stay", () => {
    const { addresses } = takeSnapshot(registered("201@x", "202@x"), new Callbacks(), 0);
    const broken = { ...addresses[0], bindings: [{ ...addresses[0]?.bindings[0], port: "5060" }] };
    const text = JSON.stringify({ addresses: [broken, addresses[1], null, { name: "203@x" }] });
    expect(parseSnapshot(text)?.addresses.map(({ name }) => name)).toEqual(["202@x"]);
  });

  it.each([
    ["a line end in its Contact", { contact: "sip:201@10.222.237.21>\r\nX: y" }],
    ["no URI as its Contact", { contact: "201" }],
    ["a bracket in its Contact", { contact: "sip:201@10.222.237.21>;x=<y" }],
    ["a NUL in its Contact", { contact: "sip:2\0@10.222.237.21" }],
    ["a character that is no octet", { contact: "sip:\u0101@10.222.237.21" }],
    ["a Contact as long as a message", { contact: `sip:${"1".repeat(600)}@10.222.237.21` }],
    ["a header field in its parameters", { parameters: ";q=1\r\nEvil: yes" }],
    ["another Contact in its parameters", { parameters: ", <sip:900@evil.example.com>" }],
    ["a line end in its instance", { instance: '"<urn:uuid:1>\n"' }],
    ["a name instead of its address", { address: "evil.example.com" }],
    ["an address that some read otherwise", { address: "10.222.237.021" }],
    ["port 0", { port: 0 }],
    ["half a port", { port: 0.5 }],
    ["a CSeq that no message can have", { cseq: 2 ** 40 }],
  ])("a binding with %s is left out as it would be of a message", (_, change) => {
    const { addresses } = takeSnapshot(registered("201@x", "202@x"), new Callbacks(), 0);
    const spoilt = { ...addresses[0], bindings: [{ ...addresses[0]?.bindings[0], ...change }] };
    const text = JSON.stringify({ addresses: [spoilt, addresses[1]] });
    expect(parseSnapshot(text)?.addresses.map(({ name }) => name)).toEqual(["202@x"]);
  });

  it("a caller to be called back is read as strictly", () => {
    const callback = {
      caller: "201@x",
      contact: "sip:201@10.222.237.21",
      listener: "10.222.237.1 5060",
      address: "10.222.237.21",
      port: 5060,
      gateway: "10.10.1.3",
      left_ms: 1_000,
    };
    const others = [{ contact: "sip:2@1.2.3.4\r\nX: y" }, { gateway: "gw" }, { address: "" }, { port: 70_000 }];
    const text = JSON.stringify({
      addresses: [],
      callbacks: [callback, ...others.map((one) => ({ ...callback, ...one }))],
    });
    expect(parseSnapshot(text)?.callbacks).toEqual([callback]);
  });
});
