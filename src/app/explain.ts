/** `branchline explain`: builds the policy of a file on a host that does nothing, and asks it about one call. */
import { ipVersion } from "../base/ip-range.ts";
import { parse } from "../message/parse.ts";
import { hostText, parseSipUri, SIP_PORT, uriPort } from "../message/uri.ts";
import { strangerAdvice } from "../policy/access/stranger-advice.ts";
import { explain, type Step } from "../policy/explain.ts";
import { channelKey } from "../policy/gateways/gateways.ts";
import type { ReplySource, TargetSource } from "../policy/named.ts";
import type { Origin } from "../policy/origin.ts";
import { peerName } from "../policy/peers/peer.ts";
import type { HostMeaning } from "../policy/request-facts.ts";
import { parseSnapshot, restoreSnapshot } from "../policy/snapshot.ts";
import type { AddressConflict } from "../policy/status.ts";
import { NO_NOTES, type RunningRequest } from "../proxy/router.ts";
import type { Flow } from "../transport/flow.ts";
import { hopOf } from "../transport/locator.ts";
import type { Config } from "./config/config.ts";
import { Engine } from "./engine.ts";
import { QUIET_HOST } from "./quiet-host.ts";
import type { RunningStatus } from "./status-facts.ts";

/** What is known of the site at the moment. */
export interface Known {
  /** The bindings, as the state file keeps them. */
  readonly saved: string | undefined;
  /** Of the branchline that runs, if one does. */
  readonly status: RunningStatus | undefined;
  /** What DNS says of upstream's names; a target that is missing hasn't been asked for. */
  readonly resolved?: readonly ResolvedTarget[];
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

/** What would become of a call, as `explain --json` prints it. */
export interface CallFacts {
  readonly from: string;
  readonly to: string;
  /** Where the call comes from. */
  readonly address: string;
  /** The gateway that calls. */
  readonly gateway?: string | undefined;
  /** How upstream is taken to be: by the one that runs, as the question says, or without knowing anything. */
  readonly upstream: {
    readonly by: "running" | "question" | "nothing";
    readonly states: readonly { readonly name: string; readonly state: string }[];
    /** The state that it is forced into, or asked for. */
    readonly force?: "up" | "down" | undefined;
    /** How long the force holds, where it ends by itself. */
    readonly left_s?: number | undefined;
  };
  readonly dead_gateways: readonly string[];
  readonly caller: Origin;
  readonly host: { readonly meaning: HostMeaning; readonly name?: string | undefined };
  /** As it is dialled, plain; "": none. */
  readonly number: string;
  /** The number for gateways, where it is for help. */
  readonly emergency?: string | undefined;
  /** The rule that decides. */
  readonly rule: string;
  readonly why: string;
  readonly steps: readonly Step[];
  readonly warnings: readonly Pick<AddressConflict, "text" | "cure">[];
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
    for (const { name, addresses } of known.resolved ?? []) peers.assumeAddresses(name, addresses);
    // What the branchline that runs has found is what counts.
    for (const { name, addresses = [] } of known.status?.upstream ?? []) {
      if (addresses.length > 0) peers.assumeAddresses(name, addresses);
    }
    if (question.upstream !== undefined) peers.force(question.upstream, 0);
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

  explanation(): Explanation {
    const source = this.source();
    if (typeof source === "string") return { fault: source };
    const { router } = this.engine;
    const { address } = source;
    const wire = this.invite(source);
    const request = parse(wire);
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
    });
    const { origin, host, uri, number, emergency } = routed;
    const warnings = (this.known.status?.conflicts ?? []).filter((conflict) => conflict.address === address);
    return {
      facts: {
        ...this.scene(address),
        caller: origin,
        host: { meaning: host, name: uri?.host },
        number,
        emergency,
        rule,
        why,
        steps,
        warnings: warnings.map(({ text, cure }) => ({ text, cure })),
      },
    };
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
    const { from } = this.question;
    const [listener] = this.config.listeners;
    if (listener === undefined) return "no address to listen on";
    const binding = (this.engine.bindings.findUser(from) ?? this.engine.bindings.find(from))?.bindings[0];
    if (binding !== undefined) return binding.flow;
    const gateway = this.config.site.gateways.find(({ name }) => name === from);
    if (gateway !== undefined) return { listener, address: gateway.uri.host, port: uriPort(gateway.uri) };
    if (this.engine.core.own.has(from, undefined)) return "that is branchline's own address";
    const address = from.replace(/^\[|\]$/g, "");
    if (ipVersion(address) !== 0) return { listener, address, port: SIP_PORT };
    const users = [...this.engine.bindings.all()].map(({ user }) => user);
    const list = users.length === 0 ? "no phone is" : `registered are ${users.join(", ")}`;
    return `${from} is not registered here (${list}), nor a gateway's name; name an IP address of localnet instead`;
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
    if (status === undefined) return { by: "nothing", states: [] };
    const { force, forced } = status;
    const states = status.upstream.map(({ name, state }) => ({ name, state }));
    const isForced = force === "up" || force === "down";
    return { by: "running", states, ...(isForced ? { force, left_s: forced?.left_s } : {}) };
  }

  private invite(source: Flow): string {
    const { from, to } = this.question;
    const domain = this.domain(source);
    const host = hostText(source.address);
    const user = from.includes("@") ? from.slice(0, from.indexOf("@")) : from.replace(/[^\w.+-]/g, "_");
    const uri = to.includes(":") ? to : `sip:${to}@${domain}`;
    return (
      `INVITE ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${host}:${source.port};branch=z9hG4bKexplain;rport\r\n` +
      `Max-Forwards: 70\r\nFrom: <sip:${user}@${domain}>;tag=explain\r\nTo: <${uri}>\r\nCall-ID: explain\r\n` +
      `CSeq: 1 INVITE\r\nContact: <sip:${user}@${host}:${source.port}>\r\nContent-Length: 0\r\n\r\n`
    );
  }

  /** A gateway calls us; a phone calls in its own domain, or in upstream's. */
  private domain(source: Flow): string {
    const isGateway = this.config.site.gateways.some(({ uri }) => uri.host === source.address);
    const { address, port } = source.listener;
    if (isGateway) return `${hostText(address)}${port === SIP_PORT ? "" : `:${port}`}`;
    const caller = this.engine.bindings.findUser(this.question.from) ?? this.engine.bindings.find(this.question.from);
    const uri = caller === undefined ? undefined : parseSipUri(`sip:${caller.name}`);
    const [target] = this.config.site.upstream.targets;
    return hostText(uri?.host ?? target?.host ?? "pbx.invalid");
  }
}
