/** The configuration file: YAML text → Config, or every fault in it. */
import type { SipUri } from "../../message/uri.ts";
import { ownNumbers } from "../../policy/numbers/own-numbers.ts";
import type { Site } from "../../policy/site.ts";
import { defaultPort, type Listener } from "../../transport/flow.ts";
import { hopOf } from "../../transport/locator.ts";
import type { Config } from "./config.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { lastingParts } from "./lasting.ts";
import { checkAnycast, refuseAnycast } from "./load-anycast.ts";
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
import type { Sources } from "./sources.ts";
import { writtenKeys } from "./written.ts";

type Top = Fields<typeof KEYS, "">;

export type Loaded = {
  readonly config: Config;
  readonly problems: readonly Problem[];
  /** What is no fault, but may not be meant so. */
  readonly hints: readonly Problem[];
  /** The text of a file that says the same without variables and other files; the text itself where it has neither, or has faults. */
  readonly effective: string;
  /** The same without comments, and with all secrets hidden or not. @throws where aliases make it too long */
  readonly printed: (isMasked: boolean) => string;
  /** Names of the variables that the file has. */
  readonly variables: ReadonlySet<string>;
};

/**
 * @param resolvePath makes a path of the file absolute
 * @param tlsFault why the files that `tls` names can't serve
 * @param interfaces this router's; others, and addresses that none of them has, are warned of
 * @param certificateNames the names in a certificate of ours
 * @param hasTls whether this build of the program can speak TLS
 * @param secretFault why the secret of a pair can't serve
 * @param sources variables, and the files that this one includes
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
  sources?: Sources,
): Loaded {
  const reader = new Reader(Object.keys(KEYS));
  const fields = fieldsOf(reader, reader.parse(text, sources), KEYS, "");
  const config = assemble(reader, fields, {
    resolvePath,
    tlsFault,
    interfaces,
    certificateNames,
    hasTls,
    secretFault,
  });
  const { problems, hints } = reader;
  const effective = problems.length > 0 || !reader.isComposed ? text : wholeText(reader);
  const printed = (isMasked: boolean) => reader.effective(isMasked);
  return {
    config,
    problems: inFileOrder(problems),
    hints: inFileOrder(hints),
    effective,
    printed,
    variables: reader.variables,
  };
}

function wholeText(reader: Reader): string {
  try {
    return reader.effective(false);
  } catch {
    const message = "is too long with all that its aliases stand for; write out what they repeat, or less of it";
    reader.problems.push({ line: 1, column: 1, path: "", message });
    return "";
  }
}

/** Those of the file itself first. */
function inFileOrder(found: readonly Problem[]): Problem[] {
  const files = [...new Set(["", ...found.map(({ file = "" }) => file)])];
  const fileOf = ({ file = "" }: Problem) => files.indexOf(file);
  return [...found].sort((a, b) => fileOf(a) - fileOf(b) || a.line - b.line || a.column - b.column);
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
    if (cluster?.mode === "anycast") {
      checkAnycast(reader, fields, { listeners, cluster, site, http, interfaces: surroundings.interfaces });
    } else {
      // Of a cluster that can't be read nothing is known.
      if (cluster !== undefined || fields.get("cluster") === undefined) refuseAnycast(reader, fields, listeners);
      checkCopies(reader, fields, listeners, site, cluster);
      checkTransports(reader, fields, listeners, tls, site, surroundings.hasTls);
    }
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
