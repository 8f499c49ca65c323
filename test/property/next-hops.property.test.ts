/** What must hold for whatever DNS says: no order loses an address, and weights are shares. */

import { expect, test } from "vitest";
import { nextHops, type Read } from "../../src/transport/next-hops.ts";
import { chanceOf, draw, flatten, type Tiers } from "../../src/transport/weighted-order.ts";
import fc from "../support/properties.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
console.log(`next hops: SEED=${seed}`);

const choice = fc.record({ weight: fc.nat(65_535), items: fc.array(fc.nat(), { maxLength: 3 }) });
const tiers: fc.Arbitrary<Tiers<number>> = fc.array(fc.array(choice, { maxLength: 5 }), { maxLength: 4 });

test("every order has all items once, tier by tier, those of one choice in their order", () => {
  fc.assert(
    fc.property(tiers, fc.string(), (given, text) => {
      const order = draw(given, chanceOf(text));
      expect(order).toHaveLength(flatten(given).length);
      let at = 0;
      for (const tier of given) {
        const part = order.slice(at, at + flatten([tier]).length);
        at += part.length;
        expect([...part].sort()).toEqual(flatten([tier]).sort());
      }
      expect(draw(given, chanceOf(text))).toEqual(order);
    }),
    { seed },
  );
});

test("the first place goes by weight; weight 0 hardly ever goes before another", () => {
  const weights = fc.array(fc.nat(100), { minLength: 2, maxLength: 5 }).filter((all) => all.some((one) => one > 0));
  fc.assert(
    fc.property(weights, fc.string(), (given, salt) => {
      const tier = given.map((weight, index) => ({ weight, items: [index] }));
      const counts = given.map(() => 0);
      const draws = 2_000;
      for (let call = 0; call < draws; call++) {
        const [first = 0] = draw([tier], chanceOf(`${salt}${call}@10.0.0.1`));
        counts[first] = (counts[first] ?? 0) + 1;
      }
      const total = given.reduce((sum, weight) => sum + weight, 0);
      for (const [index, weight] of given.entries()) {
        const share = weight / total;
        // Six standard deviations.
        const slack = 6 * Math.sqrt(draws * share * (1 - share)) + 15;
        expect(Math.abs((counts[index] ?? 0) - draws * share)).toBeLessThan(slack);
      }
    }),
    { seed, numRuns: 30 },
  );
});

test("equal weights, all 0 too, are equal shares", () => {
  for (const weight of [0, 1, 65_535]) {
    const tier = [0, 1, 2, 3].map((index) => ({ weight, items: [index] }));
    const counts = [0, 0, 0, 0];
    for (let call = 0; call < 4_000; call++) {
      const [first = 0] = draw([tier], chanceOf(`call-${call}`));
      counts[first] = (counts[first] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(170);
  }
});

test("whatever the records say, it ends: with addresses of our kind, or with a question", () => {
  const name = fc.constantFrom(
    "",
    ".",
    "a.example",
    "b.example",
    "192.0.2.1",
    "::1",
    "_sip._udp.a.example",
    "A.example.",
  );
  const records = {
    NAPTR: fc.record({
      order: fc.nat(),
      preference: fc.nat(),
      flags: fc.constantFrom("s", "S", "u", ""),
      service: fc.constantFrom("SIP+D2U", "SIP+D2T", "SIPS+D2T", "__proto__", ""),
      regexp: fc.constantFrom("", "!x!y!"),
      replacement: name,
    }),
    SRV: fc.record({ priority: fc.nat(), weight: fc.nat(), port: fc.nat(65_535), target: name }),
    A: fc.ipV4(),
    AAAA: fc.ipV6(),
  };
  const zone = fc.record({
    NAPTR: fc.option(fc.array(records.NAPTR), { nil: undefined }),
    SRV: fc.option(fc.array(records.SRV), { nil: undefined }),
    A: fc.option(fc.array(records.A), { nil: undefined }),
    AAAA: fc.option(fc.array(records.AAAA), { nil: undefined }),
  });
  fc.assert(
    fc.property(zone, fc.constantFrom("udp", "tcp", "tls", undefined), (answers, protocol) => {
      let isMissing = false;
      const read = ((type: keyof typeof answers) => {
        if (answers[type] === undefined) isMissing = true;
        return answers[type];
      }) as Read;
      const target = { host: "a.example", port: undefined, protocol };
      const found = nextHops(target, { protocols: ["udp", "tcp"], types: ["A", "AAAA"] }, read);
      if (found === undefined) expect(isMissing).toBe(true);
      for (const one of flatten(found ?? [])) {
        expect(["udp", "tcp"]).toContain(one.protocol);
        expect(one.port).toBeGreaterThan(0);
        expect(one.address).not.toBe("");
      }
    }),
    { seed },
  );
});
