/** Two routers know the same phones once they hear each other, whatever phones do at either, and whatever has got lost between them. */
import { describe, expect, test } from "vitest";
import { seedOf } from "../support/chance.ts";
import { mulberry32 } from "../support/simulation.ts";
import { RecordRouter } from "./support/record-routers.ts";
import { ReplicaNet } from "./support/replicas.ts";

const RUNS = process.env["BRANCHLINE_LONG"] === "1" ? 1_000 : 60;
const HEAL_ms = 65_000;

/** A run of phones that register and leave, and of links that fail, from one seed. */
function play(seed: number): { routers: readonly RecordRouter[]; net: ReplicaNet; last: Map<string, number> } {
  const random = mulberry32(seed);
  const below = (most: number) => Math.floor(random() * most);
  const net = new ReplicaNet(["r1", "r2"], { seed, jitter_ms: 5 });
  const routers = [new RecordRouter(net, "r1").start(), new RecordRouter(net, "r2").start()];
  net.run(2_000);
  net.loss = below(3) * 0.15;
  /** Where each phone has registered last. */
  const last = new Map<string, number>();
  for (let step = 0; step < 60; step += 1) {
    const router = routers[below(2)];
    if (router === undefined) throw new Error("no router");
    const name = `20${below(3)}@x`;
    const place = 21 + below(4);
    const contact = `sip:${place}@10.222.237.${place}`;
    switch (below(8)) {
      case 0:
        net.cut("r1", "r2");
        break;
      case 1:
        net.heal("r1", "r2");
        break;
      case 2:
        router.bindings.remove(name, contact);
        last.delete(`${name} ${contact}`);
        break;
      case 3:
        router.bindings.markStale(name, [contact]);
        break;
      default:
        router.register(name, place, { parameters: `;q=0.${step}` });
        last.set(`${name} ${contact}`, step);
    }
    net.run(10 + below(2_000));
  }
  net.loss = 0;
  net.heal("r1", "r2");
  net.run(HEAL_ms);
  return { routers, net, last };
}

function knownAt(router: RecordRouter | undefined): unknown {
  const all = [...(router?.bindings.all() ?? [])].map(({ name, bindings, stale }) => {
    const phones = bindings.map(({ contact, parameters, cseq }) => `${contact} ${parameters} ${cseq}`);
    return [name, phones.sort(), [...stale].sort()];
  });
  return all.sort();
}

describe("two routers with links that fail", () => {
  test(`know the same phones in the end: ${RUNS} runs`, () => {
    const first = seedOf("two routers know the same phones");
    for (let seed = first; seed < first + RUNS; seed += 1) {
      const { routers, net } = play(seed);
      expect(knownAt(routers[0]), `seed ${seed}`).toEqual(knownAt(routers[1]));
      const before = net.sent.length;
      net.run(60_000);
      const kinds = net.sent.slice(before).flatMap(({ parts }) => parts.map(([kind]) => kind));
      expect(kinds.includes("changes"), `seed ${seed}: they go on talking`).toBe(false);
    }
  });

  test(`lose no phone that has registered anywhere and hasn't left: ${RUNS} runs`, () => {
    const first = seedOf("two routers lose no phone");
    for (let seed = first; seed < first + RUNS; seed += 1) {
      const { routers, last } = play(seed);
      for (const [phone, step] of last) {
        const [name = "", contact = ""] = phone.split(" ");
        const found = routers[0]?.bindings.find(name)?.bindings.find((one) => one.contact === contact);
        expect(found?.parameters, `seed ${seed}: ${phone}`).toBe(`;q=0.${step}`);
      }
    }
  });
});
