/**
 * A story says all. The scenarios are played again, each with its calls' stories written down; after each event the story so far is told
 * to transactions of their own, and these are as the living ones are: states, texts, timers.
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { Engine } from "../../src/app/engine.ts";
import { Timers } from "../../src/base/timers.ts";
import { MutedTransport } from "../../src/cluster/muted-transport.ts";
import type { Placement } from "../../src/cluster/placement.ts";
import { Stories } from "../../src/cluster/stories.ts";
import { Tale } from "../../src/cluster/tale.ts";
import { Teller } from "../../src/cluster/telling.ts";
import type { RequestFacts } from "../../src/policy/request-facts.ts";
import type { DecisionListener, Router, TargetObserver } from "../../src/proxy/router.ts";
import { TransactionLayer } from "../../src/transaction/transaction-layer.ts";
import type { TransactionUser } from "../../src/transaction/transaction-user.ts";
import { flowKey, type TransportPort } from "../../src/transport/flow.ts";

const FOLDER = fileURLToPath(new URL("../scenario/", import.meta.url));
/**
 * In the first a call is over before one of our addresses comes, by which its way would be another; a pair has its addresses in both
 * files. The second looks at the plans of all others; in the others there are floods of calls, or no call at all.
 */
const OTHERS = [
  "register-copies-taken.test.ts",
  "plans-as-json.test.ts",
  "floods.test.ts",
  "attack.test.ts",
  "attack-streams.test.ts",
  "abuse.test.ts",
];
const SCENARIOS = readdirSync(FOLDER).filter((name) => name.endsWith(".test.ts") && !OTHERS.includes(name));
/** Of one engine, so that a scenario with very many calls ends. */
const COMPARED_MAX = 3_000;

const silence: TransportPort = { send: () => true, watch: () => {}, unwatch: () => {}, giveUp: () => {} };
const nobody = {} as TransactionUser;
const ALONE: Placement = {
  hasCalls: true,
  mayOpen: true,
  isDealt: false,
  order: () => [],
  isHeir: () => true,
  heirOf: () => undefined,
  successor: () => undefined,
  comesBefore: () => true,
  heirs: () => [],
  keeps: () => true,
  rivals: () => [],
};
const seen = { events: 0, calls: 0, inputs: new Set<string>(), findings: new Set<string>() };
const differences: string[] = [];

/** The stories of an engine's calls, and those that have gone on since they were looked at. */
class Told {
  readonly changed = new Set<Tale>();
  private compared = 0;
  /** A test has had something throw: a story has no bugs of ours. */
  private isFaulty = false;
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
    const { core, timers, host } = engine;
    const stories = new Stories({
      core,
      transport: new MutedTransport(silence),
      timers,
      speaker: { live: () => [], tell: () => {}, tellAll: () => {}, tellThese: () => {}, tellSoon: () => {} },
      random: { token: (length) => "t".repeat(length), fraction: () => 0 },
      log: host.log,
      limits: host.limits,
      placement: ALONE,
    });
    const { error } = host.log;
    host.log.error = (...event) => {
      this.isFaulty = true;
      error(...event);
    };
    // Each call that begins is looked at.
    const keep = stories["keep"].bind(stories);
    stories["keep"] = (tale: Tale, begun_ms: number) => {
      keep(tale, begun_ms);
      seen.calls += 1;
      const { onEvent } = tale;
      tale.onEvent = (one, event, now_ms) => {
        onEvent(one, event, now_ms);
        seen.events += 1;
        seen.inputs.add(event.input?.[0] ?? "begin");
        for (const [kind] of event.found) seen.findings.add(kind);
        this.changed.add(one);
      };
    };
  }

  compare(): void {
    for (const tale of this.changed) {
      this.compared += 1;
      if (this.compared > COMPARED_MAX || this.isFaulty) break;
      const told = this.tell(tale);
      const difference = told === undefined ? "it can't be told" : differenceOf(tale, told);
      if (difference !== "") differences.push(`${difference}\n${JSON.stringify(tale.events, undefined, 1)}`);
    }
    this.changed.clear();
  }

  /** Tells the story as it has been on the wire; whatever it touches is its own. */
  private tell(tale: Tale): Tale | undefined {
    const { core, host } = this.engine;
    const { router, branchIds } = core;
    if (router === undefined) return undefined;
    const timers = new Timers();
    const transactions = new TransactionLayer({ transport: silence, random: host.random, log: host.log }, timers, {
      ...nobody,
      isSameParty: (address: string, other: string) => router.isSameParty(address, other),
    });
    transactions.serverLine = core.transactions.serverLine;
    const kit = {
      ...core.kit,
      transactions,
      transport: silence,
      timers,
      dialogs: { note: () => {} },
      orphans: { end: () => {} },
    };
    const parts = { kit, branchIds, transactions, router: hearsNothing(router) };
    const teller = new Teller(parts, timers, new MutedTransport(silence));
    const { opening, events } = JSON.parse(JSON.stringify({ opening: tale.opening, events: tale.events }));
    const told = teller.tell("told", { opening, events, zero_ms: tale.zero_ms }, Number.NEGATIVE_INFINITY);
    return told === "known" ? undefined : told;
  }
}

