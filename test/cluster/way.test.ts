/** Which member is to have a message: line by line, and for views that chance draws, that each message ends, and where. */
import { describe, expect, test } from "vitest";
import { HOPS_MAX, type Passing, type Way, wayOf } from "../../src/cluster/way.ts";
import { Rng } from "../fuzz/rng.ts";
import { seedOf } from "../support/chance.ts";

const NEW: Passing = {
  own: "b",
  kind: "INVITE",
  isKnown: false,
  story: undefined,
  maker: undefined,
  order: ["a", "b", "c"],
  hops: [],
  home: undefined,
  mayOpen: true,
  isUnsettled: false,
};
const HERE: Way = { kind: "here" };
const CARRY_ON: Way = { kind: "carry on" };
const to = (member: string, home?: string): Way => ({ kind: "to", member, ...(home !== undefined && { home }) });
const story = (member: string, isKept: boolean, order = NEW.order) => ({
  ...{ member, isKept },
  heir: order.find((one) => one !== member),
});

const LINES: readonly (readonly [string, Partial<Passing>, Way])[] = [
  ["a transaction here has it", { isKnown: true, story: story("a", true) }, HERE],
  ["the member that tells of its call does", { story: story("c", true) }, to("c")],
  ["a call whose member is dead goes on at the first of the others", { story: story("c", false) }, to("a", "b")],
  [
    "or where it was heard, if that one hasn't",
    { own: "b", story: story("c", false), hops: ["b", "a"], home: "b" },
    CARRY_ON,
  ],
  ["and here, if that is here", { own: "a", story: story("c", false) }, CARRY_ON],
  ["or if the first one knows nothing of it", { story: story("c", false), hops: ["a"] }, CARRY_ON],
  ["so does one whose member has sent the message on", { own: "a", story: story("c", true), hops: ["c"] }, CARRY_ON],
  ["in a pair, it goes on where the message comes", { order: ["b"], story: story("a", false, ["b"]) }, CARRY_ON],
  [
    "one that was cut from the dead one leaves it to who was not",
    { own: "a", story: story("c", false, ["b", "a"]) },
    to("b", "a"),
  ],
  ["a response goes to the maker of its branch", { kind: "response", maker: "c" }, to("c")],
  ["a late one to a branch of our own ends here", { kind: "response", maker: "b" }, HERE],
  ["one whose maker isn't reached goes to the first of the order", { kind: "response" }, to("a")],
  ["so does one that its maker has sent on", { kind: "response", maker: "c", hops: ["c"] }, to("a")],
  ["a new call goes to the first of the order", {}, to("a")],
  ["the first opens it", { own: "a" }, HERE],
  ["so does the one to which the first has sent it, as that one sees it", { hops: ["a"] }, HERE],
  ["another request within a call goes to the first as well", { kind: "other request" }, to("a")],
  ["a CANCEL of an unknown call is offered to the next", { own: "a", kind: "CANCEL" }, to("b", "a")],
  ["and to the one after that", { own: "b", kind: "CANCEL", hops: ["a"], home: "a" }, to("c", "a")],
  ["the last one sends it home", { own: "c", kind: "CANCEL", hops: ["a", "b"], home: "a" }, to("a", "a")],
  ["where it is answered", { own: "a", kind: "CANCEL", hops: ["a", "b", "c"], home: "a" }, HERE],
  ["an unknown INVITE is offered while members come and go", { own: "a", isUnsettled: true }, to("b", "a")],
  ["the last one sends it home", { own: "c", hops: ["a", "b"], home: "a", isUnsettled: true }, to("a", "a")],
  ["where it is opened", { own: "a", hops: ["a", "b", "c"], home: "a", isUnsettled: true }, HERE],
  ["other requests aren't offered", { own: "a", kind: "other request", isUnsettled: true }, HERE],
  ["one that is still learning opens none", { own: "a", order: ["a"], mayOpen: false }, { kind: "nobody" }],
  ["but it answers another request", { own: "a", order: ["a"], mayOpen: false, kind: "other request" }, HERE],
  ["in a pair, all ends where it comes", { order: ["b"], isUnsettled: true }, HERE],
  ["after the greatest number of hops", { hops: ["c", "d", "e", "f"] }, HERE],
];

