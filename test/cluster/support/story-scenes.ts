/** Calls that are told: what happens in each, as ladders that a kill must not change. */
import type { Actor } from "../../support/actor.ts";
import { type Address, Simulation } from "../../support/simulation.ts";
import { GATEWAY, PBX, PHONE, SITE_YAML } from "../../support/site.ts";
import { StoryPair } from "./story-pair.ts";

const NUMBER = "sip:5551234@198.51.100.10";
const DID = "sip:5550100@10.222.237.1";
const GATEWAY_2: Address = { address: "10.10.1.4", port: 5060 };
const MEMBERS: readonly Address[] = [0, 1, 2].map((index) => ({ address: `10.222.237.3${index}`, port: 5060 }));
const GROUP = MEMBERS.map(({ address }, index) => `"sip:20${index}@${address}"`).join(", ");

/** Upstream is well; a call is played one second after the start, unless it says otherwise. */
const CALL_ms = 1_000;

export interface Cast {
  readonly pair: StoryPair;
  readonly phone: Actor;
  readonly pbx: Actor;
  readonly gateway: Actor;
  readonly second: Actor;
  readonly members: readonly [Actor, Actor, Actor];
}

export interface Scene {
  readonly name: string;
  readonly yaml?: string;
  /** Before the call. */
  readonly prepare?: (cast: Cast) => void;
  /** When the call begins. */
  readonly call_ms?: number;
  readonly call: (cast: Cast) => void;
  /** From the call's beginning. */
  readonly duration_ms: number;
  /** Upstream says nothing: a member that goes on with the call waits a whole fr_timer. "at first": it may then be heard in time. */
  readonly silent?: "always" | "at first";
}

/** When upstream's fr_timer is over, from the call's beginning: 4 s after the INVITE has been sent on. */
export const FR_ms = 4_005;

const rings = { status: 180, after_ms: 20 };

function group(more: string): string {
  return SITE_YAML.replace(/hunt_groups.*\n/, `hunt_groups: {default: {members: [${GROUP}], ${more}}}\n`);
}

/** What its caller withdraws after a time. */
function withdrawn(caller: Actor, uri: string, after_ms: number, { pair }: Cast): void {
  const invite = caller.invite(uri);
  pair.simulation.after(after_ms, () => caller.cancel(invite));
}

