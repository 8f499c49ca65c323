/** The configuration file: YAML text → Config, or every fault in it. */
import { IpRanges } from "../../base/ip-range.ts";
import type { SipUri } from "../../message/uri.ts";
import type { Site } from "../../policy/site.ts";
import { defaultPort, type Listener } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { Config } from "./config.ts";
import { type Fields, fieldsOf, hasKey, longFormOf } from "./fields.ts";
import { loadDns } from "./load-dns.ts";
import { checkEmergency, loadEmergency } from "./load-emergency.ts";
import { loadExtensions } from "./load-extensions.ts";
import { loadGatewayProbe, loadGatewaySettings, loadGateways } from "./load-gateways.ts";
import { loadLimits } from "./load-limits.ts";
import { loadListeners, loadLocalnet } from "./load-listen.ts";
import { checkNames, loadNames } from "./load-names.ts";
import { loadRegistration } from "./load-registration.ts";
import { loadHuntGroups, loadInbound, loadOutageAnswers, loadSurvival } from "./load-survival.ts";
import { checkTransports, loadTls, type Surroundings } from "./load-tls.ts";
import { loadUpstream } from "./load-upstream.ts";
import { type Place, type Problem, Reader } from "./reader.ts";
import { writtenKeys } from "./written.ts";

export type Loaded = {
  readonly config: Config;
  readonly problems: readonly Problem[];
  /** What is no fault, but may not be meant so. */
  readonly hints: readonly Problem[];
};

/**
 * @param resolvePath makes a path of the file absolute
 * @param tlsFault why the files that `tls` names can't serve
 * @param interfaces names of this router's; those that aren't among them are hinted at
 * @param certificateNames the names in a certificate of ours
 * @returns the configuration is usable only when there are no problems
 */
export function loadConfig(
  text: string,
  resolvePath: Surroundings["resolvePath"],
  tlsFault: Surroundings["tlsFault"] = () => undefined,
  interfaces?: Surroundings["interfaces"],
  certificateNames: Surroundings["certificateNames"] = () => [],
): Loaded {
  const reader = new Reader();
  const fields = fieldsOf(reader, reader.parse(text), "");
  const config = assemble(reader, fields, { resolvePath, tlsFault, interfaces, certificateNames });
  return { config, problems: inFileOrder(reader.problems), hints: inFileOrder(reader.hints) };
}

function inFileOrder(found: readonly Problem[]): Problem[] {
  return [...found].sort((a, b) => a.line - b.line || a.column - b.column);
}

function assemble(reader: Reader, fields: Fields<"">, surroundings: Surroundings): Config {
  const listeners = loadListeners(reader, fields, surroundings.interfaces);
  const tls = loadTls(reader, fields.get("tls"), surroundings);
  const site = loadSite(reader, fields, tls === undefined ? [] : surroundings.certificateNames(tls.certificate));
  if (surroundings.interfaces !== undefined) hintAtDialOut(reader, fields, site);
  crossCheck(reader, fields, listeners, site);
  checkTransports(reader, fields, listeners, tls, site);
  const state = loadState(reader, fields.get("state"));
  return {
    listeners,
    tls,
    site,
    stateFolder: surroundings.resolvePath(state.folder),
    stateInterval_ms: state.interval_ms,
    logLevel: fields.choice("log"),
    dnsServers: loadDns(reader, fields.get("dns")),
    written: writtenKeys(reader.plain()),
  };
}

function loadState(reader: Reader, place: Place | undefined): { folder: string; interval_ms: number } {
  const read = (found: Place) => reader.text(found, "the path of a folder");
  const fields = longFormOf(reader, place, "state");
  const shortForm = place === undefined || fields.isThere ? undefined : read(place);
  return { folder: shortForm ?? fields.text("folder", read), interval_ms: fields.duration_ms("interval") };
}

function loadSite(reader: Reader, fields: Fields<"">, certificateNames: readonly string[]): Site {
  const gatewayProbe = loadGatewayProbe(reader, fields);
  const gateways = fields.optional("gateways", (place) => loadGateways(reader, place, gatewayProbe)) ?? [];
  return {
    names: fields.optional("names", (place) => loadNames(reader, place)) ?? [],
    certificateNames,
    localnet: new IpRanges(
      fields.required("localnet", "[10.222.237.0/24]", (place) => loadLocalnet(reader, place)) ?? [],
    ),
    upstream: loadUpstream(reader, fields.get("upstream")),
    registration: loadRegistration(reader, fields.get("registration")),
    extensions: loadExtensions(reader, fields.get("extensions")),
    gateways,
    gatewaySettings: loadGatewaySettings(reader, fields, gateways, gatewayProbe),
    emergency: loadEmergency(reader, fields.get("emergency")),
    survival: loadSurvival(reader, fields.get("survival")),
    inbound: loadInbound(reader, fields.get("inbound")),
    outageAnswers: fields.optional("outage_answers", (place) => loadOutageAnswers(reader, place)) ?? new Map(),
    huntGroups: fields.optional("hunt_groups", (place) => loadHuntGroups(reader, place)) ?? [],
    strangers: fields.choice("strangers"),
    limits: loadLimits(reader, fields.get("limits")),
  };
}

/** Whether upstream may dial out is for the file to say: it could, before there was a key for it. */
function hintAtDialOut(reader: Reader, fields: Fields<"">, { gateways, upstream }: Site): void {
  const place = fields.get("upstream");
  if (place === undefined || gateways.length === 0 || upstream.targets.length === 0) return;
  if (hasKey(reader, place, "upstream", "may_dial_out")) return;
  const cure = "add may_dial_out: true where headquarters calls out through it, else false";
  const message = `doesn't say whether upstream may use the gateway: its calls there get 403 now; ${cure} (upstream: {targets: […], may_dial_out: …})`;
  reader.fault(place, message, reader.hints);
}

/** What no single value shows. */
function crossCheck(reader: Reader, fields: Fields<"">, listeners: readonly Listener[], site: Site): void {
  checkEmergency(reader, fields, site);
  checkNames(reader, fields, site);
  const isOurs = (uri: SipUri) => {
    const port = uri.port ?? defaultPort(hopOf(uri).protocol ?? "udp");
    return listeners.some((one) => one.address === uri.host && one.port === port);
  };
  const roles: ["upstream" | "gateways", readonly SipUri[]][] = [
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
