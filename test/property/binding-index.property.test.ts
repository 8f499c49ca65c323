/** The index finds what a look at every address-of-record finds, whatever has been registered and removed before. */

import { describe, expect, it } from "vitest";
import { parseSipUri, type SipUri } from "../../src/message/uri.ts";
import { type AddressOfRecord, type Binding, Bindings, KEEP_ms } from "../../src/policy/phones/bindings.ts";
import { type Flow, TRANSPORTS } from "../../src/transport/flow.ts";
import { type Hop, hopOf, isSameHop } from "../../src/transport/locator.ts";
import fc from "../support/properties.ts";

const LISTENER = {
  index: 0,
  protocol: "udp",
  transport: TRANSPORTS.udp,
  address: "10.222.237.1",
  port: 5060,
  sentBy: "10.222.237.1",
} as const;
const USERS = ["201", "+201", "5550201", "01", "anna", ""] as const;
const DOMAINS = ["a.example.com", "b.example.com", "example.com"] as const;
const HOSTS = ["10.222.237.21", "10.222.237.22", "fd00::1"] as const;
const CONTACTS = [
  "sip:201@10.222.237.21",
  "sip:k3f9@10.222.237.21:5060",
  "sip:202@10.222.237.22:5070;transport=tcp",
  "sip:anna@[fd00::1]",
  "sips:201@10.222.237.22",
  "sip:10.222.237.21",
] as const;
const NUMBERS = ["201", "495550201", "+495550201", "01", "1", "0201", "anna", "202", ""] as const;

const name = fc
  .tuple(fc.constantFrom(...USERS), fc.constantFrom(...DOMAINS))
  .map(([user, domain]) => `${user}@${domain}`);
const change = fc.oneof(
  fc.record({
    kind: fc.constant("put" as const),
    name,
    contact: fc.constantFrom(...CONTACTS),
    host: fc.constantFrom(...HOSTS),
    port: fc.constantFrom(5060, 5070),
    expires_ms: fc.constantFrom(0, 1_000),
  }),
  fc.record({ kind: fc.constant("remove" as const), name, contact: fc.constantFrom("*", ...CONTACTS) }),
  fc.record({ kind: fc.constant("expire" as const), now_ms: fc.constantFrom(KEEP_ms, KEEP_ms + 1_000) }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function apply(bindings: Bindings, one: Change): void {
  if (one.kind === "expire") bindings.expire(one.now_ms);
  else if (one.kind === "remove") bindings.remove(one.name, one.contact);
  else {
    const { contact, host, port, expires_ms } = one;
    const flow = { listener: LISTENER, address: host, port };
    const order = { callId: contact, cseq: 1, heard_ms: 0, isAccepted: false };
    bindings.put(one.name, { contact, parameters: "", instance: "", flow, expires_ms, ...order });
  }
}

/** What {@link Bindings} finds, found by looking at all. */
class Model {
  private readonly all: readonly AddressOfRecord[];

  constructor(bindings: Bindings) {
    this.all = [...bindings.all()];
  }

  user(user: string): boolean {
    return this.all.some((one) => one.user === user && one.bindings.length > 0);
  }

  suffix(number: string, least_digits: number): AddressOfRecord | undefined {
    const common = ({ user, bindings }: AddressOfRecord) => {
      if (bindings.length === 0 || !/^\+?\d+$/.test(user) || !/^\+?\d+$/.test(number)) return 0;
      const [a, b] = [user.replace("+", ""), number.replace("+", "")];
      return a.endsWith(b) || b.endsWith(a) ? Math.min(a.length, b.length) : 0;
    };
    const most = Math.max(0, ...this.all.map(common));
    const best = this.all.filter((one) => common(one) === most);
    return most >= least_digits && best.length === 1 ? best[0] : undefined;
  }

  at({ user, host }: SipUri): readonly AddressOfRecord[] {
    const there = this.all.filter((one) =>
      one.bindings.some(({ flow, contact }) => {
        const isMeant = user === undefined || user === one.user || user === parseSipUri(contact)?.user;
        return flow.address === host && isMeant;
      }),
    );
    if (there.length > 0) return there;
    // Behind a NAT of its own a phone has another address in its Contact than it is seen at.
    return this.all.filter((one) =>
      one.bindings.some(({ contact }) => {
        const says = parseSipUri(contact);
        return says?.host === host && (user === undefined || user === says.user);
      }),
    );
  }

  listensAt(hop: Hop): boolean {
    return this.bindings.some(({ flow, contact }) => {
      const uri = parseSipUri(contact);
      return flow.address === hop.host && uri !== undefined && isSameHop(hopOf(uri), hop);
    });
  }

  behind(flow: Flow, user: string): readonly string[] {
    const isThere = (one: Binding) => one.flow.address === flow.address && one.flow.port === flow.port;
    return this.bindings
      .filter((one) => isThere(one) && parseSipUri(one.contact)?.user === user)
      .map((one) => one.contact);
  }

  domain(host: string): boolean {
    return this.all.some((one) => one.name.endsWith(`@${host}`));
  }

  private get bindings(): readonly Binding[] {
    return this.all.flatMap((one) => one.bindings);
  }
}

/** One of `wanted`, or nothing where there is none. */
function expectOneOf<T>(found: T | undefined, wanted: readonly T[]): void {
  if (wanted.length === 0) expect(found).toBeUndefined();
  else expect(wanted).toContain(found);
}

describe("the index of the bindings", () => {
  it("finds what a look at every address-of-record finds", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const bindings = new Bindings();
        for (const one of changes) apply(bindings, one);
        const model = new Model(bindings);
        for (const user of NUMBERS) expect(bindings.findUser(user) !== undefined).toBe(model.user(user));
        for (const number of NUMBERS) {
          for (const digits of [2, 3, 4]) {
            expect(bindings.findSuffix(number, digits)?.name).toBe(model.suffix(number, digits)?.name);
          }
        }
        for (const host of DOMAINS) expect(bindings.hasDomain(host)).toBe(model.domain(host));
        for (const contact of CONTACTS) {
          const uri = parseSipUri(contact) as SipUri;
          expectOneOf(bindings.findAt(uri), model.at(uri));
          expect(bindings.listensAt(hopOf(uri))).toBe(model.listensAt(hopOf(uri)));
          for (const address of HOSTS) {
            const flow = { listener: LISTENER, address, port: 5060 };
            expectOneOf(bindings.findBehind(flow, uri.user ?? "")?.contact, model.behind(flow, uri.user ?? ""));
          }
        }
      }),
    );
  });

  it("is empty when all has been forgotten", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const bindings = new Bindings();
        for (const one of changes) apply(bindings, one);
        bindings.expire(2 * KEEP_ms);
        const { index } = bindings as unknown as {
          index: { entries: Map<string, unknown>; domains: Map<string, number> };
        };
        expect([bindings.size, index.entries.size, index.domains.size]).toEqual([0, 0, 0]);
      }),
    );
  });
});
