/** Two routers that share their addresses and tell each other the stories of their calls, in one simulation. */
import { MutedTransport } from "../../../src/cluster/muted-transport.ts";
import { type Members, SharedPlacement } from "../../../src/cluster/placement.ts";
import type { Part, PatientSpeaker } from "../../../src/cluster/ports.ts";
import { Stories } from "../../../src/cluster/stories.ts";
import type { Request, Response } from "../../../src/message/message.ts";
import { memberMark } from "../../../src/transaction/branch-id.ts";
import type { Flow } from "../../../src/transport/flow.ts";
import { type Address, Simulation } from "../../support/simulation.ts";
import { LAN, SITE_YAML, Site, WAN } from "../../support/site.ts";

/** How long a member must be silent to count as dead. */
const DEAD_ms = 400;
/** Of the network, and until a peer sends again. */
const LATENCY_ms = 5;
const T1_ms = 500;
/** Until the other has the addresses (keepalived, adverts each 0.1 s). */
const GAP_ms = 300;

type Name = "a" | "b";

function other(name: Name): Name {
  return name === "a" ? "b" : "a";
}

export interface Member {
  readonly site: Site;
  readonly stories: Stories;
}

/** What the link does to a part: the nth that is sent. False: it is lost. */
export type LinkFate = (part: Part, number: number) => boolean;

export class StoryPair {
  readonly simulation: Simulation;
  readonly members: Record<Name, Member>;
  /** Parts that have been sent. */
  readonly parts: Part[] = [];
  linkFate: LinkFate = () => true;
  /** How long a part is on its way, by its number. */
  delay_ms: (number: number) => number = () => 0;
  private readonly yaml: string;
  private readonly dead = new Set<Name>();
  /** Which members the other believes to be dead. */
  private readonly known = new Set<Name>();
  private lives = 0;
  /** The member that has the addresses. */
  private holder: Name | undefined = "a";

  /** A has the addresses; B waits. @param yaml of both */
  constructor(yaml = SITE_YAML, simulation = new Simulation()) {
    this.simulation = simulation;
    this.yaml = yaml;
    this.members = { a: this.member("a", true), b: this.member("b", false) };
  }

  /** From now on what finds nobody at the addresses is sent again, as SIP's peers do: all but provisional responses. */
  repeatUnheard(): void {
    const { simulation } = this;
    const send = simulation.send.bind(simulation);
    const isHere = ({ address }: Address) => [LAN, WAN].some((own) => own.address === address);
    simulation.send = (from, to, wire, onRefused) => {
      send(from, to, wire, onRefused);
      if (!isHere(to) || isHere(from) || /^SIP\/2\.0 1/.test(wire)) return;
      const isLost = simulation.sightings[simulation.sightings.length - 1]?.fate === "lost";
      simulation.after(LATENCY_ms, () => {
        if (isLost || this.holder === undefined)
          simulation.after(T1_ms, () => simulation.send(from, to, wire, onRefused));
      });
    };
  }

  get a(): Member {
    return this.members.a;
  }

  get b(): Member {
    return this.members.b;
  }

  /** A member's power is cut. The other has the addresses a moment later, and then knows of its death. */
  kill(name: Name = "a", gap_ms = GAP_ms, dead_ms = DEAD_ms): void {
    const { simulation, members } = this;
    const heir = members[other(name)];
    this.dead.add(name);
    members[name].site.die();
    this.holder = undefined;
    const takeOver = () => {
      heir.site.takeOver();
      this.holder = other(name);
    };
    if (gap_ms === 0) takeOver();
    else simulation.after(gap_ms, takeOver);
    if (dead_ms === 0) this.learnDeath(name);
    else simulation.after(dead_ms, () => this.learnDeath(name));
  }

  /** The addresses are this member's from now on; both live. */
  move(to: Name): void {
    const { site, stories } = this.members[to];
    site.takeOver();
    this.holder = to;
    site.engine.run((now_ms) => stories.attend(now_ms));
  }

  /** The other member believes that this one is dead. */
  learnDeath(name: Name): void {
    const { site, stories } = this.members[other(name)];
    this.known.add(name);
    site.engine.run((now_ms) => stories.onDead(name, now_ms));
  }

  /** The other member hears it again. */
  learnLife(name: Name): void {
    const { site, stories } = this.members[other(name)];
    this.known.delete(name);
    site.engine.run((now_ms) => stories.list(now_ms));
  }

  /** A member that was dead is there again, and knows nothing. */
  restart(name: Name): void {
    this.dead.delete(name);
    this.known.delete(name);
    this.members[name] = this.member(name, false);
  }

  private member(name: Name, isHolder: boolean): Member {
    const { simulation, yaml } = this;
    this.lives += 1;
    let muted: MutedTransport | undefined;
    const site = new Site(yaml, simulation, undefined, [], {
      secret: "shared",
      seed: this.lives,
      isStandby: !isHolder,
      ports: (host) => {
        const transport = new MutedTransport(host.transport);
        muted = transport;
        return { ...host, transport, member: name };
      },
    });
    if (muted === undefined) throw new Error("the site has no transport");
    const { host, core, timers } = site.engine;
    const hasAddress = () => this.holder === name;
    const isAlive = (member: string) => !this.known.has(member as Name);
    const peer = other(name);
    const tell = (parts: readonly Part[]) => this.send(name, peer, parts);
    const speaker: PatientSpeaker = {
      live: () => [peer],
      tell: (_member, parts) => tell(parts),
      tellAll: tell,
      tellThese: (_members, parts) => tell(parts),
      tellSoon: (_member, parts) => tell(parts),
    };
    const members: Members = {
      name,
      state: "active",
      live: () => [peer],
      isAlive,
      isReached: isAlive,
      hasHeardOut: () => true,
      factsOf: () => undefined,
      stateOf: () => "active",
    };
    const placement = new SharedPlacement(members, hasAddress);
    const { log, random, limits } = host;
    const stories = new Stories({ core, transport: muted, timers, speaker, random, log, limits, placement });
    stories.start(simulation.now_ms);
    core.others = {
      lastLoss_ms: Number.NEGATIVE_INFINITY,
      takesResponse: (response, source, now_ms) => {
        const story = stories.storyOf(response);
        if (story?.isKept === false) stories.carryOn(story.heard, now_ms);
        const isTheirs = core.branchIds.isOf(memberMark(host.mac, peer), response.topVia.branch);
        return isTheirs && isAlive(peer) && this.forward(peer, response, source);
      },
      takesRequest: (request, source, now_ms) => {
        const story = stories.storyOf(request);
        if (story?.isKept === false) stories.carryOn(story.heard, now_ms);
        return story?.isKept === true && this.forward(peer, request, source);
      },
    };
    return { site, stories };
  }

  /** It is the other's, which gets it unless it is dead. */
  private forward(to: Name, { wire }: Request | Response, source: Flow): true {
    this.simulation.after(0, () => {
      const { site } = this.members[to];
      const listener = site.listeners[source.listener.index];
      if (!this.dead.has(to) && listener !== undefined) site.engine.onMessage(wire, { ...source, listener });
    });
    return true;
  }

  private send(from: Name, to: Name, parts: readonly Part[]): void {
    if (this.dead.has(from)) return;
    for (const part of parts) {
      const number = this.parts.push(part) - 1;
      if (!this.linkFate(part, number)) continue;
      const copy: Part = JSON.parse(JSON.stringify(part));
      this.simulation.after(this.delay_ms(number), () => {
        if (this.dead.has(to)) return;
        const { site, stories } = this.members[to];
        site.engine.run((now_ms) => stories.take(from, copy, now_ms));
      });
    }
  }
}
