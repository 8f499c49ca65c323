/** The configuration file: YAML text → Config, or every fault in it. */
import { IpRange, IpRanges, ipVersion } from "../base/ip-range.ts";
import type { LogLevel } from "../io/node/log.ts";
import { hostText, parseSipUri, SIP_PORT, type SipUri, splitHostPort, uriPort } from "../message/uri.ts";
import type { Gateway, HuntGroup, ProbeSettings, Site, SurvivalSettings, UpstreamSettings } from "../policy/site.ts";
import type { Listener } from "../transport/flow.ts";
import { type Config, FR_TIMER_ms, HOLD_MAX_ms, HOLD_ms, PROBE, RING_ms, STATE_FOLDER, SURVIVAL } from "./config.ts";
import { loadRegistration } from "./load-registration.ts";
import { type Fields, type Place, type Problem, Reader } from "./reader.ts";

export type Loaded = { readonly config: Config; readonly problems: readonly Problem[] };

const KEYS = [
  "listen",
  "localnet",
  "upstream",
  "registration",
  "gateways",
  "survival",
  "hunt_groups",
  "strangers",
  "state",
  "log",
];
const SECOND_ms = 1_000;
const HOUR_ms = 3_600_000;

/**
 * @param resolvePath makes a path of the file absolute
 * @returns the configuration is usable only when there are no problems
 */
export function loadConfig(text: string, resolvePath: (path: string) => string): Loaded {
  const reader = new Reader();
  const root = reader.parse(text);
  const fields = root === undefined ? undefined : reader.fields(root, KEYS);
  const config = new ConfigLoader(reader).load(fields, resolvePath);
  const problems = [...reader.problems].sort((a, b) => a.line - b.line || a.column - b.column);
  return { config, problems };
}

class ConfigLoader {
  private readonly reader: Reader;

  constructor(reader: Reader) {
    this.reader = reader;
  }

  load(fields: Fields | undefined, resolvePath: (path: string) => string): Config {
    const listeners = this.listeners(fields);
    const site = this.site(fields);
    if (fields !== undefined) this.crossCheck(fields, listeners, site);
    const state = this.optional(fields, "state", (place) => this.reader.text(place, "the path of a folder"));
    const levels: readonly LogLevel[] = ["error", "warn", "info", "debug"];
    return {
      listeners,
      site,
      stateFolder: resolvePath(state ?? STATE_FOLDER),
      logLevel: this.optional(fields, "log", (place) => this.reader.choice(place, levels)) ?? "info",
    };
  }

  private site(fields: Fields | undefined): Site {
    const strangers = ["auto", "drop", "reject"] as const;
    return {
      localnet: new IpRanges(
        this.required(fields, "localnet", "[10.222.237.0/24]", (place) => this.localnet(place)) ?? [],
      ),
      upstream: this.upstream(fields?.get("upstream")),
      registration: loadRegistration(this.reader, fields?.get("registration")),
      gateways: this.optional(fields, "gateways", (place) => this.gateways(place)) ?? [],
      survival: this.survival(fields?.get("survival")),
      huntGroups: this.optional(fields, "hunt_groups", (place) => this.huntGroups(place)) ?? [],
      strangers: this.optional(fields, "strangers", (place) => this.reader.choice(place, strangers)) ?? "auto",
    };
  }

  private listeners(fields: Fields | undefined): Listener[] {
    const places =
      this.required(fields, "listen", "[udp:10.222.237.1:5060]", (place) => this.reader.items(place)) ?? [];
    const listen = fields?.get("listen");
    if (listen !== undefined && places.length === 0) {
      this.reader.fault(listen, "is empty; name this router's own addresses, such as [udp:10.222.237.1:5060]");
    }
    const listeners: Listener[] = [];
    for (const place of places) {
      const listener = this.listener(place, listeners.length);
      if (listener === undefined) continue;
      if (listeners.some((one) => one.address === listener.address && one.port === listener.port)) {
        this.reader.fault(place, "is listed twice; remove one");
      } else {
        listeners.push(listener);
      }
    }
    return listeners;
  }

