/** `branchline explain`: builds the policy of a file on a host that does nothing, and asks it about one call. */
import { ipVersion } from "../base/ip-range.ts";
import { parse } from "../message/parse.ts";
import { parseSipUri, SIP_PORT, type SipUri, uriPort } from "../message/uri.ts";
import { strangerAdvice } from "../policy/access/stranger-advice.ts";
import { explain } from "../policy/explain.ts";
import { channelKey } from "../policy/gateways/gateways.ts";
import type { ReplySource, TargetSource } from "../policy/named.ts";
import { peerName } from "../policy/peers/peer-parts.ts";
import { parseSnapshot, restoreSnapshot } from "../policy/snapshot.ts";
import { NO_NOTES, type RunningRequest } from "../proxy/router.ts";
import { DEFAULT_PROTOCOL, type Flow, type Listener } from "../transport/flow.ts";
import { hopOf, isHost } from "../transport/locator.ts";
import { nearestTo } from "../transport/sending-listener.ts";
import { type Assumption, plainInvite, upstreamInvite } from "./assumed-call.ts";
import type { CallFacts } from "./call-facts.ts";
import type { Config } from "./config/config.ts";
import { Engine } from "./engine.ts";
import { exampleCommand } from "./example-command.ts";
import { QUIET_HOST } from "./quiet-host.ts";
import { rulesNotDone } from "./rules-not-done.ts";
import type { RunningStatus } from "./status-facts.ts";

/** What is known of the site at the moment. */
export interface Known {
  /** The bindings, as the state file keeps them. */
  readonly saved: string | undefined;
  /** Of the branchline that runs, if one does. */
  readonly status: RunningStatus | undefined;
  /** What DNS says of upstream's names; a target that is missing hasn't been asked for. */
  readonly resolved?: readonly ResolvedTarget[];
  /** The local address from which the kernel would send to the caller; undefined: the question names a phone, or there is no route. */
  readonly side?: string | undefined;
}

/** An upstream target that the file has by name. */
export interface ResolvedTarget {
  /** As logs and the status call it. */
  readonly name: string;
  /** Where its calls go, and where upstream's come from. */
  readonly addresses: readonly string[];
  /** What else the name means. */
  readonly others: readonly string[];
}

export interface CallQuestion {
  /** An extension, an IP address, or the name of a gateway. */
  readonly from: string;
  /** A number, or a URI. */
  readonly to: string;
  /** Undefined: upstream as it is now. */
  readonly upstream: "up" | "down" | undefined;
}

export type Explanation =
  /** The question is at fault, or nothing can be told. */
  | { readonly fault: string }
  /** A stranger: it gets no further. */
  | { readonly stranger: string; readonly advice: string }
  | { readonly facts: CallFacts };

/** What would become of a call by this configuration and what is known of the site; it sends nothing and changes nothing. */
export function explainCall(config: Config, known: Known, question: CallQuestion): Explanation {
  const empty = question.from.trim() === "" ? "The caller" : question.to.trim() === "" ? "The number" : undefined;
  if (empty !== undefined) return { fault: `${empty} is empty: branchline explain FROM NUMBER` };
  return new Rehearsal(config, known, question).explanation();
}

class Rehearsal {
  private readonly config: Config;
  private readonly known: Known;
  private readonly question: CallQuestion;
  private readonly engine: Engine;

  constructor(config: Config, known: Known, question: CallQuestion) {
    this.config = config;
    this.known = known;
    this.question = question;
    const engine = new Engine(config, () => QUIET_HOST);
    const { bindings, callbacks, calls, peers } = engine;
    this.engine = engine;
    const snapshot = known.saved === undefined ? undefined : parseSnapshot(known.saved);
    if (snapshot !== undefined) restoreSnapshot(bindings, callbacks, snapshot, config.listeners, 0, 0);
    this.takeKnown();
    const targets = config.site.upstream.targets.map((uri) => peerName(hopOf(uri)));
    if (question.upstream !== undefined && targets.length === 0) peers.force(question.upstream, 0);
    else if (question.upstream !== undefined)
      for (const name of targets) peers.assume("upstream", name, question.upstream, 0);
    else if (this.force !== undefined) peers.force(this.force, 0);
    else for (const { name, state } of known.status?.upstream ?? []) peers.assume("upstream", name, state, 0);
    for (const { name, state, calls: busy } of known.status?.gateways ?? []) {
      const gateway = config.site.gateways.find((one) => one.name === name);
      if (gateway === undefined) continue;
      peers.assume("gateway", peerName(hopOf(gateway.uri)), state, 0);
      for (let call = 0; call < busy; call++) {
        const start = { callId: `${name} ${call}`, fromTag: "", cseqNumber: 1 };
        calls.begin(start, channelKey(gateway), false, { refuse: () => {} }, 0);
      }
    }
  }