/** The router, whose books hear nothing of what is told. */
function hearsNothing(router: Router): Router {
  const deaf: Router = Object.create(router);
  deaf.listener = (routed, decision): DecisionListener | undefined => {
    const isHeard = decision.listener !== undefined || (routed as RequestFacts).belongs === "nothing";
    return isHeard ? {} : undefined;
  };
  deaf.observer = (routed, watch): TargetObserver | undefined => {
    const inner = router.observer(routed, watch);
    const nothing = () => {};
    if (inner === undefined) return undefined;
    const told = { onStart: nothing, onEnd: nothing, onAnswer: nothing, onSilence: nothing, onUnreachable: nothing };
    return inner.onHush === undefined ? told : { ...told, onHush: nothing };
  };
  return deaf;
}

/** Whether it has ended, or lingers still, is a matter of time that a story doesn't tell. */
const OVER: readonly string[] = ["accepted", "confirmed", "terminated"];
const SETTLED: readonly string[] = ["accepted", "completed", "terminated"];

function differenceOf(lived: Tale, told: Tale): string {
  const [before, after] = [stateOf(lived), stateOf(told)];
  return before === after ? "" : `lived:\n${before}\ntold:\n${after}`;
}

/** What a tale has come to: its transactions and timers. Those that only absorb what comes again may have ended meanwhile. */
function stateOf(tale: Tale): string {
  const { server, transactions, zero_ms } = tale;
  const clients = transactions.map(({ key, state, wire, flow, isCancelled }) => {
    const isSettled = SETTLED.includes(state);
    return [key, flowKey(flow), isCancelled, isSettled ? "settled" : `${state} ${wire}`].join(" ");
  });
  const timers = [...tale["toldTimers"].values()].map(({ inner, timer }) => {
    return timer.isRunning ? `${inner.kind} ${Math.round(timer.deadline_ms - zero_ms)}` : inner.kind;
  });
  const isOver = OVER.includes(server.state);
  return [server.key, isOver ? "over" : server.state, isOver ? "" : server.lastResponse, ...clients, ...timers].join(
    "\n",
  );
}

// A call that is over is compared, too.
Tale.prototype.release = () => {};

const toldOf = new WeakMap<Engine, Told>();
const { onMessage } = Engine.prototype;
Engine.prototype.onMessage = function (this: Engine, ...message: Parameters<typeof onMessage>) {
  const told = toldOf.get(this) ?? new Told(this);
  toldOf.set(this, told);
  told.compare();
  const isAdmitted = onMessage.apply(this, message);
  told.compare();
  return isAdmitted;
};

afterEach(() => {
  expect(differences.splice(0).slice(0, 1).join("\n")).toBe("");
});

describe.each(SCENARIOS)("with stories: %s", async (name) => {
  await import(/* @vite-ignore */ new URL(`../scenario/${name}`, import.meta.url).href);
});

test("there were calls of all kinds", () => {
  expect(seen.calls).toBeGreaterThan(300);
  expect([...seen.inputs].sort()).toEqual([
    ...["ack", "begin", "cancel", "end", "located", "refuse", "rescue", "response", "timer"],
  ]);
  expect([...seen.findings].sort()).toEqual([
    ...["branch", "dead", "flows", "hold", "reply", "stages", "targets", "tcp", "within"],
  ]);
});
