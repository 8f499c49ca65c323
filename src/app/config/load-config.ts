/** The configuration file: YAML text → Config, or every fault in it. */
import type { SipUri } from "../../message/uri.ts";
import { ownNumbers } from "../../policy/numbers/own-numbers.ts";
import type { Site } from "../../policy/site.ts";
import { defaultPort, type Listener } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { Config } from "./config.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { lastingParts } from "./lasting.ts";
import { checkCluster } from "./load-cluster.ts";
import { checkEmergency } from "./load-emergency.ts";
import { checkHttp } from "./load-http.ts";
import { checkNames } from "./load-names.ts";
import { checkCopies } from "./load-registration.ts";
import { checkTransports } from "./load-tls.ts";
import { hintAtDialOut } from "./load-upstream.ts";
import { type Problem, Reader } from "./reader.ts";
import type { AnySection, Surroundings } from "./section.ts";
import { KEYS, type Parts, SECTIONS, SITE_SECTIONS } from "./sections.ts";
import { writtenKeys } from "./written.ts";

type Top = Fields<typeof KEYS, "">;

export type Loaded = {
  readonly config: Config;
  readonly problems: readonly Problem[];
  /** What is no fault, but may not be meant so. */
  readonly hints: readonly Problem[];
};

/**
 * @param resolvePath makes a path of the file absolute
 * @param tlsFault why the files that `tls` names can't serve
 * @param interfaces this router's; others, and addresses that none of them has, are warned of
 * @param certificateNames the names in a certificate of ours
 * @param hasTls whether this build of the program can speak TLS
 * @param secretFault why the secret of a pair can't serve
 * @returns the configuration is usable only when there are no problems
 */
export function loadConfig(
  text: string,
  resolvePath: Surroundings["resolvePath"],
  tlsFault: Surroundings["tlsFault"] = () => undefined,
  interfaces?: Surroundings["interfaces"],
  certificateNames: Surroundings["certificateNames"] = () => [],
  hasTls: Surroundings["hasTls"] = true,
  secretFault: Surroundings["secretFault"] = () => undefined,
): Loaded {
  const reader = new Reader(Object.keys(KEYS));
  const fields = fieldsOf(reader, reader.parse(text), KEYS, "");
  const config = assemble(reader, fields, {
    resolvePath,
    tlsFault,
    interfaces,
    certificateNames,
    hasTls,
    secretFault,
  });
  return { config, problems: inFileOrder(reader.problems), hints: inFileOrder(reader.hints) };
}

function inFileOrder(found: readonly Problem[]): Problem[] {
  return [...found].sort((a, b) => a.line - b.line || a.column - b.column);
}

function assemble(reader: Reader, fields: Top, surroundings: Surroundings): Config {
  const parts = loadParts(reader, fields, surroundings);
  const { listeners, tls, cluster, http } = parts;
  const certificateNames = tls === undefined ? [] : surroundings.certificateNames(tls.certificate);
  const { gateways, ...ways } = partsWhere(parts, isOfSite) as SiteParts;
  const described = { ...ways, ...gateways, certificateNames };
  const site: Site = { ...described, ownNumbers: ownNumbers(described) };
  if (surroundings.interfaces !== undefined) hintAtDialOut(reader, fields, site);
  if (!reader.isDamaged) {
    crossCheck(reader, fields, listeners, site);
    checkCluster(reader, fields, listeners, cluster);
    checkHttp(reader, fields, listeners, http, site);
    checkCopies(reader, fields, listeners, site, cluster);
    checkTransports(reader, fields, listeners, tls, site, surroundings.hasTls);
  }
  const others = partsWhere(parts, (name) => !isOfSite(name)) as Omit<Parts, keyof SiteParts>;
  return { ...others, site, written: writtenKeys(reader.plain()), lasting: lastingParts(SECTIONS, parts) };
}

function loadParts(reader: Reader, fields: Top, surroundings: Surroundings): Parts {
  const sections: Readonly<Record<string, AnySection>> = SECTIONS;
  const found: Record<string, unknown> = {};
  // A section reads its own keys of the file's: its type says no more.
  for (const [name, { load }] of Object.entries(sections)) found[name] = load(reader, fields as never, surroundings);
  return found as Parts;
}

type SiteParts = Pick<Parts, keyof typeof SITE_SECTIONS>;

function isOfSite(name: string): boolean {
  return name in SITE_SECTIONS;
}

function partsWhere(parts: Parts, isWanted: (name: string) => boolean) {
  return Object.fromEntries(Object.entries(parts).filter(([name]) => isWanted(name)));
}

/** What no single value shows. */
function crossCheck(reader: Reader, fields: Top, listeners: readonly Listener[], site: Site): void {
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