  /** What a command forces upstream to be, where branchline runs, or else the file. */
  private get force(): "up" | "down" | undefined {
    const { force = "auto" } = this.known.status ?? {};
    const pin = force === "auto" ? this.config.site.upstream.force : force;
    return pin === "auto" ? undefined : (pin as "up" | "down");
  }

  /** Upstream's addresses, of which counts what the branchline that runs has found; and its drill. */
  private takeKnown(): void {
    const { known, engine, config } = this;
    const { upstream } = config.site;
    if (this.question.upstream === undefined) engine.drilling.choose(known.status?.drill?.phones ?? []);
    for (const { name, addresses } of known.resolved ?? []) engine.peers.assumeAddresses(name, addresses);
    for (const { name, addresses = [] } of known.status?.upstream ?? []) {
      const uri = upstream.targets.length > 0 ? undefined : parseSipUri(`sip:${name}`);
      if (addresses.length === 0) continue;
      // A file without upstream: the domains that phones have called are.
      if (uri === undefined) engine.peers.assumeAddresses(name, addresses);
      else engine.peers.domain(upstream, hopOf(uri), 0).places.assume(addresses);
    }
  }

  explanation(): Explanation {
    const source = this.source();
    if (typeof source === "string") return { fault: source };
    const { router } = this.engine;
    const { address } = source;
    const call = this.call(source);
    const request = parse(call.wire);
    if (request.kind !== "request" || request.fault !== undefined) {
      return { fault: `"${this.question.to}" can't be dialled` };
    }
    if (router.admit(request, source, 0) !== "admit") {
      const advice = strangerAdvice(address, this.engine.site.peerAddresses(this.otherAddresses()));
      return { stranger: address, advice };
    }
    const routed = router.read(request, source, 0);
    const running: RunningRequest = { notes: NO_NOTES, refuse: () => {} };
    const { rule, why, plan } = router.decide(routed, 0);
    const steps = explain(plan, {
      stages: (continuation) => router.continue(routed, continuation, 0),
      targets: (source: TargetSource) => router.targets(routed, source, running, 0),
      unasked: () => running.notes.unasked,
      reply: (source: ReplySource) => router.rehearse(source, 0),
      leftOut: (source: ReplySource) => router.leftOut(source, 0),
    });
    const { origin, host, uri, number, emergency } = routed;
    return {
      facts: {
        ...this.scene(address),
        caller: origin,
        assumed: call.assumed,
        host: { meaning: host, name: uri?.host },
        number,
        emergency,
        rule,
        why,
        steps,
        warnings: this.warnings(address, call.assumed),
        rules_not_done: rulesNotDone(this.config.site.gateways, emergency ?? number, steps),
      },
    };
  }

  /** The call as its sender would send it. */
  private call(source: Flow): { readonly wire: string; readonly assumed?: Assumption } {
    const { config, engine, question } = this;
    const parts = { site: config.site, bindings: engine.bindings, tokens: engine.core.tokens };
    const plain = plainInvite(question, source, parts);
    const request = parse(plain);
    const isFromAbove =
      request.kind === "request" && ["upstream", "domain"].includes(engine.router.read(request, source, 0).origin);
    return isFromAbove ? upstreamInvite(question, source, parts, 0) : { wire: plain };
  }

  /** What the branchline that runs knows against this explanation. */
  private warnings(address: string, assumed: Assumption | undefined): CallFacts["warnings"] {
    const { status } = this.known;
    const conflicts = (status?.conflicts ?? []).filter((conflict) => conflict.address === address);
    const names = (status?.upstream ?? []).filter(({ addresses = [] }) => addresses.includes(address));
    const paths = assumed?.sent_with !== "path" ? [] : (status?.path ?? []);
    const found = paths.filter(({ upstream }) => names.some(({ name }) => name === upstream));
    return [
      ...conflicts.map(({ text, cure }) => ({ text, cure })),
      ...found.map(({ text, cures }) => ({ text, cure: cures.join("; ") })),
    ];
  }

