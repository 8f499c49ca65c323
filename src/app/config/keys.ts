/**
 * The configuration keys, each in one row: what its value may be, and what holds when the file leaves it out. Loaders
 * take key lists, ranges, choices and defaults from here; what a key does is told in `key-words.ts`.
 *
 * A dot stands for a mapping within. NAME stands for a name that the administrator chooses. The keys of a list's items
 * stand below the list. A key with a value of its own and rows below it takes either: the value is the short form.
 * Faults name keys in the order of this table.
 */
import { GATEWAY_CHOICES } from "../../policy/gateway-strategies.ts";
import {
  type ChoiceRow,
  type CountRow,
  choice,
  count,
  type DurationRow,
  duration,
  type FlagRow,
  flag,
  type ListRow,
  list,
  plain,
  type Row,
  restart,
  type TextRow,
  text,
  under,
} from "./key-kinds.ts";

const uri = plain("uri");
const number = plain("number");
const mapping = plain("mapping");
const names = plain("names");
const MODE = choice("path", ["path", "contact"]);
const ORDER = choice("hunt", ["hunt", "upstream-first"]);

/** How peers are probed, unless one has a probe of its own. */
const PROBE = {
  // Ten seconds cost a router nothing and keep NAT and firewall mappings open.
  interval: duration("10s", "100ms", "1h"),
  suspect_interval: duration("1s", "100ms", "1h"),
  down_interval: duration("5s", "100ms", "1h"),
  timeout: duration("2s", "100ms", "32s"),
  failures: count(3, 1, 100),
  successes: count(3, 1, 100),
  user: text(),
  from: uri,
  max_forwards: count(70, 0, 255),
  alive_codes: list(text()),
  // Below, no padding is needed; above, no INVITE is so long.
  octets: count(undefined, 500, 8_000),
};

/** The same keys for one peer; what it leaves out is as for the others. */
const OWN_PROBE = {
  ...PROBE,
  interval: duration(undefined, "100ms", "1h"),
  suspect_interval: duration(undefined, "100ms", "1h"),
  down_interval: duration(undefined, "100ms", "1h"),
  timeout: duration(undefined, "100ms", "32s"),
  failures: count(undefined, 1, 100),
  successes: count(undefined, 1, 100),
  max_forwards: count(undefined, 0, 255),
};

export const KEYS = {
  listen: restart(list(text())),
  "listen.address": restart(text()),
  "listen.advertise": restart(text()),
  "listen.family": restart(choice(4, [4, 6])),
  tls: mapping,
  "tls.certificate": text(),
  "tls.key": text(),
  "tls.ca": text(),
  "tls.client_certificates": choice("none", ["none", "optional", "required"]),
  "tls.wildcards": flag(false),
  names: list(text()),
  localnet: list(text()),
  upstream: list(uri),
  "upstream.targets": list(uri),
  "upstream.targets.uri": uri,
  "upstream.targets.probe": mapping,
  ...under("upstream.targets.probe", OWN_PROBE),
  "upstream.may_dial_out": flag(false),
  "upstream.force": choice("auto", ["auto", "up", "down"]),
  // Three retransmissions over UDP, and what Avaya's controllers wait too.
  "upstream.fr_timer": duration("4s", "100ms", "32s"),
  // A next hop that says 503 has lost what is behind it; 404, 486 or 500 mean that somebody lives up there.
  "upstream.dead_codes": list(count(undefined, 400, 699), [503]),
  ...under("upstream.probe", PROBE),
  "upstream.hold": duration("60s", "0s", "1h"),
  "upstream.hold_max": duration("10m", "0s", "24h"),
  registration: MODE,
  "registration.mode": MODE,
  "registration.expires_cap": duration("300s", "20s", "24h"),
  "registration.survival_expires": duration("60s", "10s", "1h"),
  "registration.local_after": duration("3s", "500ms", "32s"),
  "registration.unknown": choice("known", ["known", "localnet", "none"]),
  "registration.pace": count(5, 1, 1_000),
  "registration.throttle": flag(false),
  "extensions.aliases": names,
  "extensions.aliases.NAME": number,
  "extensions.prefixes": list(number),
  "extensions.suffix_digits": count(undefined, 2, 20),
  "extensions.forward": names,
  "extensions.forward.NAME.busy": number,
  "extensions.forward.NAME.no_answer": number,
  "extensions.ring": duration("60s", "1s", "180s"),
  gateways: list(uri),
  "gateways.uri": uri,
  "gateways.name": number,
  "gateways.priority": count(1, 0, 1_000),
  "gateways.weight": count(1, 1, 1_000),
  "gateways.channels": count(undefined, 1, 10_000),
  "gateways.trusted": flag(false),
  "gateways.rewrite": mapping,
  "gateways.rewrite.called": list(mapping),
  "gateways.rewrite.called.match": text(),
  "gateways.rewrite.called.replace": text(),
  "gateways.rewrite.calling": list(mapping),
  "gateways.rewrite.calling.match": text(),
  "gateways.rewrite.calling.replace": text(),
  "gateways.probe": mapping,
  ...under("gateways.probe", OWN_PROBE),
  gateway_choice: choice("weighted", GATEWAY_CHOICES),
  gateway_probe: mapping,
  ...under("gateway_probe", { ...PROBE, interval: duration("30s", "100ms", "1h") }),
  carriers: names,
  "carriers.NAME.prefixes": list(number),
  "carriers.NAME.gateways": list(text()),
  max_call: duration("4h", "1m", "24h"),
  emergency: list(number),
  "emergency.numbers": list(number),
  "emergency.prefixes": list(number, ["0", "9"]),
  "emergency.reserve": count(0, 0, 1_000),
  "emergency.preempt": flag(false),
  // An hour is what PSAPs and the products around take for a call back.
  "emergency.callback": duration("60m", "0s", "24h"),
  "survival.answer": choice(302, [302, 380, "relay", "auto"]),
  "survival.notice": text("Survival activated - please stand by"),
  "survival.notice_hold": duration("1s", "0s", "30s"),
  inbound: ORDER,
  "inbound.order": ORDER,
  // As long as a phone's own call waits for upstream.
  "inbound.timer": duration("4s", "100ms", "32s"),
  outage_answers: names,
  "outage_answers.NAME": count(undefined, 200, 699),
  hunt_groups: names,
  "hunt_groups.NAME.members": list(uri),
  "hunt_groups.NAME.strategy": choice("parallel", ["parallel", "serial", "round-robin"]),
  "hunt_groups.NAME.decline": choice("member", ["member", "group"]),
  "hunt_groups.NAME.ring": duration("30s", "1s", "180s"),
  "hunt_groups.NAME.overflow": number,
  strangers: choice("auto", ["auto", "drop", "reject"]),
  limits: choice(undefined, ["none"]),
  // What a whole office behind one address may ask.
  "limits.per_source": choice(undefined, ["none"]),
  "limits.per_source.rate": count(200, 1, 100_000),
  "limits.per_source.burst": count(2_000, 1, 1_000_000),
  // More than an honest stranger ever asks.
  "limits.strangers": choice(undefined, ["none"]),
  "limits.strangers.rate": count(10, 1, 100_000),
  "limits.strangers.burst": count(50, 1, 1_000_000),
  state: restart(text("state")),
  "state.folder": restart(text("state")),
  // Flash wears out: five minutes of refreshes are all that a power cut may cost.
  "state.interval": duration("5m", "1s", "24h"),
  "dns.servers": list(text()),
  log: choice("info", ["error", "warn", "info", "debug"]),
} as const satisfies Record<string, Row>;