  private listener(place: Place, index: number): Listener | undefined {
    let address = place;
    let advertise: string | undefined;
    if (this.reader.isMapping(place)) {
      const fields = this.reader.fields(place, ["address", "advertise"]);
      const given = this.required(fields, "address", "udp:10.222.237.1:5060", (found) => found);
      if (given === undefined) return undefined;
      address = given;
      advertise = this.optional(fields, "advertise", (found) => this.advertised(found));
    }
    const expected = "a transport and one of this router's own addresses, such as udp:10.222.237.1:5060";
    const text = this.reader.text(address, expected);
    if (text === undefined) return undefined;
    const local = text.startsWith("udp:") ? splitHostPort(text.slice(4)) : undefined;
    if (local === undefined || ipVersion(local.host) === 0) {
      this.reader.fault(address, `"${text}" must be ${expected}`);
      return undefined;
    }
    if (local.host === "0.0.0.0" || local.host === "::") {
      this.reader.fault(
        address,
        `"${text}" is every address; list this router's own addresses one by one, LAN and WAN`,
      );
      return undefined;
    }
    const port = local.port ?? SIP_PORT;
    return {
      index,
      protocol: "udp",
      address: local.host,
      port,
      sentBy: advertise ?? `${hostText(local.host)}:${port}`,
    };
  }

  private advertised(place: Place): string | undefined {
    const text = this.reader.text(place, "an address or address:port, such as 203.0.113.2:5060");
    if (text === undefined) return undefined;
    if (splitHostPort(text) !== undefined) return text;
    this.reader.fault(place, `"${text}" must be an address or address:port, such as 203.0.113.2:5060`);
    return undefined;
  }

  private localnet(place: Place): IpRange[] {
    const ranges: IpRange[] = [];
    for (const item of this.reader.items(place)) {
      const text = this.reader.text(item, "a network, such as 10.222.237.0/24");
      if (text === undefined) continue;
      const range = IpRange.parse(text);
      if (range === undefined) {
        this.reader.fault(item, `"${text}" is not a network; write address/length, such as 10.222.237.0/24`);
        continue;
      }
      const other = ranges.find((one) => one.overlaps(range));
      if (other !== undefined) this.reader.fault(item, `${text} overlaps ${other.text}; keep the larger one`);
      ranges.push(range);
    }
    if (ranges.length === 0 && this.reader.items(place).length === 0) {
      this.reader.fault(
        place,
        "is empty, so no phone would be served; name the phones' network, such as [10.222.237.0/24]",
      );
    }
    return ranges;
  }

  private upstream(place: Place | undefined): UpstreamSettings {
    const { reader } = this;
    const isLong = place !== undefined && reader.isMapping(place);
    const fields = isLong ? reader.fields(place, ["targets", "fr_timer", "probe", "hold", "hold_max"]) : undefined;
    const targets = isLong ? fields?.get("targets") : place;
    const hold_ms = this.duration(fields, "hold", 0, HOUR_ms) ?? HOLD_ms;
    const hold_max_ms = this.duration(fields, "hold_max", 0, 24 * HOUR_ms) ?? Math.max(HOLD_MAX_ms, hold_ms);
    if (hold_max_ms < hold_ms && fields !== undefined) {
      this.reader.fault(fields.get("hold_max") ?? fields.place, "must not be shorter than hold");
    }
    return {
      targets: targets === undefined ? [] : this.uris(targets, "sip:pbx.example.com"),
      fr_timer_ms: this.duration(fields, "fr_timer", 100, 32 * SECOND_ms) ?? FR_TIMER_ms,
      probe: this.probe(fields?.get("probe")),
      hold_ms,
      hold_max_ms,
    };
  }

  private probe(place: Place | undefined): ProbeSettings {
    const keys = ["interval", "suspect_interval", "down_interval", "timeout", "failures", "successes"];
    const fields = place === undefined ? undefined : this.reader.fields(place, keys);
    const count = (key: string) => this.optional(fields, key, (found) => this.reader.count(found, 1, 100));
    return {
      interval_ms: this.duration(fields, "interval", 100, HOUR_ms) ?? PROBE.interval_ms,
      suspect_interval_ms: this.duration(fields, "suspect_interval", 100, HOUR_ms) ?? PROBE.suspect_interval_ms,
      down_interval_ms: this.duration(fields, "down_interval", 100, HOUR_ms) ?? PROBE.down_interval_ms,
      timeout_ms: this.duration(fields, "timeout", 100, 32 * SECOND_ms) ?? PROBE.timeout_ms,
      failures: count("failures") ?? PROBE.failures,
      successes: count("successes") ?? PROBE.successes,
    };
  }

  private gateways(place: Place): Gateway[] {
    const gateways: Gateway[] = [];
    for (const item of this.reader.items(place)) {
      const isLong = this.reader.isMapping(item);
      const fields = isLong ? this.reader.fields(item, ["uri"]) : undefined;
      const where = isLong ? this.required(fields, "uri", "sip:10.10.1.3", (found) => found) : item;
      const uri = where === undefined ? undefined : this.uri(where, "sip:10.10.1.3");
      if (uri === undefined || where === undefined) continue;
      if (ipVersion(uri.host) === 0) {
        this.reader.fault(
          where,
          `"${uri.text}" must name the gateway by its IP address: DNS is gone when it is needed`,
        );
      } else if (gateways.some((one) => one.uri.host === uri.host && uriPort(one.uri) === uriPort(uri))) {
        this.reader.fault(where, `${uri.text} is listed twice; remove one`);
      } else {
        gateways.push({ uri });
      }
    }
    return gateways;
  }