  /** What the names of upstream mean besides, by host. */
  private otherAddresses(): ReadonlyMap<string, readonly string[]> {
    const all = this.known.resolved ?? [];
    const targets = this.config.site.upstream.targets.map(hopOf);
    return new Map(
      targets.map((hop) => {
        const found = all.filter(({ name }) => name === peerName(hop));
        return [hop.host, found.flatMap(({ addresses, others }) => [...addresses, ...others])];
      }),
    );
  }

  /** Where the call comes from, or why that can't be told. */
  private source(): Flow | string {
    const { from, to } = this.question;
    const binding = (this.engine.bindings.findUser(from) ?? this.engine.bindings.find(from))?.bindings[0];
    if (binding !== undefined) return binding.flow;
    const { gateways } = this.config.site;
    const named = gateways.find(({ name }) => name === from);
    const address = named?.uri.host ?? from.replace(/^\[|\]$/g, "");
    const listener = this.listenerTowards(address);
    if (listener === undefined) return "no address to listen on";
    if (named !== undefined) return { listener, address, port: uriPort(named.uri) };
    if (this.engine.core.own.has(from, undefined)) return "that is branchline's own address";
    if (ipVersion(address) !== 0) return { listener, address, port: SIP_PORT };
    const all = [...this.engine.bindings.all()];
    const users = all.map(({ user }) => user);
    const list = users.length === 0 ? "no phone is" : `registered: ${users.join(", ")}`;
    const names = gateways.length === 0 ? "" : ` (${gateways.map(({ name }) => name).join(", ")})`;
    const phones = all.flatMap(({ bindings }) => bindings.map(({ flow }) => flow.address));
    const isOwn = (one: string) => this.engine.core.own.has(one, undefined);
    const example = exampleCommand(phones, this.config.site.localnet.ranges, isOwn, to);
    const hint = `the IP address of a phone, a gateway or upstream will do instead: ${example}`;
    return `${from} is not registered here (${list}), nor a gateway's name${names}; ${hint}`;
  }

  /** Which of our addresses a caller knows: the one from which the kernel would send there, or else the one that looks most like it. */
  private listenerTowards(address: string): Listener | undefined {
    const { listeners } = this.config;
    const { side } = this.known;
    const peer = this.peerUri(address);
    const { protocol = DEFAULT_PROTOCOL } = peer === undefined ? {} : hopOf(peer);
    const alike = listeners.filter((one) => one.protocol === protocol && ipVersion(one.address) === ipVersion(address));
    const candidates = alike.length > 0 ? alike : listeners;
    const home = side === undefined ? undefined : candidates.find((one) => isHost(one.address, side));
    return home ?? (ipVersion(address) === 0 ? candidates[0] : nearestTo(address, candidates));
  }

  /** The gateway or upstream target that has this address, as the file names it. */
  private peerUri(address: string): SipUri | undefined {
    const { gateways, upstream } = this.config.site;
    const { status, resolved = [] } = this.known;
    const found = [...resolved, ...(status?.upstream ?? [])].filter(({ addresses = [] }) =>
      addresses.includes(address),
    );
    const peers = [...gateways.map(({ uri }) => uri), ...upstream.targets];
    return (
      peers.find(({ host }) => host === address) ??
      upstream.targets.find((uri) => found.some(({ name }) => name === peerName(hopOf(uri))))
    );
  }

  private scene(
    address: string,
  ): Pick<CallFacts, "from" | "to" | "address" | "gateway" | "upstream" | "dead_gateways"> {
    const { question, known, config } = this;
    const { from, to } = question;
    const gateway = config.site.gateways.find(({ uri }) => uri.host === address)?.name;
    const dead = (known.status?.gateways ?? []).filter(({ state }) => state === "down");
    return { from, to, address, gateway, upstream: this.upstream(), dead_gateways: dead.map(({ name }) => name) };
  }

  private upstream(): CallFacts["upstream"] {
    const { status } = this.known;
    const { upstream } = this.question;
    if (upstream !== undefined) return { by: "question", states: [], force: upstream };
    const { force } = this;
    if (force !== undefined && (status === undefined || status.force === "auto"))
      return { by: "file", states: [], force };
    if (status === undefined) return { by: "nothing", states: [] };
    const states = status.upstream.map(({ name, state }) => ({ name, state }));
    return { by: "running", states, ...(force === undefined ? {} : { force, left_s: status.forced?.left_s }) };
  }
}
