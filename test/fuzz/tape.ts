/**
 * What crosses an engine's border, event by event: what it is told, and all that it says until the event is over. An engine in
 * another interpreter that is told the same must say the same.
 *
 * An event on the tape is a line of JSON, [kind, site, now_ms, arguments, answers of the keyed hash, characters of the message,
 * characters of what is said]; behind it come the message and what is said, as they are. All of it is octets, one a character.
 */
import type { Engine } from "../../src/app/engine.ts";
import type { Host } from "../../src/app/host.ts";
import type { LogFields } from "../../src/base/ports.ts";
import type { Flow, Listener } from "../../src/transport/flow.ts";

/** All that a world tells its engine. */
export type Told = Pick<
  Engine,
  "start" | "onMessage" | "onUnreachable" | "onAnswer" | "onSource" | "onWake" | "onCalm"
>;
/** Beside them: a campaign begins, a site is built, its tables are looked into, a campaign ends. */
export type Kind = keyof Told | "campaign" | "site" | "look" | "end";
export type Head = readonly [
  kind: Kind,
  site: string,
  now_ms: number,
  given: readonly unknown[],
  macs: readonly string[],
  wireLength: number,
  saidLength: number,
];

/** A flow as it is on the tape. */
export type FlatFlow = Omit<Flow, "listener"> & { readonly listener: number };

export function flattened(flow: Flow): FlatFlow {
  return { ...flow, listener: flow.listener.index };
}

/** @param listeners of the site */
export function unfolded(flow: FlatFlow, listeners: readonly Listener[]): Flow {
  return { ...flow, listener: listeners[flow.listener] as Listener };
}

/** What is no octet, escaped. */
export function inOctets(text: string): string {
  return text.replace(/[\u0100-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `host`, with `say` hearing all that is asked of it or said to it, but chance, which each engine has of its own. */
export function overheard(host: Host, say: (text: string) => void): Host {
  const { transport, lookup, log } = host;
  const about =
    (what: "watch" | "unwatch" | "giveUp") =>
    (flow: Flow): void => {
      say(`${what} ${flow.listener.index} ${flow.address} ${flow.port}`);
      transport[what](flow);
    };
  const at =
    (level: "error" | "warn" | "info" | "debug") =>
    (event: string, fields: LogFields = {}): void => {
      say(`${level} ${event} ${JSON.stringify(fields)}`);
      (log[level] as (event: string, fields: LogFields) => void)(event, fields);
    };
  return {
    ...host,
    transport: {
      send: (flow, wire) => {
        const { listener, address, port, isAccepted, isTrial } = flow;
        say(`send ${listener.index} ${address} ${port} ${isAccepted === true}${isTrial === true}\n${wire}`);
        return transport.send(flow, wire);
      },
      watch: about("watch"),
      unwatch: about("unwatch"),
      giveUp: about("giveUp"),
    },
    lookup: {
      query: (question) => {
        say(`query ${question.type} ${question.name}`);
        lookup.query(question);
      },
      findSource: (address) => {
        say(`source ${address}`);
        lookup.findSource(address);
      },
    },
    mac: (text) => {
      say(`mac ${text}`);
      return host.mac(text);
    },
    log: { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") },
  };
}

/** Writes a tape of several engines that have their turns one after the other. */
export class Tape {
  private readonly write: (text: string) => void;
  private said: string[] = [];
  private macs: string[] = [];

  /** @param write takes the tape's text piece by piece */
  constructor(write: (text: string) => void) {
    this.write = write;
  }

  /** A campaign begins, or ends. */
  mark(kind: "campaign" | "end", seed: number): void {
    this.note(kind, "", 0, [seed], () => {});
  }

  /** The host that an engine gets in the place of `host`. */
  host(host: Host): Host {
    const mac = (text: string) => {
      const answer = host.mac(text);
      this.macs.push(answer);
      return answer;
    };
    return overheard({ ...host, mac }, (text) => this.said.push(text));
  }

  /** What tells an engine, which has just been built, in its place. @param seed of the site's chance */
  told(engine: Engine, site: string, seed: number): Told {
    const tell = (kind: Kind, given: readonly unknown[], run: () => void, wire = "") =>
      this.note(kind, site, engine.host.now_ms(), given, run, wire);
    tell("site", [seed], () => {});
    return {
      start: () => tell("start", [], () => engine.start()),
      onMessage: (wire, source) => {
        let isAdmitted = false;
        const run = () => {
          isAdmitted = engine.onMessage(wire, source);
          this.said.push(`admitted ${isAdmitted}`);
        };
        tell("onMessage", [flattened(source)], run, wire);
        return isAdmitted;
      },
      onUnreachable: (flow, why) =>
        tell("onUnreachable", [flattened(flow), why], () => engine.onUnreachable(flow, why)),
      onAnswer: (question, answer) => {
        tell("onAnswer", [question, answer ?? null], () => engine.onAnswer(question, answer));
      },
      onSource: (address, source) =>
        tell("onSource", [address, source ?? null], () => engine.onSource(address, source)),
      onWake: () => tell("onWake", [], () => engine.onWake()),
      onCalm: () => tell("onCalm", [], () => engine.onCalm()),
    };
  }

  /** Notes that tables are looked into. @param probes see `tablesOf` @param look says what is left */
  look(site: string, now_ms: number, probes: readonly string[], look: () => readonly string[]): void {
    this.note("look", site, now_ms, [probes], () => this.said.push(...look()));
  }

  private note(kind: Kind, site: string, now_ms: number, given: readonly unknown[], run: () => void, wire = ""): void {
    run();
    if (inOctets(wire) !== wire) throw new RangeError(`not octets: ${JSON.stringify(wire)}`);
    const said = inOctets(this.said.join("\n"));
    const head: Head = [kind, site, now_ms, given, this.macs, wire.length, said.length];
    this.write(`${inOctets(JSON.stringify(head))}\n${wire}${said}`);
    this.said = [];
    this.macs = [];
  }
}