type Table = typeof KEYS;

/** Such as "upstream.probe.interval". */
export type Path = keyof Table;

type Above<P extends string> = P extends `${infer Head}.${infer Rest}` ? Head | `${Head}.${Above<Rest>}` : never;

/** What has keys below it: "" is the file itself. */
export type Branch = "" | Exclude<Above<Path>, `${string}.`>;

type Begin<B extends string> = B extends "" ? "" : `${B}.`;
type Head<Rest extends string> = Rest extends `${infer Key}.${string}` ? Key : Rest;
type Below<P extends string, B extends string> = P extends `${Begin<B>}${infer Rest}` ? Head<Rest> : never;

/** The keys of a mapping. */
export type KeyBelow<B extends Branch> = B extends Branch ? Below<Path, B> : never;

type Join<B extends Branch, K extends string> = B extends Branch ? Extract<Path, `${Begin<B>}${K}`> : never;
type RowBelow<B extends Branch, K extends string> = Table[Join<B, K>];

/** The keys of a mapping whose values are of one kind. */
export type KeyOfKind<B extends Branch, Kind extends Row["kind"]> = {
  [K in KeyBelow<B>]: [Join<B, K>] extends [never] ? never : RowBelow<B, K>["kind"] extends Kind ? K : never;
}[KeyBelow<B>];

/** What a row's value is once it is read, the default included: milliseconds for a duration. */
type ValueOf<R> =
  R extends ChoiceRow<infer C, infer D>
    ? C | (undefined extends D ? undefined : never)
    : R extends FlagRow
      ? boolean
      : R extends DurationRow<infer D>
        ? number | (D extends string ? never : undefined)
        : R extends CountRow<infer D>
          ? number | (D extends number ? never : undefined)
          : R extends TextRow<infer D>
            ? string | (D extends string ? never : undefined)
            : R extends ListRow<CountRow>
              ? readonly number[]
              : never;

export type Value<B extends Branch, K extends string> = ValueOf<RowBelow<B, K>>;

const PATHS = Object.keys(KEYS);

/** The keys of a mapping, in the order of the table. */
export function keysBelow<B extends Branch>(branch: B): KeyBelow<B>[] {
  const begin = beginOf(branch);
  const heads = PATHS.filter((path) => path.startsWith(begin)).map((path) => path.slice(begin.length).split(".")[0]);
  return [...new Set(heads)] as KeyBelow<B>[];
}

/** The row of a key within a mapping. @throws when there is none */
export function rowOf(branch: Branch, key: string): Row {
  const row: Row | undefined = (KEYS as Readonly<Record<string, Row>>)[beginOf(branch) + key];
  if (row === undefined) throw new Error(`no configuration key ${branch}.${key}`);
  return row;
}

/** Whether a change takes effect at a reload, or at the next start only. */
export function effectOf(path: Path): "live" | "restart" {
  const row: Row = KEYS[path];
  return row.effect ?? "live";
}

function beginOf(branch: Branch): string {
  return branch === "" ? "" : `${branch}.`;
}