describe("a message", () => {
  test.each(LINES)("%s", (_what, facts, way) => {
    expect(wayOf({ ...NEW, ...facts })).toEqual(way);
  });
});

/** What one member believes. */
interface View {
  readonly order: readonly string[];
  readonly isUnsettled: boolean;
  readonly mayOpen: boolean;
  /** Has the transaction, or has heard of it: from whom. */
  readonly isKnown: boolean;
  readonly story: Passing["story"];
}

/** Sends a message on until it ends. @returns the members that have had it */
function walk(
  from: string,
  kind: Passing["kind"],
  maker: string | undefined,
  views: ReadonlyMap<string, View>,
): string[] {
  const had: string[] = [];
  let passed: Pick<Passing, "hops" | "home"> = { hops: [], home: undefined };
  for (let own = from; ; ) {
    had.push(own);
    const view = views.get(own);
    if (view === undefined || had.length > 3 * HOPS_MAX) throw new Error(`${had.join(" ")} and no end`);
    const way = wayOf({ ...view, ...passed, own, kind, maker });
    if (way.kind !== "to") return had;
    passed = { hops: [...passed.hops, own], home: way.home ?? passed.home };
    own = way.member;
  }
}

const NAMES = ["a", "b", "c", "d", "e"];
const KINDS = ["INVITE", "CANCEL", "ACK", "other request", "response"] as const;

function shuffled(rng: Rng, names: readonly string[]): string[] {
  const left = [...names];
  return names.map(() => left.splice(rng.below(left.length), 1)[0] ?? "");
}

describe("by chance", () => {
  const first = seedOf("ways");

  test("members of one mind: it ends at the one that has the call, from wherever it starts", () => {
    for (let round = 0; round < 3_000; round++) {
      const rng = new Rng(first + round);
      const names = NAMES.slice(0, 2 + rng.below(4));
      const order = shuffled(rng, names);
      const owner = rng.chance(0.7) ? order[0] : rng.pick(names);
      const heirs = names.filter((name) => name !== owner && rng.chance(0.5));
      const isUnsettled = rng.chance(0.5);
      const isFound = owner === order[0] || heirs.includes(order[0] ?? "");
      const views = new Map(
        names.map((name) => [
          name,
          {
            order,
            isUnsettled,
            mayOpen: true,
            isKnown: name === owner,
            story: heirs.includes(name) ? story(owner ?? "", true, order) : undefined,
          },
        ]),
      );
      for (const from of names) {
        const kind = rng.pick(KINDS);
        const maker = kind === "response" ? owner : undefined;
        const had = walk(from, kind, maker, views);
        expect(had.length).toBeLessThanOrEqual(HOPS_MAX + 2);
        if (isFound || kind === "response") expect([from, kind, had.at(-1)]).toEqual([from, kind, owner]);
        if (isFound || kind === "response") expect(had.length).toBeLessThanOrEqual(3);
      }
    }
  });

  test("members that believe what they like: it ends", () => {
    for (let round = 0; round < 3_000; round++) {
      const rng = new Rng(first + round);
      const views = new Map(
        NAMES.map((name) => [
          name,
          {
            order: shuffled(rng, NAMES).slice(0, 1 + rng.below(5)),
            isUnsettled: rng.chance(0.5),
            mayOpen: rng.chance(0.8),
            isKnown: rng.chance(0.1),
            story: rng.chance(0.2) ? story(rng.pick(NAMES), rng.chance(0.8), shuffled(rng, NAMES)) : undefined,
          },
        ]),
      );
      for (const from of NAMES) {
        const had = walk(from, rng.pick(KINDS), rng.chance(0.3) ? rng.pick(NAMES) : undefined, views);
        expect(had.length).toBeLessThanOrEqual(HOPS_MAX + 2);
      }
    }
  });
});
