/** The configuration file: YAML text → Config, or every fault in it. */
import { IpRanges } from "../../base/ip-range.ts";
import type { LogLevel } from "../../io/node/log.ts";
import type { SipUri } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import { defaultPort, type Listener } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import { type Config, STATE_FOLDER, STATE_INTERVAL_ms } from "./config.ts";
import { loadDns } from "./load-dns.ts";
import { checkEmergency, loadEmergency } from "./load-emergency.ts";
import { loadExtensions } from "./load-extensions.ts";
import { loadGatewaySettings, loadGateways } from "./load-gateways.ts";
import { loadLimits } from "./load-limits.ts";
import { loadListeners, loadLocalnet } from "./load-listen.ts";
import { loadRegistration } from "./load-registration.ts";
import { loadHuntGroups, loadInbound, loadOutageAnswers, loadSurvival } from "./load-survival.ts";
import { checkTransports, loadTls, type Surroundings } from "./load-tls.ts";
import { loadUpstream } from "./load-upstream.ts";
import { type Fields, HOUR_ms, type Place, type Problem, Reader, SECOND_ms } from "./reader.ts";

export type Loaded = {
  readonly config: Config;
  readonly problems: readonly Problem[];
  /** What is no fault, but may not be meant so. */
  readonly hints: readonly Problem[];
};

const KEYS = [
  "listen",
  "tls",
  "localnet",
  "upstream",
  "registration",
  "extensions",
  "gateways",
  "gateway_choice",
  "gateway_probe",
  "carriers",
  "max_call",
  "emergency",
  "survival",
  "inbound",
  "outage_answers",
  "hunt_groups",
  "strangers",
  "limits",
  "state",
  "dns",
  "log",
];

/**
 * @param resolvePath makes a path of the file absolute
 * @param tlsFault why the files that `tls` names can't serve
 * @param interfaces names of this router's; those that aren't among them are hinted at
 * @returns the configuration is usable only when there are no problems
 */
export function loadConfig(
  text: string,
  resolvePath: Surroundings["resolvePath"],
  tlsFault: Surroundings["tlsFault"] = () => undefined,
  interfaces?: Surroundings["interfaces"],
): Loaded {
  const reader = new Reader();
  const root = reader.parse(text);
  const fields = root === undefined ? undefined : reader.fields(root, KEYS);
  const config = assemble(reader, fields, { resolvePath, tlsFault, interfaces });
  const problems = [...reader.problems].sort((a, b) => a.line - b.line || a.column - b.column);
  return { config, problems, hints: reader.hints };
}

function assemble(reader: Reader, fields: Fields | undefined, surroundings: Surroundings): Config {
  const listeners = loadListeners(reader, fields, surroundings.interfaces);
  const site = loadSite(reader, fields);
  const tls = loadTls(reader, fields?.get("tls"), surroundings);
  if (fields !== undefined) {
    crossCheck(reader, fields, listeners, site);
    checkTransports(reader, fields, listeners, tls, site);
  }
  const state = loadState(reader, fields?.get("state"));
  const levels: readonly LogLevel[] = ["error", "warn", "info", "debug"];
  return {
    listeners,
    tls,
    site,
    stateFolder: surroundings.resolvePath(state.folder),
    stateInterval_ms: state.interval_ms,
    logLevel: reader.optional(fields, "log", (place) => reader.choice(place, levels)) ?? "info",
    dnsServers: reader.optional(fields, "dns", (place) => loadDns(reader, place)) ?? [],
  };
}

function loadState(reader: Reader, place: Place | undefined): { folder: string; interval_ms: number } {
  const read = (found: Place) => reader.text(found, "the path of a folder");
  if (place === undefined || !reader.isMapping(place)) {
    return { folder: (place && read(place)) ?? STATE_FOLDER, interval_ms: STATE_INTERVAL_ms };
  }
  const fields = reader.fields(place, ["folder", "interval"]);
  return {
    folder: reader.optional(fields, "folder", read) ?? STATE_FOLDER,
    interval_ms: reader.duration(fields, "interval", SECOND_ms, 24 * HOUR_ms) ?? STATE_INTERVAL_ms,
  };
}

function loadSite(reader: Reader, fields: Fields | undefined): Site {
  const gateways = reader.optional(fields, "gateways", (place) => loadGateways(reader, place)) ?? [];
  const strangers = ["auto", "drop", "reject"] as const;
  return {
    localnet: new IpRanges(
      reader.required(fields, "localnet", "[10.222.237.0/24]", (place) => loadLocalnet(reader, place)) ?? [],
    ),
    upstream: loadUpstream(reader, fields?.get("upstream")),
    registration: loadRegistration(reader, fields?.get("registration")),
    extensions: loadExtensions(reader, fields?.get("extensions")),
    gateways,
    gatewaySettings: loadGatewaySettings(reader, fields, gateways),
    emergency: loadEmergency(reader, fields?.get("emergency")),
    survival: loadSurvival(reader, fields?.get("survival")),
    inbound: loadInbound(reader, fields?.get("inbound")),
    outageAnswers: reader.optional(fields, "outage_answers", (place) => loadOutageAnswers(reader, place)) ?? new Map(),
    huntGroups: reader.optional(fields, "hunt_groups", (place) => loadHuntGroups(reader, place)) ?? [],
    strangers: reader.optional(fields, "strangers", (place) => reader.choice(place, strangers)) ?? "auto",
    limits: loadLimits(reader, fields?.get("limits")),
  };
}

/** What no single value shows. */
function crossCheck(reader: Reader, fields: Fields, listeners: readonly Listener[], site: Site): void {
  checkEmergency(reader, fields, site);
  const isOurs = (uri: SipUri) => {
    const port = uri.port ?? defaultPort(hopOf(uri).protocol ?? "udp");
    return listeners.some((one) => one.address === uri.host && one.port === port);
  };
  const roles: [string, readonly SipUri[]][] = [
    ["upstream", site.upstream.targets],
    ["gateways", site.gateways.map((gateway) => gateway.uri)],
  ];
  for (const [key, uris] of roles) {
    for (const uri of uris) {
      const place = fields.get(key);
      if (place !== undefined && isOurs(uri)) reader.fault(place, `${uri.text} is branchline itself, see listen`);
    }
  }
  for (const { uri } of site.gateways) {
    const place = fields.get("gateways");
    if (place !== undefined && site.upstream.targets.some((target) => target.host === uri.host)) {
      reader.fault(place, `${uri.text} is upstream too; the gateway must be another device, reachable without the WAN`);
    }
  }
}