  private survival(place: Place | undefined): SurvivalSettings {
    const { reader } = this;
    const fields = place === undefined ? undefined : reader.fields(place, ["answer", "notice", "notice_hold"]);
    const answers = [302, 380, "relay"] as const;
    const notice = this.optional(fields, "notice", (found) => this.phrase(found));
    return {
      answer: this.optional(fields, "answer", (found) => reader.choice(found, answers)) ?? SURVIVAL.answer,
      notice: notice ?? SURVIVAL.notice,
      notice_hold_ms: this.duration(fields, "notice_hold", 0, 30 * SECOND_ms) ?? SURVIVAL.notice_hold_ms,
    };
  }

  private huntGroups(place: Place): HuntGroup[] {
    return this.reader.entries(place).map((entry) => {
      const fields = this.reader.fields(entry.place, ["members", "strategy", "ring"]);
      this.optional(fields, "strategy", (found) => this.reader.choice(found, ["parallel"] as const));
      const members = this.required(fields, "members", "[sip:201@10.222.237.21]", (found) => {
        const uris = this.uris(found, "sip:201@10.222.237.21");
        if (this.reader.items(found).length === 0) this.reader.fault(found, "is empty; name at least one phone");
        return uris;
      });
      const ring_ms = this.duration(fields, "ring", SECOND_ms, 180 * SECOND_ms) ?? RING_ms;
      return { name: entry.key, members: members ?? [], ring_ms };
    });
  }

  /** What no single value shows. */
  private crossCheck(fields: Fields, listeners: readonly Listener[], site: Site): void {
    const isOurs = (uri: SipUri) => listeners.some((one) => one.address === uri.host && one.port === uriPort(uri));
    const roles: [string, readonly SipUri[]][] = [
      ["upstream", site.upstream.targets],
      ["gateways", site.gateways.map((gateway) => gateway.uri)],
    ];
    for (const [key, uris] of roles) {
      for (const uri of uris) {
        const place = fields.get(key);
        if (place !== undefined && isOurs(uri))
          this.reader.fault(place, `${uri.text} is branchline itself, see listen`);
      }
    }
    for (const { uri } of site.gateways) {
      const place = fields.get("gateways");
      if (place !== undefined && site.upstream.targets.some((target) => target.host === uri.host)) {
        this.reader.fault(
          place,
          `${uri.text} is upstream too; the gateway must be another device, reachable without the WAN`,
        );
      }
    }
  }

  private uris(place: Place, example: string): SipUri[] {
    const uris: SipUri[] = [];
    for (const item of this.reader.items(place)) {
      const uri = this.uri(item, example);
      if (uri !== undefined) uris.push(uri);
    }
    return uris;
  }

  private uri(place: Place, example: string): SipUri | undefined {
    const text = this.reader.text(place, `a SIP URI, such as ${example}`);
    if (text === undefined) return undefined;
    const uri = parseSipUri(text);
    if (uri === undefined || uri.scheme !== "sip") {
      this.reader.fault(place, `"${text}" is not a SIP URI; write it like ${example}`);
      return undefined;
    }
    return uri;
  }

  /** A reason phrase: one line. */
  private phrase(place: Place): string | undefined {
    const text = this.reader.text(place, "a text of one line");
    if (text !== undefined && /[\r\n]/.test(text)) {
      this.reader.fault(place, "must be one line: it becomes the reason phrase of the 181");
      return undefined;
    }
    return text;
  }

  private duration(fields: Fields | undefined, key: string, least_ms: number, most_ms: number): number | undefined {
    return this.optional(fields, key, (place) => this.reader.duration_ms(place, least_ms, most_ms));
  }

  private optional<T>(fields: Fields | undefined, key: string, read: (place: Place) => T): T | undefined {
    const place = fields?.get(key);
    return place === undefined ? undefined : read(place);
  }

  private required<T>(
    fields: Fields | undefined,
    key: string,
    example: string,
    read: (place: Place) => T,
  ): T | undefined {
    const place = fields?.get(key);
    if (place !== undefined) return read(place);
    if (fields !== undefined) this.reader.fault(fields.place, `lacks ${key}; add "${key}: ${example}"`);
    return undefined;
  }
}
