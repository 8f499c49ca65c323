/**
 * The sections of the file: another one is a line here. Each `load-*.ts` owns one: its keys, each in one row with what its value
 * may be, its default and whether a change needs a restart; the type of what is made of them; the loader; the words of the reference.
 *
 * In paths a dot stands for a mapping within, and NAME for a name that the administrator chooses. The keys of a list's items stand
 * below the list. A key with a value of its own and rows below it takes either: the value is the short form. Faults and the reference name
 * keys in the order of sections and rows.
 */
import { CLUSTER } from "./load-cluster.ts";
import { DNS } from "./load-dns.ts";
import { DRILL } from "./load-drill.ts";
import { EMERGENCY } from "./load-emergency.ts";
import { EVENTS } from "./load-events.ts";
import { EXTENSIONS } from "./load-extensions.ts";
import { GATEWAYS } from "./load-gateways.ts";
import { HEP } from "./load-hep.ts";
import { HOOKS } from "./load-hooks.ts";
import { HTTP } from "./load-http.ts";
import { HUNT_GROUPS } from "./load-hunt-groups.ts";
import { INBOUND } from "./load-inbound.ts";
import { INCLUDE } from "./load-include.ts";
import { JOURNAL } from "./load-journal.ts";
import { LIMITS } from "./load-limits.ts";
import { LISTEN } from "./load-listen.ts";
import { LOCALNET } from "./load-localnet.ts";
import { LOG } from "./load-log.ts";
import { NAMES } from "./load-names.ts";
import { OUTAGE_ANSWERS } from "./load-outage-answers.ts";
import { RECORDS } from "./load-records.ts";
import { REGISTRATION } from "./load-registration.ts";
import { SERVER_HEADER } from "./load-server-header.ts";
import { STATE } from "./load-state.ts";
import { STRANGERS } from "./load-strangers.ts";
import { SURVIVAL } from "./load-survival.ts";
import { TLS } from "./load-tls.ts";
import { UPSTREAM } from "./load-upstream.ts";
import type { AnySection } from "./section.ts";

/** What `Site` is made of, by its fields. */
export const SITE_SECTIONS = {
  names: NAMES,
  localnet: LOCALNET,
  upstream: UPSTREAM,
  registration: REGISTRATION,
  extensions: EXTENSIONS,
  gateways: GATEWAYS,
  emergency: EMERGENCY,
  survival: SURVIVAL,
  inbound: INBOUND,
  outageAnswers: OUTAGE_ANSWERS,
  huntGroups: HUNT_GROUPS,
  strangers: STRANGERS,
  limits: LIMITS,
};

/** All of them; those that aren't the site's are fields of `Config`. */
export const SECTIONS = {
  listeners: LISTEN,
  tls: TLS,
  ...SITE_SECTIONS,
  server_header: SERVER_HEADER,
  cluster: CLUSTER,
  http: HTTP,
  drill: DRILL,
  state: STATE,
  dnsServers: DNS,
  includes: INCLUDE,
  logLevel: LOG,
  journal: JOURNAL,
  events: EVENTS,
  hooks: HOOKS,
  records: RECORDS,
  hep: HEP,
};

type Sections = typeof SECTIONS;

/** What the sections have become, by field. */
export type Parts = { readonly [N in keyof Sections]: ReturnType<Sections[N]["load"]> };

type Joined<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;

/** The rows of all sections. */
export const KEYS = joined(SECTIONS);

/** Such as "upstream.probe.interval". */
export type Path = keyof typeof KEYS & string;

function joined<S extends Readonly<Record<string, AnySection>>>(sections: S) {
  return Object.assign({}, ...Object.values(sections).map(({ keys }) => keys)) as Joined<S[keyof S]["keys"]>;
}