export const SCENES: readonly Scene[] = [
  {
    name: "answered",
    prepare: ({ pbx }) => pbx.answers("INVITE", { status: 100 }, rings, { status: 200, after_ms: 1_200 }),
    call: ({ phone }) => phone.invite(NUMBER),
    duration_ms: 5_000,
  },
  {
    name: "rejected",
    prepare: ({ pbx }) => pbx.answers("INVITE", rings, { status: 486, after_ms: 1_200 }),
    call: ({ phone }) => phone.invite(NUMBER),
    duration_ms: 8_000,
  },
  {
    name: "cancelled while it rings",
    prepare: ({ pbx }) => pbx.answers("INVITE", rings),
    call: (cast) => withdrawn(cast.phone, NUMBER, 1_200, cast),
    duration_ms: 8_000,
  },
  {
    name: "cancelled before anything has come, and a 180 comes late",
    prepare: ({ pbx }) => pbx.answers("INVITE", { status: 180, after_ms: 1_600 }),
    call: (cast) => withdrawn(cast.phone, NUMBER, 700, cast),
    duration_ms: 8_000,
  },
  {
    name: "a group rings, and one answers",
    yaml: group("ring: 30s"),
    prepare: ({ members: [one, two, three] }) => {
      one.answers("INVITE", rings);
      two.answers("INVITE", rings, { status: 200, after_ms: 1_500 });
      three.answers("INVITE", { status: 180, after_ms: 900 });
    },
    call: ({ gateway }) => gateway.invite(DID),
    duration_ms: 6_000,
  },
  {
    name: "a group rings, and one declines for all",
    yaml: group("ring: 30s"),
    prepare: ({ members: [one, two, three] }) => {
      one.answers("INVITE", rings);
      two.answers("INVITE", rings, { status: 600, after_ms: 1_500 });
      three.answers("INVITE", rings);
    },
    call: ({ gateway }) => gateway.invite(DID),
    duration_ms: 8_000,
  },
  {
    name: "hunting one after the other",
    yaml: group("strategy: serial, ring: 4s"),
    prepare: ({ members: [one, two, three] }) => {
      one.answers("INVITE", rings);
      two.answers("INVITE", rings, { status: 486, after_ms: 1_000 });
      three.answers("INVITE", rings, { status: 200, after_ms: 2_000 });
    },
    call: ({ gateway }) => gateway.invite(DID),
    duration_ms: 12_000,
  },
  {
    name: "upstream is silent: 181, then 302",
    silent: "always",
    prepare: ({ pair }) => pair.simulation.silence(PBX),
    call_ms: 1_200,
    call: ({ phone }) => phone.invite(NUMBER),
    duration_ms: 8_000,
  },
  {
    name: "a late 180 during the hold gets CANCEL",
    silent: "at first",
    prepare: ({ pbx }) => pbx.answers("INVITE", { status: 180, after_ms: 4_300 }),
    call: ({ phone }) => phone.invite(NUMBER),
    duration_ms: 8_000,
  },
  {
    name: "a late 200 after the 302 is hung up",
    silent: "at first",
    prepare: ({ pbx }) => pbx.answers("INVITE", { status: 200, after_ms: 6_000 }),
    call: ({ phone }) => phone.invite(NUMBER),
    duration_ms: 9_000,
  },
  {
    name: "relay: the gateway gets the call in an outage",
    silent: "always",
    yaml: `${SITE_YAML}survival: {answer: relay}\n`,
    prepare: ({ pair, gateway }) => {
      pair.simulation.silence(PBX);
      gateway.answers("INVITE", { status: 100 }, rings, { status: 200, after_ms: 1_000 });
    },
    call_ms: 1_200,
    call: ({ phone }) => phone.invite(NUMBER),
    duration_ms: 9_000,
  },
  {
    name: "the first gateway is busy, the second answers",
    yaml: `${SITE_YAML.replace("[sip:10.10.1.3]", "[sip:10.10.1.3, {uri: sip:10.10.1.4, priority: 2}]")}survival: {answer: relay}\n`,
    prepare: ({ pair, gateway, second }) => {
      pair.simulation.silence(PBX);
      gateway.answers("INVITE", { status: 100 }, { status: 503, after_ms: 600 });
      second.answers("INVITE", rings, { status: 200, after_ms: 1_000 });
    },
    call_ms: 60_000,
    call: ({ phone }) => phone.invite(NUMBER),
    duration_ms: 9_000,
  },
];

/** The cast of a scene; nothing has happened yet. */
export function castOf({ yaml, prepare }: Scene): Cast {
  const pair = new StoryPair(yaml, new Simulation());
  const { site } = pair.a;
  const actor = (name: string, at: Address) => Object.assign(site.actor(name, at), { repeatsAnswers: true });
  const [one, two, three] = MEMBERS.map((at, index) => actor(`20${index}`, at)) as [Actor, Actor, Actor];
  const cast: Cast = {
    pair,
    phone: actor("phone", PHONE),
    pbx: actor("pbx", PBX),
    gateway: actor("gateway", GATEWAY),
    second: actor("second", GATEWAY_2),
    members: [one, two, three],
  };
  if (prepare !== undefined) pair.simulation.after(500, () => prepare(cast));
  return cast;
}

/**
 * Plays a scene.
 * @param kill what happens to the pair besides, `at_ms` from the call's beginning
 * @param prepare what the pair is like
 */
export function play(
  scene: Scene,
  kill?: { readonly at_ms: number; readonly how: (pair: StoryPair) => void },
  prepare: (pair: StoryPair) => void = () => {},
): Cast {
  const cast = castOf(scene);
  const { simulation } = cast.pair;
  const { call_ms = CALL_ms } = scene;
  prepare(cast.pair);
  simulation.run(call_ms);
  simulation.sightings.length = 0;
  cast.pair.repeatUnheard();
  if (kill !== undefined) simulation.after(kill.at_ms, () => kill.how(cast.pair));
  scene.call(cast);
  simulation.run(scene.duration_ms);
  return cast;
}

/** When each thing was said first, in ms from the call's beginning, by what it was. */
export function firsts(scene: Scene, { pair }: Cast): Map<string, number> {
  const { call_ms = CALL_ms } = scene;
  const found = new Map<string, number>();
  for (const line of pair.a.site.ladder().trim().split("\n")) {
    const [, time = "", what = ""] = /^ *([\d.]+) (.*?)(?: {2}\(\w+\))?$/.exec(line) ?? [];
    if (!found.has(what)) found.set(what, Math.round(Number(time) * 1_000) - call_ms);
  }
  return found;
}
